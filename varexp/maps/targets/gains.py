"""Constants of the channel matrices in A'·φ(A·X), φ entrywise with slopes in [-1, 1]."""

import itertools

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.maps.constants import UNIT, Constant, enclose_operator_norm
from varexp.maps.norms import NormName

MOST_CHANNELS = 10  # for 2^channels sign patterns


def linear_gain(matrix: Float[Tensor, "channels channels"], norm: NormName) -> Constant:
    """Operator norm of X ↦ X A on token maps."""
    return enclose_operator_norm(matrix.T.contiguous(), "max" if norm == "max" else "frobenius")


def sandwich_gain(
    inner: Float[Tensor, "channels channels"], outer: Float[Tensor, "channels channels"], norm: NormName
) -> Constant:
    """sup over slopes D in [-1, 1]^channels of the norm of X ↦ (X A) D A'.

    rms, frobenius: at most ‖A‖‖A'‖, which is 1 up to rounding. max: a convex function of D, so its sup is at a corner
    ±1; above MOST_CHANNELS channels ‖A‖‖A'‖ again.
    """
    if norm != "max" or len(inner) > MOST_CHANNELS:
        return linear_gain(inner, norm) * linear_gain(outer, norm)
    corners = torch.tensor(list(itertools.product((-1.0, 1.0), repeat=len(inner))), dtype=torch.float64)
    best = float((inner @ (corners[:, :, None] * outer)).abs().sum(dim=1).max())
    slack = 4 * len(inner) * UNIT * float((inner.abs() @ outer.abs()).sum(dim=0).max())
    return Constant(best - slack, best + slack)
