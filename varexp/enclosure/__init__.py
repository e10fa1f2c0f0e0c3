"""Chebyshev models that ride through plain torch code, and the search that turns them into certified sups.

`Enclosure` answers torch's functions with rigorous enclosures; `Search` bounds norms over a domain from both
sides. Nothing here knows of targets or models.
"""

from varexp.enclosure import operations
from varexp.enclosure.cells import Box, point
from varexp.enclosure.norms import Norm
from varexp.enclosure.policy import RefinementPolicy
from varexp.enclosure.protocol import Enclosure
from varexp.enclosure.refusals import UnknownOperationError
from varexp.enclosure.search import Search, State, Transition
from varexp.enclosure.sup import Goal, Sup

__all__ = [
    "Box",
    "Enclosure",
    "Goal",
    "Norm",
    "RefinementPolicy",
    "Search",
    "State",
    "Sup",
    "Transition",
    "UnknownOperationError",
    "operations",  # imported for what it does: it fills the table of rules
    "point",
]
