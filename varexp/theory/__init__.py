"""What the paper says, as pure functions on numbers and intervals. Imports nothing else of varexp."""

from varexp.theory.bounds import amplifications, enclosed_bound, keff, printed, split, telescoped
from varexp.theory.interval import Interval
from varexp.theory.verdicts import Verdict, compare

__all__ = [
    "Interval",
    "Verdict",
    "amplifications",
    "compare",
    "enclosed_bound",
    "keff",
    "printed",
    "split",
    "telescoped",
]
