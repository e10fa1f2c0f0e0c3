"""The goal of a search, and its result."""

import math
from dataclasses import dataclass

from varexp.errors import bad_value
from varexp.theory.interval import Interval

FLOOR = 1e-10  # a sup below it counts as resolved, whatever its relative gap


@dataclass(frozen=True, kw_only=True)
class Goal:
    """The search ends at this relative gap, or after so many evaluations of a stage on a cell for one stage."""

    gap: float = 0.01
    evaluations: int = 20_000

    def __post_init__(self) -> None:
        if not isinstance(self.gap, int | float) or not 0 < self.gap < math.inf:
            raise bad_value("gap", self.gap, "a finite number above 0")
        if self.evaluations < 1:
            raise bad_value("evaluations", self.evaluations, "a whole number from 1 up")


@dataclass(frozen=True)
class Sup(Interval):
    """A sup between two ends. `place` holds parameters at which `lower` is attained; None if `lower` was given."""

    lower: float
    upper: float = math.inf
    place: tuple[float, ...] | None = None

    @property
    def gap(self) -> float:
        """upper/lower − 1, where FLOOR is subtracted from the upper end."""
        if self.lower > 0:
            return max(self.upper - FLOOR, 0.0) / self.lower - 1
        return math.inf if self.upper > FLOOR else 0.0
