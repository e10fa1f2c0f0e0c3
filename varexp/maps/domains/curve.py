"""curve: cos θ·B_1 + sin θ·B_2 for θ in [0, 2π], a circle of words."""

import math
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.maps.domains._plane import PlaneDomain
from varexp.maps.domains.base import TURN, Ends, register

CELLS = 2048  # of the cover


@register("curve")
class Curve(PlaneDomain):
    """One parameter, the angle."""

    training_words = 512
    sample_points = 512
    parameters = 1
    box: Ends = ((0.0,), (TURN,))

    def points(self, theta: Float[Any, "... parameters"]) -> Float[Any, "... tokens channels"]:
        return self.combination(torch.cat([theta.cos(), theta.sin()], dim=-1))

    def chart(self, u: Float[Any, "... parameters"]) -> Float[Any, "... parameters"]:
        return u

    def project(self, theta: Float[Tensor, "... parameters"]) -> Float[Tensor, "... parameters"]:
        return theta.remainder(2 * math.pi)

    def cover(self) -> tuple[Float[Tensor, "cells parameters"], float]:
        half = math.pi / CELLS
        return (2 * torch.arange(CELLS, dtype=torch.float64)[:, None] + 1) * half, half

    def spread(self, count: int, offset: float) -> Float[Tensor, "count parameters"]:
        return ((torch.arange(count, dtype=torch.float64) + offset) * (2 * math.pi / count))[:, None]

    def spacing(self, count: int) -> float:
        return 2 * math.pi / count
