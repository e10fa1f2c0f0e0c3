"""theory/verdicts.py: each rule with a planted truth, a planted falsehood and an undecidable case."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from varexp.theory.verdicts import Verdict, compare, theorem_5_6, vacuous

end = st.one_of(st.none(), st.floats(0, 1e6))


def test_planted_truth_and_falsehood():
    assert compare(1.0, 1.1, 1.1, 1.3) is Verdict.HOLDS
    assert compare(1.4, 1.5, 1.1, 1.3) is Verdict.VIOLATED
    assert compare(1.2, 1.5, 1.1, 1.3) is Verdict.INCONCLUSIVE


def test_a_bound_that_is_attained_is_inconclusive():
    assert compare(1.0, 1.0 + 1e-12, 1.0 - 1e-12, 1.0) is Verdict.INCONCLUSIVE


def test_a_missing_end_decides_nothing():
    assert compare(1.0, None, 5.0, None) is Verdict.INCONCLUSIVE
    assert compare(9.0, None, 5.0, None) is Verdict.INCONCLUSIVE
    assert compare(9.0, None, None, 5.0) is Verdict.VIOLATED


@pytest.mark.parametrize("constant", [1.5, 2.0, 2.0 - 1e-16])
def test_hypothesis_comes_first(constant):
    assert theorem_5_6(constant, Verdict.VIOLATED) is Verdict.HYPOTHESIS_NOT_MET
    assert theorem_5_6(2.0000001, Verdict.VIOLATED) is Verdict.VIOLATED


def test_vacuous():
    assert vacuous(2.0, 2.1, 1.0, 1.5) is True
    assert vacuous(0.5, 0.9, 1.0, 1.5) is False
    assert vacuous(1.2, 1.4, 1.0, 1.5) is None
    assert vacuous(0.5, None, 1.0, 1.5) is None


@given(end, end, end, end)
def test_never_both(a, b, c, d):
    """HOLDS and VIOLATED exclude each other for proper intervals."""
    if (a is not None and b is not None and a > b) or (c is not None and d is not None and c > d):
        return
    verdict = compare(a, b, c, d)
    holds = b is not None and c is not None and b <= c
    violated = a is not None and d is not None and a > d
    assert not (holds and violated)
    assert verdict is (Verdict.HOLDS if holds else Verdict.VIOLATED if violated else Verdict.INCONCLUSIVE)
