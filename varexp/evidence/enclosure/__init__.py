"""Chebyshev models that ride through plain torch code, and the search that turns them into certified sups.

`Enclosure` answers torch's functions with rigorous enclosures; `Search` bounds norms over a domain from both
sides. Nothing here knows of targets or models.
"""

from varexp.evidence.enclosure import arithmetic, axes
from varexp.evidence.enclosure.cells import Box, point
from varexp.evidence.enclosure.norms import norm_above, norm_below
from varexp.evidence.enclosure.protocol import Enclosure, UnknownOperationError
from varexp.evidence.enclosure.search import Goal, Search, Stage, Sup

RULES = (arithmetic, axes)  # importing them fills the table of operations

__all__ = [
    "Box",
    "Enclosure",
    "Goal",
    "Search",
    "Stage",
    "Sup",
    "UnknownOperationError",
    "norm_above",
    "norm_below",
    "point",
]
