"""theory/interval.py: ends, what is known, refusals."""

import math
from fractions import Fraction

import pytest

from varexp.theory.interval import Interval


def test_hand_values():
    interval = Interval(Fraction(1, 3), Fraction(1, 2))
    assert interval.bounded
    assert not interval.exact
    assert interval.contains(0.4)
    assert not interval.contains(Fraction(1, 4))
    assert str(interval) == "[1/3, 1/2]"
    assert Interval.exactly(2.0).exact
    assert str(Interval.exactly(2)) == "2"


def test_an_interval_contains_its_ends():
    interval = Interval(Fraction(1, 3), 0.5)
    assert interval.contains(Fraction(1, 3))
    assert interval.contains(0.5)
    assert not interval.contains(math.nextafter(0.5, 1))
    assert not interval.contains(Fraction(1, 3) - Fraction(1, 10**30))


def test_an_upper_end_that_is_not_known_is_infinite():
    assert Interval(1.0).upper == math.inf
    assert not Interval(1.0).bounded


@pytest.mark.parametrize("ends", [(2.0, 1.0), (math.nan, 1.0), (1.0, math.nan), (Fraction(1), Fraction(1, 2))])
def test_ends_in_the_wrong_order_are_refused(ends):
    with pytest.raises(ValueError, match="an interval needs lower <= upper"):
        Interval(*ends)
