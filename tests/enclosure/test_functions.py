"""What functions rest on: slopes and sizes in the complex plane, by ball arithmetic."""

import itertools
import math

import flint
import pytest
import torch
from flint import acb, arb, ctx
from function_facts import FACTS, POSITIVE, STRIPS, cumulative, density
from random_models import random_model

from varexp.enclosure.functions import atan, erf, exp, gelu, sin, softplus, tanh
from varexp.enclosure.powers import log, power


@pytest.fixture(autouse=True)
def _precision():
    with ctx.workprec(200):
        yield


def ball(left, right):
    """The interval [left, right]."""
    return arb((left + right) / 2, (right - left) / 2)


def proves(f, slope, bound, left, right, least=1e-7):
    """|f| <= bound on [left, right], by mean value forms on ever smaller pieces. False if a piece resists."""
    pieces = [(left, right)]
    while pieces:
        low, high = pieces.pop()
        x, middle = ball(low, high), arb((low + high) / 2)
        value = f(middle) + slope(x) * (x - middle)
        if abs(value) <= bound:
            continue
        if high - low < least:
            return False
        middle = (low + high) / 2
        pieces += [(low, middle), (middle, high)]
    return True


WIDTHS = (1e-9, 1e-3, 0.3, 2.0)


def intervals(name, count=120):
    """Middles and radii of every size, away from 0 for functions that have to be."""
    source = torch.Generator().manual_seed(3)

    def draw():
        return torch.rand(count, dtype=torch.float64, generator=source)

    c = draw() * 12 - 6
    D = draw() * torch.tensor(WIDTHS, dtype=torch.float64).repeat(count // len(WIDTHS))
    return (c.abs() + D + 0.01, D) if name in POSITIVE else (c, D)


@pytest.mark.parametrize("name", FACTS)
def test_slopes_are_enclosed(name):
    f, _, slope = FACTS[name]
    c, D = intervals(name)
    low, high = f.slope_range(c - D, c + D)
    for share in (-1.0, -0.6, 0.0, 0.3, 1.0):
        for left, right, at, least, most in zip(
            (c - D).tolist(), (c + D).tolist(), (c + share * D).tolist(), low.tolist(), high.tolist(), strict=True
        ):
            value = slope(arb(min(max(at, left), right)))
            assert arb(least) <= value
            assert value <= arb(most)
    if name != "gelu":  # whose bounds are coarse
        assert float((high - low)[D < 1e-8].max()) < 1e-5


@pytest.mark.parametrize("name", FACTS)
def test_sizes_in_the_complex_plane_are_bounded(name):
    f, value, _ = FACTS[name]
    c, D = intervals(name)
    U = D * 0.7 + 1e-6
    H = torch.minimum(U, torch.tensor(STRIPS.get(name, 1.5), dtype=torch.float64))
    bounds = f.complex_variation(c, U, H).tolist()
    nearest = math.inf
    for centre, u, h, bound in zip(c.tolist(), U.tolist(), H.tolist(), bounds, strict=True):
        for angle in (0.0, 0.4, math.pi / 2, 2.0, math.pi, 4.0, -math.pi / 2):
            x, y = u * math.cos(angle), u * math.sin(angle)
            y = max(-h, min(h, y))
            off = abs(value(acb(centre + x * (1 - 1e-9), y * (1 - 1e-9))) - value(acb(centre)))
            assert off <= arb(bound), (name, centre, u, h)
            nearest = min(nearest, bound / max(float(off), 1e-300))
    assert nearest < 2.0  # half of it would not do


@pytest.mark.parametrize(
    ("f", "slope", "bound"),
    [
        (density, lambda x: -x * density(x), 0.399),
        (lambda x: x * density(x), lambda x: (1 - x * x) * density(x), 0.242),
        (lambda x: (2 - x * x) * density(x), lambda x: (x**3 - 4 * x) * density(x), 0.798),
        (
            lambda x: cumulative(x) + x * density(x) - arb(0.5),
            lambda x: (2 - x * x) * density(x),
            0.63,  # so gelu' lies in [-0.13, 1.13]
        ),
    ],
)
def test_the_constants_of_gelu(f, slope, bound):
    """Beyond 14 all of them are nearer to their limits than they are here to their bounds."""
    assert proves(f, slope, bound, -14.0, 14.0)
    assert not proves(f, slope, bound * 0.98, -14.0, 14.0)  # 2 % smaller is refuted


def test_the_identities_that_tanh_is_bounded_by():
    for x, y in itertools.product((0.0, 0.3, 1.7, 9.0), (0.1, 0.8, 1.5)):
        z, sinh, cos, sin = acb(x, y), arb(x).sinh(), arb(y).cos(), arb(y).sin()
        assert abs(abs(1 - z.tanh() ** 2) - 1 / (sinh**2 + cos**2)) < 1e-40
        assert abs(abs(z.tanh()) ** 2 - (sinh**2 + sin**2) / (sinh**2 + cos**2)) < 1e-40


ORACLE = {
    "sin": (sin, lambda x: x.sin()),
    "tanh": (tanh, lambda x: x.tanh()),
    "exp": (exp, lambda x: x.exp()),
    "gelu": (gelu, lambda x: x * cumulative(x)),
    "erf": (erf, lambda x: x.erf()),
    "atan": (atan, lambda x: x.atan()),
    "softplus": (lambda m: softplus(m, math.inf), lambda x: (1 + x.exp()).log()),
    "log": (lambda m: log(m.add_tensor(torch.tensor(8.0, dtype=torch.float64))), lambda x: (x + 8).log()),
    "rsqrt": (lambda m: power(m.add_tensor(torch.tensor(8.0, dtype=torch.float64)), -0.5), lambda x: (x + 8).rsqrt()),
}


@pytest.mark.parametrize("order", [1, 4, 7])
@pytest.mark.parametrize("name", ORACLE)
def test_balls_of_200_bits_lie_inside_without_any_tolerance(name, order):
    enclose, exactly = ORACLE[name]
    model = random_model(order, 1, order, (), 0.5, shape=(2, 2, 3))
    result = enclose(model)
    for index in torch.cartesian_prod(torch.arange(2), torch.arange(2), torch.arange(3)).tolist():
        entry = (slice(None), *index)
        P, Q = model.polynomial[entry].tolist(), result.polynomial[entry].tolist()
        R, S = float(model.remainder[tuple(index)]), float(result.remainder[tuple(index)])
        for t in (-1.0, -0.3, 0.0, 0.6, 1.0):
            for share in (-1, 0, 1):
                x = sum(arb(c) * arb(t).chebyshev_t(i) for i, c in enumerate(P)) + share * arb(R)
                known = sum(arb(c) * arb(t).chebyshev_t(i) for i, c in enumerate(Q))
                assert abs(exactly(x) - known) <= S


def test_softplus_is_the_identity_beyond_its_threshold_as_torch_has_it():
    model = random_model(1, 1, 1, (), 1e-9)
    below, beyond = softplus(model, 20.0), softplus(model, -20.0)
    assert float(below.remainder.max()) < 1e-6
    assert float(beyond.remainder.min()) > math.exp(20.0)


def test_flint_is_the_independent_party():
    assert flint.__version__
    assert arb(1).tanh().rad() < 1e-50
