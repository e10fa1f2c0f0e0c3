"""What is known of functions, by the formulas of ALGEBRA.md in balls of 200 bits: not less, and hardly more."""

import math

import pytest
import torch
from flint import arb, ctx
from function_facts import FACTS
from random_models import random_model
from tolerances import ROUNDING

from varexp.enclosure import libm
from varexp.enclosure.basis import ring
from varexp.enclosure.functions import (
    ATAN,
    COS,
    ERF,
    EXP,
    GELU,
    SIN,
    SOFTPLUS,
    TANH,
    atan,
    cos,
    erf,
    sin,
    softplus,
    tanh,
)
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.rounding import SMALLEST, UNIT


@pytest.fixture(autouse=True)
def _precision():
    with ctx.workprec(200):
        yield


def tensor(*numbers):
    return torch.tensor(numbers, dtype=torch.float64)


def drawn(low, high, seed, count=100):
    source = torch.Generator().manual_seed(seed)
    return low + (high - low) * torch.rand(count, dtype=torch.float64, generator=source)


def trigonometric(c, u, h):
    return min(u * h.cosh(), 1 + h.cosh())


def hyperbolic(c, u, h):
    return min(u / h.cos() ** 2, 1 + max(h.tan(), arb(1)))


SIZES = {  # of differences in the complex plane, and the |Im z| that they hold for
    "sin": (SIN, trigonometric, 40.0),
    "cos": (COS, trigonometric, 40.0),
    "tanh": (TANH, hyperbolic, 1.5699),
    "gelu": (GELU, lambda c, u, h: u * (1 + (arb("0.242") + arb("0.798") * h) * (h * h / 2).exp()), 20.0),
    "exp": (EXP, lambda c, u, h: u * (c + u).exp(), 40.0),
    "erf": (ERF, lambda c, u, h: u * arb("1.1284") * (h * h).exp(), 20.0),
    "atan": (ATAN, lambda c, u, h: u / ((1 - h) * (1 + h)), 0.9989),
    "softplus": (SOFTPLUS, lambda c, u, h: u, 1.5699),
}


@pytest.mark.parametrize("widest", [1e-3, 1.0, 300.0])
@pytest.mark.parametrize("name", SIZES)
def test_sizes_in_the_complex_plane_are_those_of_the_formula(name, widest):
    f, formula, edge = SIZES[name]
    c, u = drawn(-300.0, 300.0, 1), drawn(0.0, widest, 2)
    h = torch.cat([drawn(0.0, edge, 3, 50), edge - drawn(0.0, edge / 100, 4, 49), tensor(0.0)])
    for centre, U, H, bound in zip(*(x.tolist() for x in (c, u, h, f.complex_variation(c, u, h))), strict=True):
        exact = formula(arb(centre), arb(U), arb(H))
        assert exact <= arb(bound)
        assert arb(bound) <= exact * (1 + arb(1e-9)) + arb(1e-300)


@pytest.mark.parametrize(("f", "edge"), [(TANH, math.pi / 2), (SOFTPLUS, math.pi / 2), (ATAN, 1.0)])
def test_where_a_function_has_a_pole_nothing_is_known(f, edge):
    h = edge * tensor(1.0, 1.0001, 1.02, 1.04, 2.0, 100.0)
    assert bool(f.complex_variation(torch.zeros_like(h), torch.ones_like(h), h).isnan().all())


KNOWN = {  # slopes lie between these
    "sin": (-1.0, 1.0),
    "cos": (-1.0, 1.0),
    "tanh": (0.0, 1.0),
    "gelu": (-0.13, 1.13),
    "exp": (0.0, math.inf),
    "erf": (0.0, 1.1284),
    "atan": (0.0, 1.0 + 16 * UNIT),
    "softplus": (0.0, 1.0),
}


@pytest.mark.parametrize("name", KNOWN)
def test_slopes_beyond_their_range_are_not_considered(name):
    left = tensor(-300.0, -30.0, -1e-9, -1e-3, 20.0, -40.0, 1e5, -1e5)
    low, high = FACTS[name][0].slope_range(left, left + left.abs())
    least, most = KNOWN[name]
    assert bool((low >= least).all())
    assert bool((high <= most).all())
    assert bool((low <= high).all())


@pytest.mark.parametrize(("name", "curvature"), [("sin", 1.0), ("cos", 1.0), ("gelu", 0.798)])
def test_slopes_move_by_the_second_derivative_at_most(name, curvature):
    """On intervals of 1/1000, where the range of all slopes says nothing."""
    middle = tensor(0.7, -0.7, 2.2, -2.2, 0.3)
    low, high = FACTS[name][0].slope_range(middle - 5e-4, middle + 5e-4)
    assert float((high - low).max()) <= curvature * 1e-3 * (1 + 1e-9) + ROUNDING


@pytest.mark.parametrize("f", [SIN, COS])
def test_beyond_the_limit_of_libm_sin_and_cos_have_any_slope_and_any_value(f):
    far = tensor(libm.SIN_LIMIT, math.nextafter(libm.SIN_LIMIT, math.inf), 1e5, 1e300)
    error = f.value_error(far, torch.ones_like(far))
    near, *beyond = error.tolist()
    assert error.dtype is torch.float64  # in float32 sums that are added to it would be rounded, down as well
    assert near == libm.SIN_ERROR
    assert set(beyond) == {2 + libm.SIN_ERROR}
    for sign in (1, -1):
        low, high = f.slope_range(sign * far[2:], sign * far[2:])
        assert low.tolist() == [-1.0, -1.0]
        assert high.tolist() == [1.0, 1.0]


@pytest.mark.parametrize(("f", "slope"), [(SIN, arb.cos), (COS, lambda x: -x.sin())])
def test_slopes_far_out_on_intervals_of_one_ulp(f, slope):
    """Where the middle of an interval is rounded by more than its width."""
    for start in (3.1, 9288.0, 16000.3, -9288.7):
        x = start
        for _ in range(40):
            high = math.nextafter(x, math.inf)
            least, most = (float(end) for end in f.slope_range(tensor(x), tensor(high)))
            for place in (x, high):
                assert arb(least) <= slope(arb(place)) <= arb(most)
            assert most - least <= 64 * UNIT * max(1, abs(x))
            x = high


@pytest.mark.parametrize("name", ["exp", "erf", "tanh", "softplus"])
def test_slopes_that_vanish_are_enclosed(name):
    """Down to numbers that float64 does not have."""
    f, _, slope = FACTS[name]
    slope = (lambda z: 1 / z.cosh() ** 2) if name == "tanh" else slope  # 1 − tanh² cancels
    for x in (-26.0, -26.7, -27.0, -27.3, -40.0, -700.0, -708.3, -708.5, -720.0, -745.0, -800.0):
        low, high = f.slope_range(tensor(x), tensor(x))
        assert arb(float(low)) <= slope(arb(x)) <= arb(float(high)), x


@pytest.mark.parametrize(
    ("f", "allowed"),
    [
        (GELU, lambda x, y: libm.GELU_ERROR * x + SMALLEST),
        (EXP, lambda x, y: (libm.EXP_ERROR + 4 * UNIT) * y + libm.SMALLEST_EXP),
        (SOFTPLUS, lambda x, y: libm.SOFTPLUS_ERROR * (1 + x)),
        (TANH, lambda x, y: libm.TANH_ERROR),
        (ERF, lambda x, y: libm.ERF_ERROR),
        (ATAN, lambda x, y: libm.ATAN_ERROR),
    ],
)
def test_errors_of_values_are_those_of_libm(f, allowed):
    """For |x| and |value| up to these; what is proved of GELU is allowed for once more."""
    sizes = [(0.0, 0.0), (1e-320, 1e-320), (0.5, 3.0), (3.0, 0.5), (1e3, 1e3)]
    for x, y in sizes:
        found, exact = float(f.value_error(tensor(x), tensor(y))), allowed(x, y)
        assert exact <= found <= exact * (1 + ROUNDING) + (libm.GELU_ERROR if f is GELU else 0.0)


@pytest.mark.parametrize(
    ("rule", "end"), [(sin, arb(1)), (cos, arb(1)), (tanh, arb(1)), (erf, arb(1)), (atan, arb.pi() / 2)]
)
def test_where_nothing_is_known_of_the_argument_the_range_is_known(rule, end):
    x = random_model(1, 1, 2, (), 0.3)
    x.remainder = torch.full_like(x.remainder, 1e9)
    found = rule(x)
    assert not bool(found.polynomial.any())
    assert end <= arb(float(found.remainder.min()))
    assert arb(float(found.remainder.max())) <= end * (1 + arb(ROUNDING))


def test_softplus_beyond_its_threshold_is_off_by_the_threshold_as_well():
    """x = 5 ± 1/4, and slopes just below 1; e^0 is added where the threshold is 0."""
    value, R = torch.full((1, 1, 1), 5.0, dtype=torch.float64), torch.full((1, 1, 1), 0.25, dtype=torch.float64)
    x = ChebyshevModel(ring(1, 2), torch.stack([value, 0 * value, 0 * value]), value[None][:0], R, value + R)
    beyond, below = softplus(x, 0.0), softplus(x, 20.0)
    assert 0.24 <= float(below.remainder) <= 0.25 * (1 + 1e-9)
    assert 1.24 <= float(beyond.remainder) <= 1.25 * (1 + 1e-9)
    assert float(beyond.magnitude) >= float(beyond.polynomial[0] + beyond.remainder)
    assert float(beyond.least) == 0.0
