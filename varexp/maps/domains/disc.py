"""disc: θ_1·B_1 + θ_2·B_2 over θ_1² + θ_2² <= 1, a disc of words."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.maps.domains._plane import PlaneDomain
from varexp.maps.domains._unit_ball import UnitBall
from varexp.maps.domains.base import register

CELLS_ALONG = 45  # cells of the cover along each axis


@register("disc")
class Disc(UnitBall, PlaneDomain):
    """Two parameters, Cartesian coordinates in the unit disc."""

    training_words = 1024
    sample_points = 2048

    def cover(self) -> tuple[Float[Tensor, "cells parameters"], float]:
        axis = (2 * torch.arange(CELLS_ALONG, dtype=torch.float64) + 1) / CELLS_ALONG - 1
        return torch.cartesian_prod(axis, axis), 1 / CELLS_ALONG

    def spread(self, count: int, offset: float) -> Float[Tensor, "count parameters"]:
        """Vogel's spiral: every point stands for the same area, neighbours are a golden angle apart."""
        index = torch.arange(count, dtype=torch.float64)
        radius = ((index + 0.5) / count).sqrt()
        angle = (index + offset) * math.pi * (3 - math.sqrt(5))
        return torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)
