"""f(X) = K·|B(X) + P|·A: piecewise linear; the bound is nearly tight on it."""

from dataclasses import dataclass
from typing import Any, ClassVar

from jaxtyping import Float
from torch import Tensor

from varexp.maps.constants import Constant, Kind
from varexp.maps.norms import TokenNorm
from varexp.maps.targets.base import PatternedMap, register


@register("fold")
@dataclass(frozen=True, kw_only=True)
class Fold(PatternedMap):
    """Almost everywhere the Jacobian is K·A·D·B g with D = ±1, and D changes no norm: exactly K‖A‖‖B g‖."""

    kind: ClassVar[Kind] = "exact"

    def __call__(self, x: Float[Any, "... tokens channels"]) -> Float[Any, "... tokens channels"]:
        return self.K * ((self.blurred(x) + self.pattern).abs() @ self.inner)

    def constant(self, norm: TokenNorm, before: Float[Tensor, "tokens tokens_in"]) -> Constant:
        return self.blurred_norm(before, norm) * norm.of_channels(self.inner) * self.K
