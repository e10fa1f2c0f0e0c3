"""The protocol of a norm, and its bounds on a Chebyshev model over each cell, from both sides."""

import math
from abc import ABC, abstractmethod
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.rounding import UNIT, gamma


class Norm(ABC):
    """A norm of token maps that depends on the absolute values of their entries alone, and grows with each of them.

    The bounds below need no more than that. A norm whose square is a polynomial has sharper ones
    (`euclidean_upper_bound`, `euclidean_lower_bound`).
    """

    name: ClassVar[str]

    @abstractmethod
    def __call__(self, x: Float[Any, "... tokens channels"]) -> Float[Tensor, "..."]:
        """The norm of each token map, in plain torch."""

    def __str__(self) -> str:
        return self.name

    def roundings(self, entries: int) -> int:
        """How many roundings the computed norm of so many numbers went through at most."""
        return entries + 32

    def upper_bound(self, x: ChebyshevModel) -> Float[Tensor, "cells"]:
        """An upper bound of sup ‖x(t)‖ over each cell of (cells, tokens, channels); infinite where x is undefined."""
        entries = entry_bounds(x)
        high = self(entries) * (1 + gamma(self.roundings(entries[0].numel())))
        return torch.nan_to_num(high, nan=math.inf, posinf=math.inf)

    def lower_bound(self, x: ChebyshevModel) -> Float[Tensor, "cells"]:
        """A lower bound of ‖x‖ at the middle of each cell, and so of its sup."""
        centre, rest = middle_of(x)
        entries = ((centre.abs() - rest) * (1 - 8 * UNIT)).clamp_min(0).reshape(x.R.shape)
        low = self(entries) * (1 - gamma(self.roundings(entries[0].numel())))
        return torch.nan_to_num(low, nan=0.0).clamp_min(0)


def entry_bounds(x: ChebyshevModel) -> Float[Tensor, "cells tokens channels"]:
    """An upper bound of sup |entry| over each cell, from Bernstein coefficients."""
    matrix, P = x.ring.linear_range_matrix(), x.P.flatten(2)
    ends = (P.movedim(0, -1) @ matrix).abs().amax(dim=-1)  # cells entries
    rounding = gamma(2 * len(x.ring) + 8) * float(matrix.abs().max())
    high = (ends + rounding * P.abs().sum(dim=0) + x.rest().flatten(1)) * (1 + 8 * UNIT)
    return high.reshape(x.R.shape)


def middle_of(x: ChebyshevModel) -> tuple[Float[Tensor, "cells entries"], Float[Tensor, "cells entries"]]:
    """The value at the middle of each cell, and what it is off by at most."""
    centre, rest = torch.tensordot(x.ring.middle, x.P, dims=1).flatten(1), x.rest().flatten(1)
    if len(x.ring) > 1:
        rest = rest + gamma(len(x.ring) + 4) * x.P.abs().sum(dim=0).flatten(1)
    return centre, rest


def euclidean_upper_bound(x: ChebyshevModel, factor: float) -> Float[Tensor, "cells"]:
    """An upper bound of sup factor·‖x(t)‖_2 over each cell.

    The square of the polynomial's norm is one polynomial, whose range Bernstein coefficients bound; the rest is added
    by the triangle inequality.
    """
    P, rest = x.P.flatten(2), x.rest().flatten(1)  # coefficients cells entries
    entries, most = rest.shape[1], P.abs().sum(dim=0)
    P = P.transpose(0, 1)  # cells coefficients entries
    matrix = x.ring.range_matrix()
    squares = ((P @ P.mT).flatten(1) @ matrix).amax(dim=1).clamp_min(0)
    rounding = gamma(entries + len(x.ring) ** 2 + 16) * float(matrix.abs().max())
    squares = squares + rounding * most.square().sum(dim=1)
    up = 1 + gamma(entries + 32)
    high = (squares.sqrt() + rest.square().sum(dim=1).sqrt()) * up
    return torch.nan_to_num(high * (factor * up), nan=math.inf, posinf=math.inf)


def euclidean_lower_bound(x: ChebyshevModel, factor: float) -> Float[Tensor, "cells"]:
    """A lower bound of factor·‖x‖_2 at the middle of each cell: the centre's norm minus that of the rest."""
    centre, rest = middle_of(x)
    down, up = 1 - gamma(centre.shape[1] + 32), 1 + gamma(centre.shape[1] + 32)
    low = centre.square().sum(dim=1).sqrt() * down - rest.square().sum(dim=1).sqrt() * up
    return torch.nan_to_num(low * (factor * down), nan=0.0, neginf=0.0).clamp_min(0)
