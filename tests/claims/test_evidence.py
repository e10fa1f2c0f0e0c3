"""Numbers with exact ends, comparisons, verdicts, and the audit that decides them again from text."""

from fractions import Fraction

import pytest
from flint import arb, ctx
from hypothesis import given
from hypothesis import strategies as st

from varexp.claims.audit import disagreements
from varexp.claims.evidence import Comparison, Evidence, Instance, at_most, below, equal, evidence, number
from varexp.theory import Interval, Verdict

ends = st.fractions(min_value=-3, max_value=3, max_denominator=4)
numbers = st.tuples(ends, ends).map(lambda pair: Interval(min(pair), max(pair)))
comparisons = st.builds(Comparison, st.just("x"), numbers, st.sampled_from(("<=", "<", "==")), numbers)
TRUTH = {"<=": lambda a, b: a <= b, "<": lambda a, b: a < b, "==": lambda a, b: a == b}


def ledger_of(found, verdict=None):
    """The least of a ledger that the audit reads."""
    instances = [
        {
            "what": i.what,
            "verdict": str(i.verdict),
            "hypotheses": [entry(c) for c in i.hypotheses],
            "conclusions": [entry(c) for c in i.conclusions],
        }
        for i in found.instances
    ]
    reading = {"name": "r", "verdict": str(verdict or found.verdict), "evidence": {"instances": instances}}
    return {"claims": [{"id": "c", "readings": [reading]}]}


def entry(c):
    sides = {side: [str(getattr(c, side).lower), str(getattr(c, side).upper)] for side in ("left", "right")}
    return {"what": c.what, "relation": c.relation, **sides}


def test_hand_values():
    assert at_most("", 1, 1).verdict == Verdict.HOLDS
    assert below("", 1, 1).verdict == Verdict.VIOLATED
    assert equal("", Fraction(1, 3), Fraction(2, 6)).verdict == Verdict.HOLDS
    assert equal("", 0.1, Fraction(1, 10)).verdict == Verdict.VIOLATED  # a float is what it is
    assert at_most("", Interval(Fraction(0), Fraction(2)), 1).verdict == Verdict.INCONCLUSIVE


@given(comparisons, st.fractions(0, 1), st.fractions(0, 1))
def test_a_decided_comparison_is_true_of_every_value_within_its_ends(c, s, t):
    a, b = (x.lower + u * (x.upper - x.lower) for x, u in ((c.left, s), (c.right, t)))
    if c.verdict == Verdict.HOLDS:
        assert TRUTH[c.relation](a, b)
    elif c.verdict == Verdict.VIOLATED:
        assert not TRUTH[c.relation](a, b)


@given(st.lists(comparisons, min_size=1, max_size=3), st.lists(comparisons, max_size=2))
def test_the_audit_decides_as_the_evidence_does(conclusions, hypotheses):
    found = evidence("case", *conclusions, hypotheses=hypotheses)
    assert disagreements(ledger_of(found)) == []
    wrong = next(v for v in Verdict if v != found.verdict)
    assert len(disagreements(ledger_of(found, wrong))) == 1


def test_hypotheses_come_first_and_name_what_is_not_met():
    case = Instance("case", (at_most("", 2, 1),), (below("2 < K", 2, 2), below("0 < K", 0, 2)))
    assert case.verdict == Verdict.HYPOTHESIS_NOT_MET
    assert [h.what for h in case.unmet] == ["2 < K"]
    held = Instance("held", (at_most("", 1, 2),))
    assert Evidence((case, held)).verdict == Verdict.HOLDS
    assert Evidence((case, held, Instance("broken", (at_most("", 2, 1),)))).verdict == Verdict.VIOLATED


@pytest.mark.parametrize("x", ["1/3", "-7/11", "12345678901234567890/7", "1e-40"])
def test_balls_are_widened_outwards(x):
    with ctx.workprec(200):
        exact = Fraction(x)
        found = number(arb(exact.numerator) / exact.denominator)
    assert found.lower <= exact <= found.upper
    assert found.upper - found.lower <= abs(exact) * Fraction(1, 10**28)


def test_a_ball_without_ends_is_refused():
    with pytest.raises(ValueError, match="raise the precision"):
        number(1 / arb(0, 1))


def test_ends_of_a_ball_are_decimals_of_thirty_digits_on_its_outside():
    ctx.prec, before = 300, ctx.prec
    try:
        found = number(arb(1) / 3)
    finally:
        ctx.prec = before
    assert found.lower < Fraction(1, 3) < found.upper
    assert found.upper - found.lower <= Fraction(1, 10**29)
    for end in (found.lower, found.upper):
        assert (end * 10**31).denominator == 1


def test_an_equality_whose_ends_touch_is_open_for_the_audit_as_well():
    for left, right in (((0, 0), (0, 1)), ((0, 1), (1, 1)), ((0, 1), (0, 1))):
        found = evidence("x", Comparison("x", Interval(*left), "==", Interval(*right)))
        assert found.verdict == Verdict.INCONCLUSIVE
        assert not disagreements(ledger_of(found))
        assert disagreements(ledger_of(found, verdict=Verdict.VIOLATED))
        assert disagreements(ledger_of(found, verdict=Verdict.HOLDS))
