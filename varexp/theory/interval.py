"""The one interval type: a real number that is known from below and perhaps from above."""

import math
from dataclasses import dataclass
from fractions import Fraction

Real = float | Fraction


@dataclass(frozen=True)
class Interval:
    """A real number between `lower` and `upper`, both included. `upper` = inf: nothing is known from above.

    Ends are floats or fractions. Nothing here rounds: whoever computes an end rounds it outwards.

    Raises:
        ValueError: an end is not a number, or the lower end lies above the upper one.
    """

    lower: Real
    upper: Real = math.inf

    def __post_init__(self) -> None:
        if not self.lower <= self.upper:  # true for nan
            raise ValueError(f"an interval needs lower <= upper, got [{self.lower}, {self.upper}]")

    @classmethod
    def exactly(cls, value: Real) -> "Interval":
        """The interval that holds one number."""
        return cls(value, value)

    @property
    def bounded(self) -> bool:
        """Whether the upper end is known."""
        return self.upper < math.inf

    @property
    def exact(self) -> bool:
        """Whether both ends are the same number."""
        return self.lower == self.upper

    def contains(self, value: Real) -> bool:
        """Whether `value` lies between the ends."""
        return self.lower <= value <= self.upper

    def __str__(self) -> str:
        return _text(self.lower) if self.exact else f"[{_text(self.lower)}, {_text(self.upper)}]"


def _text(end: Real) -> str:
    """Fractions of many digits as decimals."""
    return str(end) if len(str(end)) <= 24 else f"{float(end):.6g}"
