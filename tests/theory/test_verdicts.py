"""theory/verdicts.py: each rule with a planted truth, a planted falsehood and an undecidable case."""

import itertools
import math
import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from varexp.theory.interval import Interval
from varexp.theory.verdicts import RELATIONS, Verdict, compare, theorem_5_6, vacuous

ends = st.floats(0, 1e6)
intervals = st.tuples(ends, st.one_of(ends, st.just(math.inf))).map(lambda pair: Interval(min(pair), max(pair)))


def test_planted_truth_and_falsehood():
    bound = Interval(1.1, 1.3)
    assert compare(Interval(1.0, 1.1), bound) is Verdict.HOLDS
    assert compare(Interval(1.4, 1.5), bound) is Verdict.VIOLATED
    assert compare(Interval(1.2, 1.5), bound) is Verdict.INCONCLUSIVE
    assert compare(Interval(1.1, 1.1), Interval(1.1, 1.1), "<") is Verdict.VIOLATED
    assert compare(Interval(1.1, 1.1), Interval(1.1, 1.1), "==") is Verdict.HOLDS
    assert compare(Interval(1.0, 1.1), Interval(1.0, 1.1), "==") is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("relation", RELATIONS)
def test_every_pair_of_small_intervals_has_the_verdict_of_all_its_values(relation):
    """Ends are 0 to 3. What is true of all values, or of none, is so of the ends and of the middles between them."""
    holds = {"<=": operator.le, "<": operator.lt, "==": operator.eq}[relation]
    halves = [n / 2 for n in range(7)]
    pairs = [(low, high) for low in range(4) for high in range(low, 4)]
    for (a, b), (c, d) in itertools.product(pairs, pairs):
        found = {holds(x, y) for x in halves if a <= x <= b for y in halves if c <= y <= d}
        right = Verdict.INCONCLUSIVE if len(found) == 2 else Verdict.HOLDS if True in found else Verdict.VIOLATED
        assert compare(Interval(a, b), Interval(c, d), relation) is right, (a, b, c, d)


def test_an_unknown_relation_is_refused():
    with pytest.raises(ValueError, match="unknown relation '>=': choose one of <=, <, =="):
        compare(Interval(3, 3), Interval(2, 2), ">=")


def test_a_bound_that_is_attained_is_inconclusive():
    assert compare(Interval(1.0, 1.0 + 1e-12), Interval(1.0 - 1e-12, 1.0)) is Verdict.INCONCLUSIVE


def test_a_missing_end_decides_nothing():
    assert compare(Interval(1.0), Interval(5.0)) is Verdict.INCONCLUSIVE
    assert compare(Interval(9.0), Interval(5.0)) is Verdict.INCONCLUSIVE
    assert compare(Interval(9.0), Interval(0.0, 5.0)) is Verdict.VIOLATED


@pytest.mark.parametrize("constant", [1.5, 2.0, 2.0 - 1e-16])
def test_hypothesis_comes_first(constant):
    assert theorem_5_6(constant, Verdict.VIOLATED) is Verdict.HYPOTHESIS_NOT_MET
    assert theorem_5_6(2.0000001, Verdict.VIOLATED) is Verdict.VIOLATED


def test_vacuous():
    constant = Interval(1.0, 1.5)
    assert vacuous(Interval(2.0, 2.1), constant) is True
    assert vacuous(Interval(constant.upper, 2.1), constant) is True
    assert vacuous(Interval(0.5, constant.lower), constant) is None
    assert vacuous(Interval(0.5, 0.9), constant) is False
    assert vacuous(Interval(1.2, 1.4), constant) is None
    assert vacuous(Interval(0.5), constant) is None


@given(intervals, intervals, st.floats(0, 1), st.floats(0, 1))
def test_a_verdict_is_true_of_every_value_within_the_ends(a, b, s, t):
    """For HOLDS error <= bound wherever the two lie, for VIOLATED nowhere; INCONCLUSIVE has a value of each kind."""

    def value(interval, share):
        return interval.lower if share == 0 else min(interval.upper, interval.lower + share / (1 - share + 1e-300))

    verdict, holds = compare(a, b), value(a, s) <= value(b, t)
    if verdict is Verdict.HOLDS:
        assert holds
    elif verdict is Verdict.VIOLATED:
        assert not holds
    else:
        assert a.lower <= b.upper
        assert a.upper > b.lower or not a.bounded
