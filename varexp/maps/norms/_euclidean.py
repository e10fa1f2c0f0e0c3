"""The common part of rms and Frobenius: both are the Euclidean norm of all entries, times a number."""

import math
from abc import abstractmethod

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.norms import euclidean_lower_bound, euclidean_upper_bound
from varexp.enclosure.rounding import UNIT, gamma
from varexp.maps.constants import Constant, singular_value_bounds
from varexp.maps.norms.base import TokenNorm

ITERATIONS = 400  # of Frank and Wolfe's method


class EuclideanNorm(TokenNorm):
    """‖x‖ = factor(entries)·‖x‖_2."""

    @abstractmethod
    def factor(self, entries: int) -> float:
        """What the Euclidean norm of so many entries is multiplied by."""

    def upper_bound(self, x: ChebyshevModel) -> Float[Tensor, "cells"]:
        return euclidean_upper_bound(x, self.factor(x.remainder[0].numel()))

    def lower_bound(self, x: ChebyshevModel) -> Float[Tensor, "cells"]:
        return euclidean_lower_bound(x, self.factor(x.remainder[0].numel()))

    def steepest(self, gradient: Float[Tensor, "... tokens channels"]) -> Float[Tensor, "... tokens channels"]:
        size = self(gradient)[..., None, None]
        return torch.where(size > 0, gradient / size.clamp_min(torch.finfo(gradient.dtype).tiny), 0.0)

    def operator_norm(
        self, matrix: Float[Tensor, "rows columns"], off_by: Float[Tensor, "rows columns"] | None = None
    ) -> Constant:
        """σ_max, times factor(rows)/factor(columns)."""
        lower, upper = singular_value_bounds(matrix)
        if off_by is not None:
            missed = float(off_by.norm()) * (1 + gamma(off_by.numel() + 2))
            lower, upper = max(lower - missed, 0.0), (upper + missed) * (1 + 2 * UNIT)
        scale = self.scale(*matrix.shape)
        slack = 0.0 if scale == 1.0 else 4 * UNIT
        return Constant(lower * scale * (1 - slack), upper * scale * (1 + slack))

    @abstractmethod
    def scale(self, rows: int, columns: int) -> float:
        """factor(rows)/factor(columns), correct to four roundings."""

    def enclosing_ball(
        self, images: Float[Tensor, "points tokens channels"]
    ) -> tuple[Float[Tensor, "tokens channels"], float]:
        """From the dual: for weights λ summing to 1, radius² >= Σ λ_i ‖p_i‖² − ‖Σ λ_i p_i‖² (Yıldırım 2008).

        Frank and Wolfe's steps with exact line search improve λ.
        """
        points = (images - images[0]).flatten(1)  # shifted: the formula subtracts squares
        squares = points.square().sum(dim=1)
        centre, mean_square = points.mean(dim=0), float(squares.mean())
        best = 0.0
        for _ in range(ITERATIONS):
            radius_squared = mean_square - float(centre.square().sum())  # of the dual
            best = max(best, radius_squared)
            distances = squares - 2 * (points @ centre) + centre.square().sum()
            far = int(distances.argmax())
            gap = float(distances[far]) - radius_squared
            if gap <= 1e-9 * radius_squared:
                break
            # along λ + s(e_far − λ) the dual changes by s·gap − s²·‖p_far − centre‖²
            share = min(1.0, gap / (2 * float(distances[far]))) if float(distances[far]) > 0 else 0.0
            mean_square += share * (float(squares[far]) - mean_square)
            centre = centre + share * (points[far] - centre)
        return images[0] + centre.reshape(images.shape[1:]), math.sqrt(best) / self.divisor(points.shape[1])

    @abstractmethod
    def divisor(self, entries: int) -> float:
        """1/factor(entries), rounded once."""
