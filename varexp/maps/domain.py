"""Domains of words: low-dimensional families of token maps on which sups are meant, of any side.

Side 1 is the theorem's word, side 2 and up an image. Every domain is linear in its features: a point with parameters θ
is Σ_k features_k(θ)·B_k, with B_k fixed, rms-orthonormal token maps. `curve` and `disc` use two smooth random maps,
`ball` the first cosine modes.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.maps.norms import NormName, check_norm
from varexp.maps.patterns import cosine_modes, generator, smooth_pattern

KINDS = ("curve", "disc", "ball")
BALL_MODES = 3  # cosine modes of each channel that span a ball


@dataclass(frozen=True)
class Domain:
    """`kind`-`side`: a family of token maps (side², channels). Raises ValueError for what does not exist."""

    kind: str
    side: int
    channels: int = 2

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown domain {self.kind!r}: choose one of {', '.join(KINDS)}")
        if self.side < 1 or self.channels < 1:
            raise ValueError(f"a domain needs side and channels from 1 up, got {self.side} and {self.channels}")
        if self.kind != "ball" and self.side**2 * self.channels < 2:
            raise ValueError(
                f"{self.kind} needs side²·channels >= 2 for two orthonormal maps; got side {self.side} with "
                f"{self.channels} channel: use 2 channels or side 2"
            )

    @classmethod
    def parse(cls, name: str, channels: int = 2) -> "Domain":
        """From its column value, such as `curve-2`."""
        kind, _, side = name.partition("-")
        if not side.isdigit():
            raise ValueError(f"a domain is written kind-side, such as curve-2, disc-1 or ball-4; got {name!r}")
        return cls(kind, int(side), channels)

    def __str__(self) -> str:
        return f"{self.kind}-{self.side}"

    @cached_property
    def basis(self) -> Float[Tensor, "features tokens channels"]:
        """B_k: rms-orthonormal token maps."""
        tokens = self.side**2
        if self.kind == "ball":
            modes = cosine_modes(self.side)[: min(BALL_MODES, tokens)]  # modes tokens
            eye = torch.eye(self.channels, dtype=torch.float64) * math.sqrt(self.channels)
            return torch.einsum("mt,kc->mktc", modes, eye).reshape(-1, tokens, self.channels)
        source = generator("domain", self.side, self.channels)
        maps = torch.stack([smooth_pattern(self.side, self.channels, 2.0, source) for _ in range(2)])
        q, _ = torch.linalg.qr(maps.reshape(2, -1).T)  # entries 2
        return q.T.reshape(2, tokens, self.channels) * math.sqrt(tokens * self.channels)

    @property
    def parameters(self) -> int:
        """How many numbers name a point."""
        return 1 if self.kind == "curve" else len(self.basis)

    def points(self, theta: Float[Any, "... parameters"]) -> Float[Any, "... tokens channels"]:
        """The token maps with these parameters (curve: an angle; disc, ball: coordinates of norm at most 1)."""
        features = torch.cat([theta.cos(), theta.sin()], dim=-1) if self.kind == "curve" else theta
        return (features @ self.basis.to(theta.dtype).flatten(1)).unflatten(-1, tuple(self.basis.shape[1:]))

    @property
    def box(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Lower and upper ends of the coordinates that `chart` takes; angles go a little beyond a full turn."""
        turn, count = math.nextafter(2 * math.pi, math.inf), self.parameters
        if self.kind == "curve":
            return (0.0,), (turn,)
        if count == 1:
            return (-1.0,), (1.0,)
        return (0.0,) * count, (1.0, *[math.nextafter(math.pi, math.inf)] * (count - 2), turn)

    def chart(self, u: Float[Any, "... parameters"]) -> Float[Any, "... parameters"]:
        """Parameters from coordinates in `box`, onto the domain: the angle itself, or (hyper)spherical coordinates."""
        if self.parameters == 1:
            return u
        radius, coordinates = u[..., :1], []
        for i in range(1, self.parameters):
            coordinates.append(radius * u[..., i : i + 1].cos())
            radius = radius * u[..., i : i + 1].sin()
        return torch.cat([*coordinates, radius], dim=-1)

    def project(self, theta: Float[Tensor, "... parameters"]) -> Float[Tensor, "... parameters"]:
        """The nearest parameters inside the domain."""
        if self.kind == "curve":
            return theta.remainder(2 * math.pi)
        return theta / theta.norm(dim=-1, keepdim=True).clamp_min(1.0)

    def grid(self, count: int) -> Float[Tensor, "count parameters"]:
        """A fixed set of `count` parameters spread evenly over the domain, the training words."""
        return self._spread(count, offset=0.0)

    def sample(self, count: int) -> Float[Tensor, "count parameters"]:
        """A dense set of `count` parameters, even over the domain; no point is on a grid of as many or of half as many.

        Averages over it approximate the uniform measure (angle on the curve, area on the disc, volume on the ball).
        """
        return self._spread(count, offset=0.5)

    def _spread(self, count: int, offset: float) -> Tensor:
        if self.kind == "curve":
            return ((torch.arange(count, dtype=torch.float64) + offset) * (2 * math.pi / count))[:, None]
        if self.kind == "disc":
            return _sunflower(count, offset)
        source = generator("ball", self.side, self.channels, count, offset)
        direction = torch.randn(count, self.parameters, dtype=torch.float64, generator=source)
        radius = torch.rand(count, 1, dtype=torch.float64, generator=source) ** (1 / self.parameters)
        return radius * direction / direction.norm(dim=1, keepdim=True)

    def diameter(self, norm: NormName) -> float:
        """sup ‖x − x'‖ over the domain. Attained at two opposite points in all three kinds."""
        if check_norm(norm) == "max":
            return 2 * float(self.basis.square().sum(dim=0).max().sqrt())
        return 2.0 if norm == "rms" else 2.0 * math.sqrt(self.side**2 * self.channels)


def _sunflower(count: int, offset: float) -> Tensor:
    """Vogel's spiral: every point stands for the same area, neighbours a golden angle apart."""
    index = torch.arange(count, dtype=torch.float64)
    radius = ((index + 0.5) / count).sqrt()
    angle = (index + offset) * math.pi * (3 - math.sqrt(5))
    return torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)
