"""The common part of disc and ball: parameters in the Euclidean unit ball, with spherical coordinates."""

import math
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.maps.domains.base import TURN, Domain, Ends

CARTESIAN = 4  # parameters


class UnitBall(Domain):
    """Σ_k θ_k·B_k over |θ|_2 <= 1."""

    @property
    def parameters(self) -> int:
        return len(self.basis)

    def points(self, theta: Float[Any, "... parameters"]) -> Float[Any, "... tokens channels"]:
        return self.combination(theta)

    @property
    def box(self) -> Ends:
        """One parameter: itself. More: a radius, angles in [0, π], and an angle of a full turn. From CARTESIAN
        parameters on: themselves, in the cube around the ball, since cells in many angles are far from cubes."""
        count = self.parameters
        if count == 1 or count >= CARTESIAN:
            return (-1.0,) * count, (1.0,) * count
        return (0.0,) * count, (1.0, *[math.nextafter(math.pi, math.inf)] * (count - 2), TURN)

    @property
    def first_cells(self) -> tuple[int, ...]:
        """Cells about as long as wide: a turn is about six times as long as the radius."""
        count = self.parameters
        return {2: (9, 36), 3: (3, 6, 12)}.get(count, super().first_cells)

    def chart(self, u: Float[Any, "... parameters"]) -> Float[Any, "... parameters"]:
        if self.parameters == 1 or self.parameters >= CARTESIAN:
            return u
        radius, coordinates = u[..., :1], []
        for i in range(1, self.parameters):
            coordinates.append(radius * u[..., i : i + 1].cos())
            radius = radius * u[..., i : i + 1].sin()
        return torch.cat([*coordinates, radius], dim=-1)

    def meets(self, middle: Float[Tensor, "cells parameters"], radius: Float[Tensor, "cells parameters"]) -> Any:
        """Cells of the cube that the ball does not reach are left out."""
        if not self.parameters >= CARTESIAN:
            return super().meets(middle, radius)
        nearest = (middle.abs() - radius).clamp_min(0)
        return nearest.square().sum(dim=1) <= 1 + 1e-12

    def project(self, theta: Float[Tensor, "... parameters"]) -> Float[Tensor, "... parameters"]:
        return theta / theta.norm(dim=-1, keepdim=True).clamp_min(1.0)

    def cover(self) -> tuple[Float[Tensor, "cells parameters"], float]:
        """One cell, the square around the ball."""
        return torch.zeros(1, self.parameters, dtype=torch.float64), 1.0

    def cell_radius(self, half: float) -> float:
        """1 for that cell, since the ball does not reach its corners."""
        return 1.0 if half == 1.0 else super().cell_radius(half)
