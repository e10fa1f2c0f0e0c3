"""theory/bounds.py: hand values of theory, properties over random stages, and an independent recursion."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tolerances import ROUNDING

from varexp.theory import amplifications, enclosed_bound, keff, printed, split, telescoped
from varexp.theory.bounds import rounded
from varexp.theory.interval import Interval

positive = st.floats(1e-3, 10)
stages = st.lists(st.tuples(positive, positive), min_size=1, max_size=8)


def test_hand_values():
    assert split([3, 2], [0.1, 0.2], [0.01, 0.02]) == pytest.approx([0.31, 0.42], rel=ROUNDING)
    assert amplifications([2, 3, 5]) == [15, 5, 1]
    assert telescoped([2, 3, 5], [1, 10, 100]) == 15 + 50 + 100
    assert printed([2, 3, 5], [1, 10, 100]) == 125 * 100
    assert keff([0.5, 0.5], [1, 3]) == 4 * 3


def test_the_printed_bound_needs_its_hypothesis():
    """Constant L and e: the error e·(L^r − 1)/(L − 1) exceeds L^r·e below the r-bonacci constant."""
    assert telescoped([1.5] * 2, [1.0] * 2) == 2.5 > printed([1.5] * 2, [1.0] * 2) == 2.25
    assert telescoped([1.0] * 10, [1.0] * 10) == 10
    assert telescoped([0.5] * 5, [1.0] * 5) / printed([0.5] * 5, [1.0] * 5) == pytest.approx(62, rel=ROUNDING)
    assert telescoped([1.9] * 10, [1.0] * 10) / printed([1.9] * 10, [1.0] * 10) == pytest.approx(1.109, abs=5e-4)


@pytest.mark.parametrize(("depth", "threshold"), [(1, 1.0), (2, 1.618034), (3, 1.839287), (4, 1.927562), (8, 1.996031)])
def test_thresholds_are_the_bonacci_constants(depth, threshold):
    above, below = threshold + 2e-6, threshold - 2e-6
    assert telescoped([above] * depth, [1.0] * depth) <= printed([above] * depth, [1.0] * depth)
    assert telescoped([below] * depth, [1.0] * depth) > printed([below] * depth, [1.0] * depth)


@given(stages)
def test_telescoped_is_the_sum_over_stages(rows):
    """Σ_j (Π_{i>j} L_i) local_j, product by product in exact fractions."""
    total = Fraction(0)
    for j, (_, local) in enumerate(rows):
        total += Fraction(local) * math.prod((Fraction(L) for L, _ in rows[j + 1 :]), start=Fraction(1))
    assert telescoped([r[0] for r in rows], [r[1] for r in rows]) == pytest.approx(float(total), rel=ROUNDING)


@given(stages)
def test_keff_dominates_telescoped(rows):
    lipschitz, local = zip(*rows, strict=True)
    assert telescoped(lipschitz, local) <= keff(lipschitz, local) * (1 + ROUNDING)


def test_lengths_must_agree():
    for formula in (telescoped, printed, keff):
        with pytest.raises(ValueError, match="one Lipschitz constant and one error per stage"):
            formula([1.0, 2.0], [1.0])
        with pytest.raises(ValueError, match="at least one stage"):
            formula([], [])


def test_overflow_is_infinite_not_silent():
    assert telescoped([3.0] * 700, [1.0] * 700) == math.inf


numbers = st.floats(0, 1e6, allow_subnormal=False)


@given(st.lists(st.tuples(numbers, numbers, numbers, numbers), min_size=1, max_size=6))
def test_an_enclosed_bound_is_the_exact_one_rounded_outwards(stages):
    parts = [tuple(Interval.exactly(x) for x in row[1:]) for row in stages]
    lipschitz = [Interval.exactly(L) for L, *_ in stages]
    for formula in (telescoped, printed, keff):
        exact = formula(
            [Fraction(L) for L, *_ in stages], [Fraction(k) * Fraction(e1) + Fraction(e2) for _, k, e1, e2 in stages]
        )
        found = enclosed_bound(formula, lipschitz, parts)
        assert Fraction(found.lower) <= exact
        assert found.upper == math.inf or exact <= Fraction(found.upper)
        assert found.upper == found.lower or found.upper == math.nextafter(found.lower, math.inf)


def test_an_enclosed_bound_grows_with_every_interval_and_an_unknown_end_stays_unknown():
    one, two = Interval.exactly(1.0), Interval.exactly(2.0)
    narrow = enclosed_bound(telescoped, [two] * 2, [(one, Interval(0.1, 0.2), Interval.exactly(0.3))] * 2)
    wide = enclosed_bound(telescoped, [Interval(2.0, 2.5)] * 2, [(one, Interval(0.1, 0.2), Interval(0.3, 0.4))] * 2)
    assert wide.lower == narrow.lower < narrow.upper < wide.upper
    assert not enclosed_bound(printed, [two], [(one, Interval(0.1), Interval.exactly(0.3))]).bounded
    with pytest.raises(ValueError, match="finite lower ends"):
        enclosed_bound(printed, [two], [(one, Interval(math.inf), Interval.exactly(0.3))])


def test_rounding_towards_each_side():
    third = Fraction(1, 3)
    assert Fraction(rounded(third, -math.inf)) < third < Fraction(rounded(third, math.inf))
    assert rounded(Fraction(1, 4), math.inf) == rounded(Fraction(1, 4), -math.inf) == 0.25
    assert rounded(Fraction(10) ** 400, math.inf) == math.inf
    assert rounded(Fraction(10) ** 400, -math.inf) < math.inf
