"""The facts that expansions rest on: sups of derivatives and errors of torch's functions, by ball arithmetic."""

import math

import flint
import pytest
import torch
from flint import arb, arb_poly, arb_series, ctx, fmpz_poly
from random_models import random_model

from varexp.evidence.enclosure.functions import (
    GELU_SUPS,
    LARGEST_ORDER,
    TANH_SUPS,
    ULPS,
    _gelu_polynomial,
    _sine_sups,
    _tanh_polynomial,
    exp,
    gelu,
    power,
    sin,
    tanh,
)
from varexp.maps.constants import UNIT


@pytest.fixture(autouse=True)
def _precision():
    before, ctx.prec = ctx.prec, 200
    yield
    ctx.prec = before


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


def tanh_numerators(count):
    """p_m with tanh^(m) = p_m(tanh), by integer polynomials."""
    p, result = fmpz_poly([0, 1]), []
    for _ in range(count):
        result.append(p)
        p = fmpz_poly([1, 0, -1]) * p.derivative()
    return result


def test_the_derivative_of_tanh_is_at_most_1():
    assert tanh_numerators(2)[1] == fmpz_poly([1, 0, -1])  # 1 − t²
    assert TANH_SUPS[1] == 1.0


@pytest.mark.parametrize("m", range(2, len(TANH_SUPS)))
def test_sups_of_the_derivatives_of_tanh(m):
    p = arb_poly([arb(int(c)) / math.factorial(m) for c in tanh_numerators(m + 1)[m].coeffs()])
    bound = TANH_SUPS[m]
    assert proves(p, p.derivative(), bound, -1.0, 1.0)
    assert not proves(p, p.derivative(), bound * 0.99, -1.0, 1.0)  # 1 % smaller is refuted


def gelu_numerators(count):
    """q_m with gelu^(m) = q_m φ for m >= 2."""
    q, result = fmpz_poly([2, 0, -1]), {}
    for m in range(2, count + 1):
        result[m] = q
        q = q.derivative() - fmpz_poly([0, 1]) * q
    return result


def density(x):
    return (-x * x / 2).exp() / (2 * arb.pi()).sqrt()


def cumulative(x):
    return (1 + (x / arb(2).sqrt()).erf()) / 2


FAR = 14.0  # beyond it |q_m| φ decreases and is negligible


@pytest.mark.parametrize("m", range(1, len(GELU_SUPS)))
def test_sups_of_the_derivatives_of_gelu(m):
    numerators = gelu_numerators(len(GELU_SUPS))
    scale = math.factorial(m)

    def derivative(order):
        if order == 1:
            return lambda x: (cumulative(x) + x * density(x)) / scale
        return lambda x: arb_poly(numerators[order])(x) * density(x) / scale

    f, slope, bound = derivative(m), derivative(m + 1), GELU_SUPS[m]
    assert proves(f, slope, bound, -FAR, FAR)
    assert not proves(f, slope, bound * 0.99, -FAR, FAR)
    if m > 1:  # |x|^j φ decreases for x² > j, so the tail is below Σ|q_j| FAR^j φ(FAR)
        coefficients = [abs(int(c)) for c in numerators[m].coeffs()]
        assert len(coefficients) < FAR**2
        assert sum(c * FAR**j for j, c in enumerate(coefficients)) * float(density(arb(FAR))) / scale < bound
    else:  # Φ <= 1 and xφ decreases
        assert 1 + FAR * float(density(arb(FAR))) < bound


def test_sups_of_the_derivatives_of_sine():
    assert all(arb(_sine_sups(m)) >= 1 / arb(math.factorial(m)) for m in range(LARGEST_ORDER + 3))


@pytest.mark.parametrize("x", [-3.0, -0.7, 0.0, 0.2, 1.9])
def test_the_polynomials_of_tanh_and_gelu_are_their_derivatives(x):
    count = LARGEST_ORDER + 2
    ctx.cap = count + 1
    series = arb_series([arb(x), 1])
    expected = (series.tanh() if hasattr(series, "tanh") else (2 * series).exp()).coeffs()
    if not hasattr(series, "tanh"):
        twice = (2 * series).exp()
        expected = ((twice - 1) / (twice + 1)).coeffs()
    for m in range(count):
        p = sum(c * arb(x).tanh() ** i for i, c in enumerate(_tanh_polynomial(m)))
        assert abs(expected[m] - p) < 1e-13
    half = arb_series([arb(0.5)])
    erf = (series / arb(2).sqrt()).erf()
    expected = (series * (half + half * erf)).coeffs()
    for m in range(2, count):
        q = sum(c * arb(x) ** i for i, c in enumerate(_gelu_polynomial(m))) * density(arb(x)) / math.factorial(m)
        assert abs(expected[m] - q) < 1e-13


def whole_range(limit):
    """Floats of every size up to `limit`, both signs, and neighbours of multiples of π/2, where sine cancels."""
    source = torch.Generator().manual_seed(1)
    exponents = torch.linspace(-300, math.log10(limit), 6000, dtype=torch.float64)
    sizes = 10**exponents * (1 + torch.rand(len(exponents), dtype=torch.float64, generator=source))
    near = torch.rand(6000, dtype=torch.float64, generator=source) * 40 - 20
    multiples = torch.arange(-2000, 2001, dtype=torch.float64) * (math.pi / 2)
    around = torch.cat(
        [multiples, torch.nextafter(multiples, multiples + 1), torch.nextafter(multiples, multiples - 1)]
    )
    x = torch.cat([sizes, -sizes, near, around])
    return x[x.abs() <= limit]


@pytest.mark.parametrize(
    ("name", "limit", "relative"),
    [("sin", 1e9, False), ("cos", 1e9, False), ("tanh", 1e9, False), ("erf", 1e9, False), ("exp", 700.0, True)],
)
def test_torchs_functions_are_within_the_allowance(name, limit, relative):
    x = whole_range(limit)
    values = getattr(torch, name)(x)
    worst = 0.0
    for point, value in zip(x.tolist(), values.tolist(), strict=True):
        exact = getattr(arb(point), name)()
        off = abs(arb(value) - exact)
        size = abs(exact) if relative else arb(1)
        worst = max(worst, float((off / size).abs_upper()) / UNIT)
    assert worst <= ULPS / 2, f"{name} is off by {worst} units"  # half the allowance, over the whole range
    assert worst > 0  # the comparison is not of torch with itself


ORACLE = {
    "sin": (sin, lambda x: x.sin()),
    "tanh": (tanh, lambda x: x.tanh()),
    "exp": (exp, lambda x: x.exp()),
    "gelu": (gelu, lambda x: x * cumulative(x)),
    "rsqrt": (lambda m: power(m.shifted(torch.tensor(8.0, dtype=torch.float64)), -0.5), lambda x: (x + 8).rsqrt()),
}


@pytest.mark.parametrize("order", [1, 4, 7])
@pytest.mark.parametrize("name", ORACLE)
def test_balls_of_200_bits_lie_inside_without_any_tolerance(name, order):
    enclose, exactly = ORACLE[name]
    model = random_model(order, 1, order, 0, 0.5, shape=(2, 2, 3))
    result = enclose(model)
    for index in torch.cartesian_prod(torch.arange(2), torch.arange(2), torch.arange(3)).tolist():
        entry = (slice(None), *index)
        P, Q = model.P[entry].tolist(), result.P[entry].tolist()
        R, S = float(model.R[tuple(index)]), float(result.R[tuple(index)])
        for t in (-1.0, -0.3, 0.0, 0.6, 1.0):
            for share in (-1, 0, 1):
                x = sum(arb(c) * arb(t) ** i for i, c in enumerate(P)) + share * arb(R)
                known = sum(arb(c) * arb(t) ** i for i, c in enumerate(Q))
                assert abs(exactly(x) - known) <= S


def test_flint_is_the_independent_party():
    assert flint.__version__
    assert arb(1).tanh().rad() < 1e-50
