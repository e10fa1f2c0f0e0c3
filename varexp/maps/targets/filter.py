"""f(X) = K·C X with C an orthogonal circulant on the pixel grid: a phase filter, the same on every channel."""

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.caching import cached_tensor
from varexp.maps.constants import Constant, Kind, product_rounding
from varexp.maps.interpolation import resample
from varexp.maps.norms import TokenNorm
from varexp.maps.targets.base import FeatureMap, register


@register("filter")
@dataclass(frozen=True, kw_only=True)
class Filter(FeatureMap):
    """|transfer function| = 1: the rms constant is K‖C g‖ = K‖g‖, the max constant K·Σ|h| (row sums of C g)."""

    kind: ClassVar[Kind] = "exact"

    @cached_tensor
    def impulse(self) -> Float[Tensor, "side side"]:
        """h: inverse transform of Hermitian random phases, 0 or π at DC and Nyquist."""
        white = torch.randn(self.side, self.side, dtype=torch.float64, generator=self.random("phase"))
        spectrum = torch.fft.fft2(white)  # of real noise, so Hermitian
        return torch.fft.ifft2(spectrum / spectrum.abs()).real

    @cached_tensor
    def tokens(self) -> Float[Tensor, "tokens tokens"]:
        """C: row (i, j), column (k, l) holds h at (i − k, j − l), indices modulo the side."""
        offsets = torch.arange(self.side)[:, None] - torch.arange(self.side)[None, :]
        rows = offsets % self.side
        circulant = self.impulse[rows[:, None, :, None], rows[None, :, None, :]]  # i j k l
        return circulant.reshape(self.side**2, self.side**2)

    def __call__(self, x: Float[Any, "... tokens channels"]) -> Float[Any, "... tokens channels"]:
        return self.K * resample(x, self.tokens)

    def constant(self, norm: TokenNorm, before: Float[Tensor, "tokens tokens_in"]) -> Constant:
        rounding = product_rounding(self.tokens, before)
        return norm.operator_norm(self.tokens @ before, rounding) * self.K
