"""f(X) = sin(K·(X − 2·mean over tokens of X)·A + P)·A': every token depends on all, so attention is needed."""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.enclosure.rounding import gamma
from varexp.maps.constants import Constant
from varexp.maps.norms import TokenNorm
from varexp.maps.targets.base import PatternedMap, register


@register("mix")
@dataclass(frozen=True, kw_only=True)
class Mix(PatternedMap):
    """I − 2·mean is a Householder reflection over tokens: rms norm 1, max norm 3 − 4/n for n >= 2 tokens."""

    def reflected(self, x: Float[Any, "... tokens channels"]) -> Float[Any, "... tokens channels"]:
        """X − 2·mean over tokens of B(X)."""
        blurred = self.blurred(x)
        return blurred - 2 * blurred.mean(dim=-2, keepdim=True)

    def __call__(self, x: Float[Any, "... tokens channels"]) -> Float[Any, "... tokens channels"]:
        return torch.sin(self.K * (self.reflected(x) @ self.inner) + self.pattern) @ self.outer

    def constant(self, norm: TokenNorm, before: Float[Tensor, "tokens tokens_in"]) -> Constant:
        size = before.abs() if self.tokens is None else self.tokens.abs() @ before.abs()
        rounding = gamma(2 * len(before) + 6) * (size + 2 * size.mean(dim=-2, keepdim=True))
        tokens = norm.operator_norm(self.reflected(before), rounding)
        product = tokens * norm.sandwich(self.inner, self.outer) * self.K
        return Constant(product.lower, product.upper, "upper")
