"""The common part of curve and disc: two smooth random token maps that are orthonormal in rms."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.caching import cached_tensor
from varexp.maps.domains.base import Domain
from varexp.maps.patterns import generator, smooth_pattern

SMOOTHNESS = 2.0


class PlaneDomain(Domain):
    """Words in the plane of two token maps B_1, B_2."""

    def check(self) -> None:
        if self.side**2 * self.channels < 2:
            raise ValueError(
                f"{self.kind} needs side²·channels >= 2 for two orthonormal maps; got side {self.side} with "
                f"{self.channels} channel: use 2 channels or side 2"
            )

    @cached_tensor
    def basis(self) -> Float[Tensor, "features tokens channels"]:
        tokens = self.side**2
        source = generator("domain", self.side, self.channels)
        maps = torch.stack([smooth_pattern(self.side, self.channels, SMOOTHNESS, source) for _ in range(2)])
        q, _ = torch.linalg.qr(maps.reshape(2, -1).T)  # entries 2
        return q.T.reshape(2, tokens, self.channels) * math.sqrt(tokens * self.channels)
