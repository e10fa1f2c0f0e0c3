"""What a check hands over: comparisons of numbers that are known exactly or within exact ends. They decide the verdict.

Nothing here runs a model, and nothing is rounded: ends are fractions, and a ball is widened to decimals outwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from flint import arb, fmpz

from varexp.theory import Interval, Verdict, compare

DIGITS = 30  # to which the ends of balls are rounded outwards


def number(x: Any) -> Interval:
    """From an interval, a fraction, an integer, a float (exactly what it is) or a ball of python-flint: exact ends."""
    if isinstance(x, Interval):
        return x
    if isinstance(x, arb):
        if not x.is_finite():
            raise ValueError(f"a comparison needs a finite ball, got {x}: raise the precision")
        return Interval(_decimal(_dyadic(x.lower()), up=False), _decimal(_dyadic(x.upper()), up=True))
    return Interval.exactly(Fraction(x))


@dataclass(frozen=True)
class Comparison:
    """`left relation right`, with what the two sides are in words."""

    what: str
    left: Interval
    relation: str
    right: Interval

    @property
    def verdict(self) -> Verdict:
        """By intervals: HOLDS and VIOLATED for every value within the ends, else INCONCLUSIVE."""
        return compare(self.left, self.right, self.relation)

    def __str__(self) -> str:
        return f"{self.what}: {self.left} {self.relation} {self.right}"


def at_most(what: str, left: Any, right: Any) -> Comparison:
    """left <= right."""
    return Comparison(what, number(left), "<=", number(right))


def below(what: str, left: Any, right: Any) -> Comparison:
    """left < right."""
    return Comparison(what, number(left), "<", number(right))


def equal(what: str, left: Any, right: Any) -> Comparison:
    """left == right, which only exact numbers can show."""
    return Comparison(what, number(left), "==", number(right))


@dataclass(frozen=True)
class Instance:
    """One case of a statement: what it is, what the statement asks of it, and what it then says."""

    what: str
    conclusions: tuple[Comparison, ...]
    hypotheses: tuple[Comparison, ...] = ()

    @property
    def unmet(self) -> tuple[Comparison, ...]:
        """The hypotheses that are not shown to hold."""
        return tuple(h for h in self.hypotheses if h.verdict != Verdict.HOLDS)

    @property
    def verdict(self) -> Verdict:
        if self.unmet:
            return Verdict.HYPOTHESIS_NOT_MET
        found = {c.verdict for c in self.conclusions}
        return next((v for v in (Verdict.VIOLATED, Verdict.INCONCLUSIVE) if v in found), Verdict.HOLDS)


@dataclass(frozen=True)
class Evidence:
    """The cases that were checked, and numbers worth reading that decide nothing."""

    instances: tuple[Instance, ...]
    numbers: dict[str, str] = field(default_factory=dict)
    seed: int | None = None

    @property
    def verdict(self) -> Verdict:
        """Of a statement about every case: one that breaks it is enough, those outside its hypotheses say nothing."""
        found = {instance.verdict for instance in self.instances} - {Verdict.HYPOTHESIS_NOT_MET}
        if not found:
            return Verdict.HYPOTHESIS_NOT_MET
        return next((v for v in (Verdict.VIOLATED, Verdict.INCONCLUSIVE) if v in found), Verdict.HOLDS)


def evidence(what: str, *conclusions: Comparison, hypotheses: Sequence[Comparison] = (), **numbers: Any) -> Evidence:
    """Evidence of one case."""
    return Evidence((Instance(what, conclusions, tuple(hypotheses)),), {k: str(v) for k, v in numbers.items()})


def _dyadic(x: arb) -> Fraction:
    mantissa, exponent = x.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(fmpz(exponent))


def _decimal(x: Fraction, up: bool) -> Fraction:
    """The nearest decimal of DIGITS digits on one side of x."""
    if x == 0:
        return x
    shift = DIGITS - (len(str(abs(x.numerator))) - len(str(x.denominator)))
    scaled = x * Fraction(10) ** shift
    whole = scaled.numerator // scaled.denominator
    if up and scaled.denominator != 1:
        whole += 1
    return whole / Fraction(10) ** shift
