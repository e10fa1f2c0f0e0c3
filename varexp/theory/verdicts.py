"""Verdicts on an inequality between two numbers that are known only as intervals. No slack constant anywhere."""

from enum import StrEnum
from fractions import Fraction


class Verdict(StrEnum):
    """What the evidence says of a claim, on the domain and in the norm that the evidence names."""

    HOLDS = "HOLDS"
    VIOLATED = "VIOLATED"
    INCONCLUSIVE = "INCONCLUSIVE"
    HYPOTHESIS_NOT_MET = "HYPOTHESIS_NOT_MET"


End = float | Fraction | None  # None is unknown


def compare(error_lower: End, error_upper: End, bound_lower: End, bound_upper: End) -> Verdict:
    """Decide error <= bound from [error_lower, error_upper] and [bound_lower, bound_upper]."""
    if error_upper is not None and bound_lower is not None and error_upper <= bound_lower:
        return Verdict.HOLDS
    if error_lower is not None and bound_upper is not None and error_lower > bound_upper:
        return Verdict.VIOLATED
    return Verdict.INCONCLUSIVE


def theorem_5_6(lipschitz_lower: float, formula: Verdict) -> Verdict:
    """Theorem 5.6 as printed: its hypothesis K_2 > 2 first, then the verdict on its formula."""
    return formula if lipschitz_lower > 2 else Verdict.HYPOTHESIS_NOT_MET


def vacuous(
    bound_lower: float | None,
    bound_upper: float | None,
    constant_lower: float | None,
    constant_upper: float | None,
) -> bool | None:
    """Whether the bound promises no more than the best constant prediction does; None when the ends cannot decide."""
    if bound_lower is not None and constant_upper is not None and bound_lower >= constant_upper:
        return True
    if bound_upper is not None and constant_lower is not None and bound_upper < constant_lower:
        return False
    return None
