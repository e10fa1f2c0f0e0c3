"""The three norms of a token map. A cell has one of them, and every constant and error of the cell is in it."""

from collections.abc import Sequence
from typing import Any, Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor

NormName = Literal["rms", "max", "frobenius"]
NORMS: tuple[NormName, ...] = get_args(NormName)


def check_norm(norm: str) -> NormName:
    """Return `norm`, or raise ValueError naming the norms there are."""
    if norm not in NORMS:
        raise ValueError(f"unknown norm {norm!r}: choose one of {', '.join(NORMS)}")
    return norm


def token_norm(x: Float[Any, "... tokens channels"], norm: NormName) -> Float[Tensor, "..."]:
    """Norm of each token map.

    `rms` is Frobenius over the square root of the number of entries, so that a constant keeps its size at every side.
    """
    if norm == "max":
        return x.abs().amax(dim=(-2, -1))
    square = x.square()
    return (square.mean(dim=(-2, -1)) if norm == "rms" else square.sum(dim=(-2, -1))).sqrt()


def merged_norm(
    norms: Float[Tensor, "... scales"], tokens: Sequence[int], norm: NormName
) -> Float[Tensor, "... scales"]:
    """Norm of the first k token maps merged along space (Rem 3.5), for every k, from the norm of each."""
    if norm == "max":
        return norms.cummax(dim=-1).values
    squares = norms.square()
    if norm == "frobenius":
        return squares.cumsum(dim=-1).sqrt()
    counts = torch.tensor(list(tokens), dtype=norms.dtype)
    return ((counts * squares).cumsum(dim=-1) / counts.cumsum(dim=-1)).sqrt()


def steepest(gradient: Float[Tensor, "... tokens channels"], norm: NormName) -> Float[Tensor, "... tokens channels"]:
    """The direction of norm 1 along which a linear functional with this gradient grows fastest; 0 where it is 0."""
    if norm == "max":
        return gradient.sign()
    size = token_norm(gradient, norm)[..., None, None]
    return torch.where(size > 0, gradient / size.clamp_min(torch.finfo(gradient.dtype).tiny), 0.0)
