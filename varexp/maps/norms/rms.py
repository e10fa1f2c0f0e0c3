"""rms: Frobenius over the square root of the number of entries, so that a constant keeps its size at every side."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.maps.norms._euclidean import EuclideanNorm
from varexp.maps.norms.base import NORMS


class Rms(EuclideanNorm):
    """The root of the mean square of all entries."""

    name = "rms"

    def __call__(self, x: Float[Any, "... tokens channels"]) -> Float[Tensor, "..."]:
        return x.square().mean(dim=(-2, -1)).sqrt()

    def merged(self, norms: Float[Tensor, "... scales"], tokens: Sequence[int]) -> Float[Tensor, "... scales"]:
        counts = torch.tensor(list(tokens), dtype=norms.dtype)
        return ((counts * norms.square()).cumsum(dim=-1) / counts.cumsum(dim=-1)).sqrt()

    def span_radius(self, basis: Float[Tensor, "features tokens channels"]) -> float:
        """1: the maps are orthonormal in this norm."""
        return 1.0

    def factor(self, entries: int) -> float:
        return 1 / math.sqrt(entries)

    def divisor(self, entries: int) -> float:
        return math.sqrt(entries)

    def scale(self, rows: int, columns: int) -> float:
        return math.sqrt(columns / rows)


RMS = NORMS.register("rms", Rms())
