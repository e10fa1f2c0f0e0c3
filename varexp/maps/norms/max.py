"""max: the largest absolute value of an entry."""

import itertools
import math
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.enclosure.rounding import UNIT, gamma
from varexp.maps.constants import Constant
from varexp.maps.norms.base import NORMS, TokenNorm

MOST_CHANNELS = 10  # for 2^channels sign patterns
MOST_STARTS = 128


class Max(TokenNorm):
    """The largest absolute value of an entry; nothing in it rounds."""

    name = "max"

    def __call__(self, x: Float[Any, "... tokens channels"]) -> Float[Tensor, "..."]:
        return x.abs().amax(dim=(-2, -1))

    def roundings(self, entries: int) -> int:
        return 0

    def merged(self, norms: Float[Tensor, "... scales"], tokens: Sequence[int]) -> Float[Tensor, "... scales"]:
        return norms.cummax(dim=-1).values

    def steepest(self, gradient: Float[Tensor, "... tokens channels"]) -> Float[Tensor, "... tokens channels"]:
        return gradient.sign()

    def operator_norm(
        self, matrix: Float[Tensor, "rows columns"], off_by: Float[Tensor, "rows columns"] | None = None
    ) -> Constant:
        """The largest sum of absolute values in a row, by fsum, which is correctly rounded."""
        best = max(math.fsum(abs(entry) for entry in row) for row in matrix.tolist())
        missed = 0.0 if off_by is None else float(off_by.sum(dim=1).max()) * (1 + gamma(off_by.shape[1] + 2))
        return Constant(max(0.0, math.nextafter(best - missed, 0)), math.nextafter(best + missed, math.inf))

    def sandwich(
        self, inner: Float[Tensor, "channels channels"], outer: Float[Tensor, "channels channels"]
    ) -> Constant:
        """The norm is a convex function of D, so that its sup is at a corner ±1; with many channels ‖A‖‖A'‖."""
        if len(inner) > MOST_CHANNELS:
            return super().sandwich(inner, outer)
        corners = torch.tensor(list(itertools.product((-1.0, 1.0), repeat=len(inner))), dtype=torch.float64)
        best = float((inner @ (corners[:, :, None] * outer)).abs().sum(dim=1).max())
        slack = 4 * len(inner) * UNIT * float((inner.abs() @ outer.abs()).sum(dim=0).max())
        return Constant(best - slack, best + slack)

    def enclosing_ball(
        self, images: Float[Tensor, "points tokens channels"]
    ) -> tuple[Float[Tensor, "tokens channels"], float]:
        """The middle of each entry's range, and half the widest range: exact."""
        low, high = images.amin(dim=0), images.amax(dim=0)
        return (low + high) / 2, float(((high - low) / 2).max())

    def search_starts(self, starts: int, entries: int) -> int:
        return max(starts, min(MOST_STARTS, entries))

    def search_objective(self, difference: Float[Tensor, "starts tokens channels"]) -> Float[Tensor, "starts"]:
        """One entry of its own for each start, so that the search does not stop at the entry that happens to lead."""
        entries = difference.flatten(1)
        own = torch.arange(len(entries)) * entries.shape[1] // len(entries)
        return entries[torch.arange(len(entries)), own].abs()


MAX = NORMS.register("max", Max())
