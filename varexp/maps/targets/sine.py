"""f(X) = sin(K·B(X)·A + P)·A': bounded and folding."""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.maps.constants import Constant
from varexp.maps.norms import TokenNorm
from varexp.maps.targets.base import PatternedMap, register


@register("sine")
@dataclass(frozen=True, kw_only=True)
class Sine(PatternedMap):
    """|sin'| <= 1, so the constant is at most K‖A‖‖A'‖‖B g‖; reached only where every cosine is ±1."""

    def __call__(self, x: Float[Any, "... tokens channels"]) -> Float[Any, "... tokens channels"]:
        return torch.sin(self.K * (self.blurred(x) @ self.inner) + self.pattern) @ self.outer

    def constant(self, norm: TokenNorm, before: Float[Tensor, "tokens tokens_in"]) -> Constant:
        tokens = self.blurred_norm(before, norm)
        product = tokens * norm.sandwich(self.inner, self.outer) * self.K
        return Constant(product.lower, product.upper, "upper")
