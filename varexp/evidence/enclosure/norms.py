"""Bounds of the norm of a Chebyshev model over each cell, from both sides."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.evidence.enclosure.chebyshev import ChebyshevModel
from varexp.maps.constants import UNIT, gamma
from varexp.maps.norms import NormName


def norm_above(x: ChebyshevModel, norm: NormName) -> Float[Tensor, "cells"]:
    """An upper bound of sup ‖x(t)‖ over each cell of token maps (cells, tokens, channels); infinite if undefined.

    rms, frobenius: the square of the polynomial's norm is one polynomial, whose range Bernstein coefficients bound;
    the rest is added by the triangle inequality. max: entry by entry.
    """
    P, rest = x.P.flatten(2), x.rest().flatten(1)  # coefficients cells entries
    entries, most = rest.shape[1], P.abs().sum(dim=0)
    if norm == "max":
        matrix = x.ring.linear_range_matrix()
        ends = (P.movedim(0, -1) @ matrix).abs().amax(dim=-1)  # cells entries
        rounding = gamma(2 * len(x.ring) + 8) * float(matrix.abs().max())
        high = ((ends + rounding * most + rest) * (1 + 8 * UNIT)).amax(dim=1)
        return torch.nan_to_num(high, nan=math.inf, posinf=math.inf)
    P = P.transpose(0, 1)  # cells monomials entries
    matrix = x.ring.range_matrix()
    squares = ((P @ P.mT).flatten(1) @ matrix).amax(dim=1).clamp_min(0)
    rounding = gamma(entries + len(x.ring) ** 2 + 16) * float(matrix.abs().max())
    squares = squares + rounding * most.square().sum(dim=1)
    up = 1 + gamma(entries + 32)
    high = (squares.sqrt() + rest.square().sum(dim=1).sqrt()) * up
    return torch.nan_to_num(high * (_share(entries, norm) * up), nan=math.inf, posinf=math.inf)


def norm_below(x: ChebyshevModel, norm: NormName) -> Float[Tensor, "cells"]:
    """A lower bound of ‖x‖ at the middle of each cell, so of its sup: the centre's norm minus that of the rest."""
    centre, rest = torch.tensordot(x.ring.middle, x.P, dims=1).flatten(1), x.rest().flatten(1)
    if len(x.ring) > 1:
        rest = rest + gamma(len(x.ring) + 4) * x.P.abs().sum(dim=0).flatten(1)
    if norm == "max":
        return torch.nan_to_num((centre.abs() - rest).amax(dim=1) * (1 - 8 * UNIT), nan=0.0).clamp_min(0)
    down, up = 1 - gamma(centre.shape[1] + 32), 1 + gamma(centre.shape[1] + 32)
    low = centre.square().sum(dim=1).sqrt() * down - rest.square().sum(dim=1).sqrt() * up
    return torch.nan_to_num(low * (_share(centre.shape[1], norm) * down), nan=0.0, neginf=0.0).clamp_min(0)


def _share(entries: int, norm: NormName) -> float:
    return 1 / math.sqrt(entries) if norm == "rms" else 1.0
