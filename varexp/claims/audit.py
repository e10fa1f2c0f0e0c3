"""The ledger decided a second time: from its text alone, in python-flint's rationals, by code of its own."""

from collections.abc import Mapping, Sequence
from typing import Any

from flint import fmpq, fmpz


def disagreements(ledger: Mapping[str, Any]) -> list[str]:
    """A line for every verdict that its own evidence does not give."""
    lines = []
    for claim in ledger["claims"]:
        for reading in claim["readings"]:
            cases = [_case(instance) for instance in reading["evidence"]["instances"]]
            for instance, found in zip(reading["evidence"]["instances"], cases, strict=True):
                if instance["verdict"] != found:
                    lines.append(
                        f"{claim['id']} ({reading['name']}), {instance['what']}: says {instance['verdict']}, "
                        f"its numbers say {found}"
                    )
            whole = _worst([case for case in cases if case != "HYPOTHESIS_NOT_MET"]) if cases else None
            if reading["verdict"] != (whole or "HYPOTHESIS_NOT_MET"):
                lines.append(f"{claim['id']} ({reading['name']}): says {reading['verdict']}, its cases say {whole}")
    return lines


def _case(instance: Mapping[str, Any]) -> str:
    if any(_decided(h) != "HOLDS" for h in instance["hypotheses"]):
        return "HYPOTHESIS_NOT_MET"
    return _worst([_decided(c) for c in instance["conclusions"]]) or "HOLDS"


def _worst(found: Sequence[str]) -> str | None:
    for verdict in ("VIOLATED", "INCONCLUSIVE", "HOLDS"):
        if verdict in found:
            return verdict
    return None


def _decided(comparison: Mapping[str, Any]) -> str:
    """By the sign of every difference right − left that the ends allow."""
    differences = [_rational(b) - _rational(a) for a in comparison["left"] for b in comparison["right"]]
    least, greatest = min(differences), max(differences)
    relation = comparison["relation"]
    if relation == "==":
        if least == greatest == 0:
            return "HOLDS"
        return "VIOLATED" if least > 0 or greatest < 0 else "INCONCLUSIVE"
    strict = relation == "<"
    if least > 0 or (least == 0 and not strict):
        return "HOLDS"
    if greatest < 0 or (greatest == 0 and strict):
        return "VIOLATED"
    return "INCONCLUSIVE"


def _rational(text: str) -> Any:
    numerator, _, denominator = text.partition("/")
    return fmpq(fmpz(numerator), fmpz(denominator or "1"))
