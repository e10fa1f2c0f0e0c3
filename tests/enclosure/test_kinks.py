"""relu, |x|, minimum and maximum: exact where the sign is known, else between two parallel lines."""

from fractions import Fraction

import pytest
import torch
from random_models import escapes, new_symbols, random_model

from varexp.enclosure import Enclosure
from varexp.enclosure.kinks import absolute, range_of, relu
from varexp.enclosure.rounding import UNIT


def interval(low, high):
    """A model of one entry with this range, in its first coefficient alone."""
    x = random_model(1, 1, 1, (), 0.0, shape=(1, 1))
    x.polynomial[0], x.polynomial[1] = (low + high) / 2, (high - low) / 2
    x.remainder[...] = 0.0
    x.magnitude = x.polynomial.abs().sum(dim=0)
    return x


@pytest.mark.parametrize(("low", "high"), [(1.0, 2.0), (-2.0, -1.0)])
def test_nothing_is_lost_where_the_sign_is_known(low, high):
    for f in (relu, absolute):
        assert float(f(interval(low, high)).remainder) < 1e-14


def test_a_kink_by_hand():
    """relu on [-1, 3]: slope 3/4, between the lines 3x/4 and 3x/4 + 3/4; |x|: slope 1/2, up to 3/2 above it."""
    found = relu(interval(-1.0, 3.0))
    assert found.polynomial[1].item() == pytest.approx(2 * 0.75)
    assert found.remainder.item() == pytest.approx(0.375)
    found = absolute(interval(-1.0, 3.0))
    assert found.polynomial[1].item() == pytest.approx(2 * 0.5)
    assert found.remainder.item() == pytest.approx(0.75)


def test_ranges_hold_all_values():
    low, high = range_of(interval(-1.0, 3.0))
    assert low.item() <= -1.0
    assert high.item() >= 3.0
    x = interval(1.0, 1.0)
    x.polynomial[1] = UNIT / 8  # far less than a unit in the last place of the middle
    low, high = (Fraction(end.item()) for end in range_of(x))
    assert low <= 1 - Fraction(UNIT) / 8
    assert high >= 1 + Fraction(UNIT) / 8
    assert [end.item() for end in range_of(interval(0.0, 0.0))] == [0.0, 0.0]


@pytest.mark.parametrize(
    "f", [torch.relu, torch.abs, lambda x: torch.minimum(x, x.sin()), lambda x: torch.maximum(x, -x)]
)
@pytest.mark.parametrize("centre", [0.0, 0.3])
def test_values_around_the_kink_are_contained(f, centre):
    assert escapes(f, random_model(3, 2, 3, new_symbols(2), 0.3, centre=centre)) == 0


def test_the_control_half_a_strip_is_too_narrow():
    x = random_model(3, 1, 3, (), 0.3, centre=0.0)

    def narrower(v):
        if not isinstance(v, Enclosure):
            return torch.relu(v)
        model = relu(v.model())
        model.remainder = model.remainder * 0.4
        return Enclosure.of(model)

    assert escapes(narrower, x) > 0


@pytest.mark.parametrize("f", [relu, absolute])
@pytest.mark.parametrize("scale", [2.0**-60, 1.0, 2.0**60])
@pytest.mark.parametrize("side", [1.0, -1.0])
@pytest.mark.parametrize("step", [8 * UNIT, 0.03125])
def test_a_strip_holds_the_function_at_both_ends_whatever_slope_is_computed(f, scale, side, step):
    """In exact fractions. One end is close to 0 (step: 8u) or not; the slope is read off, since the radius is a power
    of 2. What is allowed for rounding, 4u of all sizes, comes on top."""
    for k in range(32):
        x = interval(-scale, scale)
        x.polynomial[0] = side * scale * (1 - k * step)
        x.magnitude = x.polynomial.abs().sum(dim=0)
        low, high = (Fraction(end.item()) for end in range_of(x))
        found = f(x)
        slope = Fraction(found.polynomial[1].item()) / Fraction(scale)
        assert low < 0 < high
        needed = max(high - slope * high, -slope * low - (low if f is absolute else 0)) / 2
        allowed = 4 * Fraction(UNIT) * (abs(slope) * Fraction(x.magnitude.item()) + 2 * needed)
        remainder, size = Fraction(found.remainder.item()), needed + allowed
        assert size <= remainder <= size * (1 + Fraction(1, 2**40)) + Fraction(2, 10**290)


@pytest.mark.parametrize("f", [relu, absolute])
def test_an_end_at_zero_by_hand(f):
    """Nothing is lost on [0, 2] and on [−2, 0]: the function is x, or 0, or −x."""
    for low in (0.0, -2.0):
        x = interval(low, low + 2.0)
        found = f(x)
        assert found.polynomial[1].item() == pytest.approx(1.0 if low == 0 else 0.0 if f is relu else -1.0)
        assert float(found.remainder) < 1e-14
