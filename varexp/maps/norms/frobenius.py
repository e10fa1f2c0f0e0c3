"""frobenius: the root of the sum of squares."""

import math
from collections.abc import Sequence
from typing import Any

from jaxtyping import Float
from torch import Tensor

from varexp.maps.norms._euclidean import EuclideanNorm
from varexp.maps.norms.base import NORMS


class Frobenius(EuclideanNorm):
    """The Euclidean norm of all entries."""

    name = "frobenius"

    def __call__(self, x: Float[Any, "... tokens channels"]) -> Float[Tensor, "..."]:
        return x.square().sum(dim=(-2, -1)).sqrt()

    def merged(self, norms: Float[Tensor, "... scales"], tokens: Sequence[int]) -> Float[Tensor, "... scales"]:
        return norms.square().cumsum(dim=-1).sqrt()

    def span_radius(self, basis: Float[Tensor, "features tokens channels"]) -> float:
        """The root of the number of entries: the maps are orthonormal in rms."""
        return math.sqrt(basis[0].numel())

    def factor(self, entries: int) -> float:
        return 1.0

    def divisor(self, entries: int) -> float:
        return 1.0

    def scale(self, rows: int, columns: int) -> float:
        return 1.0


FROBENIUS = NORMS.register("frobenius", Frobenius())
