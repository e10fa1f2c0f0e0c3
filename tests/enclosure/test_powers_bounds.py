"""Slopes, sizes and lines that powers, logarithms and inverses are bounded by, against balls without any tolerance."""

import itertools
import math

import pytest
import torch
from flint import acb, arb, ctx
from random_models import random_model

from varexp.enclosure import libm
from varexp.enclosure.basis import ring
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.powers import (
    INVERSE,
    LOG,
    _power_between_lines,
    _sharper,
    inverse,
    log,
    power_function,
    rsqrt,
    sqrt,
    square,
)
from varexp.enclosure.rounding import UNIT

EXPONENTS = (0.5, 1 / 3, 0.9, 1.5, 3.0, -0.5, -1.0, -2.5)
FUNCTIONS = {
    "log": (LOG, lambda z: z.log(), lambda x: 1 / x),
    "inverse": (INVERSE, lambda z: 1 / z, lambda x: -1 / x**2),
    **{
        f"power {a:.3g}": (power_function(a), lambda z, a=a: z ** type(z)(a), lambda x, a=a: a_times(a, x))
        for a in EXPONENTS
    },
}


def a_times(a, x):
    return arb(a) * x ** (arb(a) - 1)


@pytest.fixture(autouse=True)
def _precision():
    with ctx.workprec(300):
        yield


def between(low, high):
    """The model of low + (high − low)(1 + t)/2, which is known to be at least `low`."""
    polynomial = torch.tensor([(low + high) / 2, (high - low) / 2], dtype=torch.float64).reshape(2, 1, 1)
    zero = torch.zeros_like(polynomial[0])
    magnitude = polynomial.abs().sum(dim=0) * (1 + 4 * UNIT)
    return ChebyshevModel(ring(1, 1), polynomial, polynomial[:0], zero, magnitude, (), zero + low)


def farthest_of(result, x, low, a):
    """The remainder and the largest distance of x^a from a line, over a grid that is finer to the left."""
    c, w = x.polynomial.flatten().tolist()
    middle, slope = result.polynomial.flatten().tolist()
    farthest = arb(0)
    for t in [-1 + 2 * (i / 60) ** 3 for i in range(61)]:
        v = arb(c) + arb(w) * arb(t)
        if v >= low and v > 0:
            off = abs(v ** arb(a) - (arb(middle) + arb(slope) * arb(t)))
            farthest = off if off > farthest else farthest
    return float(result.remainder), farthest


@pytest.mark.parametrize("scale", [1.0, 1e-80, 1e80])
@pytest.mark.parametrize("a", EXPONENTS)
def test_the_lines_around_a_power_are_the_nearest(a, scale):
    for start, width in ((0.0, 1.0), (1e-6, 1.0), (0.1, 2.0), (1.0, 1e-3), (3.0, 4.0), (1.0, 1e-12)):
        if start == 0.0 and a < 0:
            continue
        low, high = start * scale, (start + width) * scale
        x = between(low, high)
        R, farthest = farthest_of(_power_between_lines(x, a), x, low, a)
        assert farthest <= R
        largest = max(high**a, low**a if low else 0.0)
        assert farthest * 1.02 + 1e-10 * largest >= R


@pytest.mark.parametrize("a", EXPONENTS)
def test_the_lines_hold_whatever_the_error_of_powers(monkeypatch, a):
    """Powers off by up to a thousandth in either direction, as power_error then says."""
    exactly, signs, calls = libm.power, [], []

    def wrong(x, exponent):
        calls.append(exponent)
        return exactly(x, exponent) * (1 + 0.999e-3 * signs[(len(calls) - 1) % 4])

    monkeypatch.setattr(libm, "power", wrong)
    monkeypatch.setattr(libm, "power_error", lambda exponent: 1e-3)
    for start, width in ((1e-3, 1.0), (0.1, 2.0), (3.0, 1e-9)):
        x = between(start, start + width)
        for signs[:] in itertools.product((-1, 1), repeat=4):
            calls.clear()
            R, farthest = farthest_of(_power_between_lines(x, a), x, start, a)
            assert len(calls) == 4
            assert farthest <= R


def numbers(seed, count=40):
    """Between 1e-3 and 1e3, of every size alike."""
    draws = torch.rand(count, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    return 10 ** (6 * draws - 3)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_slopes_lie_between_those_at_the_ends_rounded_outwards(name):
    f, _, slope = FUNCTIONS[name]
    low = numbers(1)
    high = low * (1 + numbers(2))
    high[:8] = low[:8]
    ends = [(low, high), (-high, -low)] if name == "inverse" else [(low, high)]
    for left, right in ends:
        least, most = f.slope_range(left, right)
        for a, b, below, above in zip(left.tolist(), right.tolist(), least.tolist(), most.tolist(), strict=True):
            at_ends = (slope(arb(a)), slope(arb(b)))
            assert all(below <= s <= above for s in at_ends)
            steepest = max(map(abs, at_ends))
            assert above - below <= abs(at_ends[0] - at_ends[1]) + steepest * 1e-10


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_slope_is_known_up_to_zero_and_no_size_on_a_disc_that_reaches_it(name):
    f, zero, one = FUNCTIONS[name][0], torch.zeros(1).double(), torch.ones(1).double()
    for low in (zero, -one):
        assert any(bool(end.isnan()) for end in f.slope_range(low, one))
    assert any(bool(end.isnan()) for end in INVERSE.slope_range(-one, zero))
    for radius in (1.0, 1.5):
        assert bool(f.complex_variation(one, radius * one, radius * one).isnan())
    assert bool(INVERSE.complex_variation(-one, one, one).isnan())


@pytest.mark.parametrize("share", [2.0**-60, 1e-6, 0.3, 0.9, 0.99])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_sizes_on_discs_are_bounded(name, share):
    f, value, _ = FUNCTIONS[name]
    c = numbers(3, 12)
    U = c * share
    for sign in (1, -1) if name == "inverse" else (1,):
        bounds = f.complex_variation(sign * c, U, U).tolist()
        for centre, radius, bound in zip((sign * c).tolist(), U.tolist(), bounds, strict=True):
            for direction in (acb(1), acb(-1), acb(0, 1), acb(0.6, 0.8)):
                z = acb(centre) + direction * radius * (1 if abs(direction.imag) == 0 else 1 - 1e-9)
                assert abs(value(z) - value(acb(centre))) <= bound
            assert bound <= radius * abs(FUNCTIONS[name][2](arb(centre - sign * radius))) * 1.01 or share > 1e-6


def test_sizes_that_underflow_are_not_forgotten():
    for a in (1.5, 3.0):
        c = torch.tensor([1e-300 if a == 1.5 else 1e-200], dtype=torch.float64)
        bound = float(power_function(a).complex_variation(c, c / 2, c / 2))
        assert arb(1.5 * float(c)) ** arb(a) - arb(float(c)) ** arb(a) <= bound
        assert 0 < bound <= 1e-300


def test_errors_of_values_are_those_of_libm():
    """log is off by LOG_ERROR(1 + |log x|), a power by its relative error or SMALLEST_EXP, 1/x by a rounding."""
    for y in (0.0, 1.0, 700.0):
        size = torch.tensor(y, dtype=torch.float64)
        assert float(LOG.value_error(size, size)) >= libm.LOG_ERROR * (1 + y)
        assert float(INVERSE.value_error(size, size)) >= UNIT * y
        for a in EXPONENTS:
            found = float(power_function(a).value_error(size, size))
            assert (
                max(libm.power_error(a) * y, libm.SMALLEST_EXP) <= found <= libm.power_error(a) * y + 1e-13 * y + 1e-300
            )


@pytest.mark.parametrize("share", [0.5, 0.9, 1.1, 2.0])
@pytest.mark.parametrize("a", EXPONENTS)
def test_the_lines_hold_for_the_tangent_at_any_point(monkeypatch, a, share):
    exactly = libm.power

    def moved(x, exponent):
        return exactly(x, exponent) * (share if exponent == 1 / (a - 1) else 1.0)

    monkeypatch.setattr(libm, "power", moved)
    x = between(0.1, 2.1)
    R, farthest = farthest_of(_power_between_lines(x, a), x, 0.1, a)
    assert farthest <= R


def test_of_two_models_the_one_with_the_smaller_uncertainty_is_taken_entry_by_entry():
    one, two = random_model(1, 1, 2, (), 0.3), random_model(2, 1, 2, (), 0.3)
    two.remainder[0, 0, 0], two.remainder[0, 0, 1], one.remainder[0, 0, 1] = torch.inf, 0.1, torch.inf
    two.remainder[0, 0, 2], one.remainder[0, 0, 2] = 0.1, torch.nan
    two.remainder[0, 0, 3], one.remainder[0, 0, 3] = torch.nan, 0.1
    result = _sharper(one, two)
    first = (one.remainder <= two.remainder) | ~two.remainder.isfinite()
    assert bool(first.any() and (~first).any())
    for name in ("polynomial", "remainder", "magnitude"):
        expected = torch.where(first, getattr(one, name), getattr(two, name))
        assert torch.equal(getattr(result, name).nan_to_num(5.0), expected.nan_to_num(5.0))


@pytest.mark.parametrize(
    ("f", "exact"),
    [
        (sqrt, arb.sqrt),
        (rsqrt, arb.rsqrt),
        (inverse, lambda v: 1 / v),
        (log, arb.log),
        (square, lambda v: v * v),
    ],
)
def test_functions_of_a_number(f, exact):
    for number in (0.3, 1.0, 7.0, 1e-10, 1e10):
        result = f(ChebyshevModel.constant(ring(1, 2), torch.tensor([[number]], dtype=torch.float64)))
        value, R = exact(arb(number)), float(result.remainder)
        assert abs(value - arb(float(result.polynomial[0]))) <= R <= 1e-11 * max(1.0, abs(float(value)))
        assert result.least is None or float(result.least) <= value
        assert math.isfinite(R)
