"""ball: combinations of the first cosine modes of a side, of rms norm at most 1."""

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.caching import cached_tensor
from varexp.maps.domains._unit_ball import UnitBall
from varexp.maps.domains.base import register
from varexp.maps.patterns import generator, mode_basis

MODES = 3  # cosine modes of each channel that span a ball


@register("ball")
class Ball(UnitBall):
    """A parameter for every mode and channel."""

    training_words = 4096
    sample_points = 4096

    @cached_tensor
    def basis(self) -> Float[Tensor, "features tokens channels"]:
        return mode_basis(self.side, self.channels, MODES)

    def spread(self, count: int, offset: float) -> Float[Tensor, "count parameters"]:
        """Random directions, and radii that are uniform in volume."""
        source = generator("ball", self.side, self.channels, count, offset)
        direction = torch.randn(count, self.parameters, dtype=torch.float64, generator=source)
        radius = torch.rand(count, 1, dtype=torch.float64, generator=source) ** (1 / self.parameters)
        return radius * direction / direction.norm(dim=1, keepdim=True)
