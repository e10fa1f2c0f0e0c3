"""f(X)_l = min_i (v_il + K·mean|X − X_i|): McShane's extension of values v_il given at anchors X_i."""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.caching import cached_tensor
from varexp.errors import bad_value
from varexp.maps.constants import Constant
from varexp.maps.norms import FROBENIUS, RMS, TokenNorm
from varexp.maps.patterns import smooth_pattern
from varexp.maps.targets.base import FeatureMap, register


@register("mcshane")
@dataclass(frozen=True, kw_only=True)
class McShane(FeatureMap):
    """Each component is K-Lipschitz for mean|·|, which is at most rms, which is at most max.

    Hence every component moves by at most K·rms(g d), and so does their rms and their max: the constant is K‖g‖_rms
    in rms and in max. It is attained in constant directions far from the anchors, where mean|X − X_i| is linear.
    """

    known_norms = ("rms", "max", "frobenius")
    anchors: int = 8
    smoothness: float = 2.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.anchors < 1:
            raise bad_value("anchors", self.anchors, "a whole number from 1 up")

    @cached_tensor
    def places(self) -> Float[Tensor, "anchors tokens channels"]:
        """X_i."""
        source = self.random("anchors")
        maps = [smooth_pattern(self.side, self.channels, self.smoothness, source) for _ in range(self.anchors)]
        return torch.stack(maps)

    @cached_tensor
    def values(self) -> Float[Tensor, "anchors tokens channels"]:
        """v_il."""
        source = self.random("values")
        maps = [smooth_pattern(self.side, self.channels, self.smoothness, source) for _ in range(self.anchors)]
        return torch.stack(maps)

    def __call__(self, x: Float[Any, "... tokens channels"]) -> Float[Any, "... tokens channels"]:
        distance = (x.unsqueeze(-3) - self.places).abs().mean(dim=(-2, -1))  # ... anchors
        return (self.values + self.K * distance[..., None, None]).amin(dim=-3)

    def constant(self, norm: TokenNorm, before: Float[Tensor, "tokens tokens_in"]) -> Constant:
        gain = (norm if norm is FROBENIUS else RMS).operator_norm(before)
        product = gain * self.K
        return Constant(product.lower, product.upper, "upper")
