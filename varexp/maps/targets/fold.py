"""f(X) = K·|B(X) + P|·A: piecewise linear; the bound is nearly tight on it."""

from dataclasses import dataclass
from typing import Any, ClassVar

from jaxtyping import Float
from torch import Tensor

from varexp.maps.constants import Constant, Kind
from varexp.maps.norms import NormName
from varexp.maps.targets.base import PatternedMap, register
from varexp.maps.targets.gains import linear_gain


@register("fold")
@dataclass(frozen=True, kw_only=True)
class Fold(PatternedMap):
    """Almost everywhere the Jacobian is K·A·D·B g with D = ±1, and D changes no norm: exactly K‖A‖‖B g‖."""

    kind: ClassVar[Kind] = "exact"

    def __call__(self, x: Float[Any, "... tokens channels"]) -> Float[Any, "... tokens channels"]:
        return self.K * ((self.blurred(x) + self.pattern).abs() @ self.inner)

    def constant(self, norm: NormName, before: Float[Tensor, "tokens tokens_in"]) -> Constant:
        return self.blurred_norm(before, norm) * linear_gain(self.inner, norm) * self.K
