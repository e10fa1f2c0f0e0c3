"""box: Σ_k θ_k·B_k for θ in [-1, 1]^k, of up to four modes: coordinates that are free of each other."""

import math
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.caching import cached_tensor
from varexp.enclosure.halving import corner_signs
from varexp.maps.domains.base import Domain, Ends, register
from varexp.maps.norms import TokenNorm, find_norm
from varexp.maps.patterns import mode_basis

COORDINATES = 4  # at most


@register("box")
class BoxDomain(Domain):
    """The first cosine modes of each channel, mode by mode: a parameter for each, COORDINATES in all."""

    training_words = 4096
    sample_points = 4096

    @cached_tensor
    def basis(self) -> Float[Tensor, "features tokens channels"]:
        return mode_basis(self.side, self.channels, COORDINATES)[:COORDINATES]

    @property
    def parameters(self) -> int:
        return len(self.basis)

    @property
    def radius(self) -> float:  # type: ignore[override]
        """At a corner."""
        return math.sqrt(self.parameters)

    def diameter(self, norm: str | TokenNorm) -> float:
        """Between opposite corners."""
        return 2 * float(find_norm(norm)(self.points(corner_signs(self.parameters))).max())

    def points(self, theta: Float[Any, "... parameters"]) -> Float[Any, "... tokens channels"]:
        return self.combination(theta)

    @property
    def box(self) -> Ends:
        return (-1.0,) * self.parameters, (1.0,) * self.parameters

    def chart(self, u: Float[Any, "... parameters"]) -> Float[Any, "... parameters"]:
        return u

    def project(self, theta: Float[Tensor, "... parameters"]) -> Float[Tensor, "... parameters"]:
        return theta.clamp(-1.0, 1.0)

    def cover(self) -> tuple[Float[Tensor, "cells parameters"], float]:
        """The box itself, one cell."""
        return torch.zeros(1, self.parameters, dtype=torch.float64), 1.0

    def spread(self, count: int, offset: float) -> Float[Tensor, "count parameters"]:
        """Roberts' sequence: multiples of the powers of 1/φ, where φ^(parameters + 1) = φ + 1, modulo 1.

        The first points are the corners, or close to them.
        """
        phi = 2.0
        for _ in range(64):
            phi = (1 + phi) ** (1 / (self.parameters + 1))
        steps = torch.tensor([phi ** -(i + 1) for i in range(self.parameters)], dtype=torch.float64)
        index = torch.arange(count, dtype=torch.float64)[:, None] + offset
        points, corners = 2 * ((0.5 + index * steps) % 1.0) - 1, corner_signs(self.parameters)
        if count >= 2 * len(corners):
            points[: len(corners)] = corners * (1 - offset / 1000)
        return points
