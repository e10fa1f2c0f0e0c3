"""Verdicts on an inequality between two numbers that are known only as intervals. No slack constant anywhere."""

from collections.abc import Callable
from enum import StrEnum

from varexp.theory.interval import Interval


class Verdict(StrEnum):
    """What the evidence says of a claim, on the domain and in the norm that the evidence names."""

    HOLDS = "HOLDS"
    VIOLATED = "VIOLATED"
    INCONCLUSIVE = "INCONCLUSIVE"
    HYPOTHESIS_NOT_MET = "HYPOTHESIS_NOT_MET"


Decision = Callable[[Interval, Interval], tuple[bool, bool]]  # (true of all values, false of all values)

RELATIONS: dict[str, Decision] = {
    "<=": lambda a, b: (a.upper <= b.lower, a.lower > b.upper),
    "<": lambda a, b: (a.upper < b.lower, a.lower >= b.upper),
    "==": lambda a, b: (a.exact and b.exact and a.lower == b.lower, a.upper < b.lower or b.upper < a.lower),
}


def compare(left: Interval, right: Interval, relation: str = "<=") -> Verdict:
    """Whether `left relation right` is true of all values within the ends, of none, or of some.

    Raises:
        ValueError: a relation that is not one of RELATIONS.
    """
    if relation not in RELATIONS:
        raise ValueError(f"unknown relation {relation!r}: choose one of {', '.join(RELATIONS)}")
    holds, fails = RELATIONS[relation](left, right)
    return Verdict.HOLDS if holds else Verdict.VIOLATED if fails else Verdict.INCONCLUSIVE


def theorem_5_6(lipschitz: float, formula: Verdict) -> Verdict:
    """Theorem 5.6 as printed: its hypothesis, by the lower end of K_2, first; then the verdict on its formula."""
    return formula if lipschitz > 2 else Verdict.HYPOTHESIS_NOT_MET


def vacuous(bound: Interval, constant: Interval) -> bool | None:
    """Whether a bound promises no more than the best constant prediction does; None when the ends cannot decide."""
    if constant.bounded and bound.lower >= constant.upper:
        return True
    if bound.upper < constant.lower:
        return False
    return None
