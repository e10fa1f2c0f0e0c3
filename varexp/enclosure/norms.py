"""The protocol of a norm, and upper and lower bounds of the norm of a Chebyshev model on each cell."""

import math
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.enclosure import libm
from varexp.enclosure.halving import corner_signs
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.rounding import SMALLEST, TINY, UNIT, gamma, tiny_where

LARGEST_SQUARE, SMALLEST_SQUARE = 1e140, 1e-130  # of entries whose squares are far from overflow and underflow


class Norm(ABC):
    """A norm of token maps that depends on the absolute values of their entries alone, and grows with each of them.

    `upper_bound` and `lower_bound` need no more than that. A norm whose square is a polynomial has sharper bounds
    (`euclidean_upper_bound`, `euclidean_lower_bound`).
    """

    name: ClassVar[str]

    @abstractmethod
    def __call__(self, x: Float[Any, "... tokens channels"]) -> Float[Tensor, "..."]:
        """The norm of each token map, in plain torch."""

    def __str__(self) -> str:
        return self.name

    def roundings(self, entries: int) -> int:
        """The largest number of roundings that enter the computed norm of so many numbers."""
        return entries + 32

    def upper_bound(self, x: ChebyshevModel) -> Float[Tensor, "cells"]:
        """An upper bound of sup ‖x(t)‖ over each cell of (cells, tokens, channels); infinite where x is undefined."""
        entries = bound_entries(x)
        high = self(entries) * (1 + gamma(self.roundings(entries[0].numel())))
        return torch.nan_to_num(high, nan=math.inf, posinf=math.inf)

    def lower_bound(self, x: ChebyshevModel) -> Float[Tensor, "cells"]:
        """A lower bound of ‖x‖ at the middle of each cell, and so of its sup."""
        centre, uncertainty = value_at_middle(x)
        entries = ((centre.abs() - uncertainty) * (1 - 8 * UNIT)).clamp_min(0).reshape(x.remainder.shape)
        low = self(entries) * (1 - gamma(self.roundings(entries[0].numel())))
        return torch.nan_to_num(low, nan=0.0, posinf=0.0).clamp_min(0)


def upper_bound(norm: Norm, x: ChebyshevModel) -> Float[Tensor, "cells"]:
    """An upper bound of sup ‖x‖ over each cell, for a model whose symbols are parameters, or without any.

    A norm is convex, so that ‖P + Σ G_s y_s‖ is largest at a corner of the cube of all y.
    """
    if not x.symbols:
        return norm.upper_bound(x)
    corners, count = corner_signs(len(x.symbols)), len(x.symbols)
    shape = x.remainder.shape
    moved = (corners @ x.generators.flatten(1)).reshape(-1, *shape)  # corners cells tokens channels
    rounding = gamma(count + 4) * x.magnitude + TINY
    P = (x.polynomial + moved).reshape(1, -1, *shape[1:])
    R = ((x.remainder + rounding) * (1 + 4 * UNIT)).expand(len(corners), *shape).reshape(-1, *shape[1:])
    at_corners = ChebyshevModel(x.ring, P, P[:0], R, (P[0].abs() + R) * (1 + 4 * UNIT))
    return norm.upper_bound(at_corners).reshape(len(corners), -1).amax(dim=0)


def lower_bound(norm: Norm, x: ChebyshevModel) -> Float[Tensor, "cells"]:
    """A lower bound of ‖x‖ at the middle of each cell, where parameters are 0."""
    return norm.lower_bound(replace(x, generators=x.generators[:0], symbols=(), derived={}) if x.symbols else x)


def safe_norm(norm: Norm, x: Float[Tensor, "points tokens channels"]) -> Float[Tensor, "points"]:
    """The norm of each token map in plain torch; where squares would overflow or vanish, of a multiple by 2^k."""
    size = x.detach().abs().flatten(1).amax(dim=1)
    outside = ((size > LARGEST_SQUARE) | ((size < SMALLEST_SQUARE) & (size > 0))) & size.isfinite()
    if not bool(outside.any()):
        return norm(x)
    exponent = torch.where(outside, size.frexp().exponent, 0).clamp(-1021, 1022)
    scale = torch.ldexp(torch.ones_like(size), exponent)
    return norm(x / scale[:, None, None]) * scale


def bound_entries(x: ChebyshevModel) -> Float[Tensor, "cells tokens channels"]:
    """An upper bound of sup |entry| over each cell, from Bernstein coefficients."""
    matrix, P = x.ring.bernstein_of_polynomials(), x.polynomial.flatten(2)
    ends = (P.movedim(0, -1) @ matrix).abs().amax(dim=-1)  # cells entries
    rounding = gamma(2 * len(x.ring) + 8) * float(matrix.abs().max())
    high = (ends + rounding * P.abs().sum(dim=0) + x.uncertainty().flatten(1)) * (1 + 8 * UNIT)
    return high.reshape(x.remainder.shape)


def value_at_middle(x: ChebyshevModel) -> tuple[Float[Tensor, "cells entries"], Float[Tensor, "cells entries"]]:
    """The polynomial at the middle of each cell, and a bound of its distance from every value of the model there."""
    centre, uncertainty = (
        torch.tensordot(x.ring.values_at_middle, x.polynomial, dims=1).flatten(1),
        x.uncertainty().flatten(1),
    )
    if len(x.ring) > 1:
        uncertainty = uncertainty + gamma(len(x.ring) + 4) * x.polynomial.abs().sum(dim=0).flatten(1)
    return centre, uncertainty


def euclidean_upper_bound(x: ChebyshevModel, factor: float) -> Float[Tensor, "cells"]:
    """An upper bound of sup factor·‖x(t)‖_2 over each cell.

    The square of the polynomial's norm is one polynomial, whose largest Bernstein coefficient bounds it. The norm of
    the uncertainty is added by the triangle inequality.
    """
    scale = _power_of_two(x)
    if scale is not None:
        return euclidean_upper_bound(_divided(x, scale), factor) * scale + SMALLEST
    P, uncertainty = x.polynomial.flatten(2), x.uncertainty().flatten(1)  # coefficients cells entries
    entries, largest = uncertainty.shape[1], P.abs().sum(dim=0)
    P = P.transpose(0, 1)  # cells coefficients entries
    matrix = x.ring.bernstein_of_products()
    squares = ((P @ P.mT).flatten(1) @ matrix).amax(dim=1).clamp_min(0)
    rounding = gamma(entries + len(x.ring) ** 2 + 16) * float(matrix.abs().max())
    squares = squares + rounding * largest.square().sum(dim=1) + underflow_of_squares(largest)
    up = 1 + gamma(entries + 32)
    rest = uncertainty.square().sum(dim=1) + underflow_of_squares(uncertainty)
    high = (libm.sqrt(squares) + libm.sqrt(rest)) * up
    return torch.nan_to_num(high * (factor * up), nan=math.inf, posinf=math.inf)


def euclidean_lower_bound(x: ChebyshevModel, factor: float) -> Float[Tensor, "cells"]:
    """A lower bound of factor·‖x‖_2 at the middle of each cell: the centre's norm minus that of the uncertainty."""
    scale = _power_of_two(x)
    if scale is not None:
        low = euclidean_lower_bound(_divided(x, scale), factor) * scale - SMALLEST
        return torch.nan_to_num(low, nan=0.0, posinf=0.0).clamp_min(0)
    centre, uncertainty = value_at_middle(x)
    down, up = 1 - gamma(centre.shape[1] + 32), 1 + gamma(centre.shape[1] + 32)
    rest = uncertainty.square().sum(dim=1) + underflow_of_squares(uncertainty)
    squares = (centre.square().sum(dim=1) - underflow_of_squares(centre)).clamp_min(0)
    low = libm.sqrt(squares) * down - libm.sqrt(rest) * up
    return torch.nan_to_num(low * (factor * down), nan=0.0, posinf=0.0, neginf=0.0).clamp_min(0)


def underflow_of_squares(entries: Float[Tensor, "cells entries"]) -> Float[Tensor, "cells"]:
    """What the squares of entries may lose by underflow; nothing where all entries are 0."""
    return TINY * (entries != 0).sum(dim=1, dtype=torch.float64)


def _power_of_two(x: ChebyshevModel) -> Float[Tensor, "cells"] | None:
    """Powers of 2 by which every cell can be divided so that squares neither overflow nor vanish; None if none need it.

    A cell without a finite bound is left as it is.
    """
    size = x.magnitude.flatten(1).amax(dim=1)
    outside = (size > LARGEST_SQUARE) | ((size < SMALLEST_SQUARE) & (size > 0))
    if not bool((outside & size.isfinite()).any()):
        return None
    exponent = torch.where(outside & size.isfinite(), size.frexp().exponent, 0)
    return torch.ldexp(torch.ones_like(size), exponent.clamp(-1021, 1022))


def _divided(x: ChebyshevModel, scale: Float[Tensor, "cells"]) -> ChebyshevModel:
    """x over a power of 2 a cell: exact but for underflow, which TINY covers."""
    by_cell = scale.reshape(-1, *(1,) * (x.remainder.dim() - 1))
    vanishing = tiny_where(by_cell != 1)
    polynomial, generators, magnitude = x.polynomial / by_cell, x.generators / by_cell, x.magnitude / by_cell
    remainder = x.remainder / by_cell + vanishing
    return ChebyshevModel(x.ring, polynomial, generators, remainder, magnitude + vanishing, x.symbols)
