"""f(X) = K·X·O + P: expanding, so that an error really grows like K^n."""

from dataclasses import dataclass
from typing import Any, ClassVar

from jaxtyping import Float
from torch import Tensor

from varexp.maps.constants import Constant, Kind
from varexp.maps.norms import TokenNorm
from varexp.maps.targets.base import PatternedMap, register


@register("affine")
@dataclass(frozen=True, kw_only=True)
class Affine(PatternedMap):
    """The linear part is K·(B g)⊗O, whose norm is K‖O‖‖B g‖ exactly, in every norm."""

    kind: ClassVar[Kind] = "exact"

    def __call__(self, x: Float[Any, "... tokens channels"]) -> Float[Any, "... tokens channels"]:
        return self.K * (self.blurred(x) @ self.inner) + self.pattern

    def constant(self, norm: TokenNorm, before: Float[Tensor, "tokens tokens_in"]) -> Constant:
        return self.blurred_norm(before, norm) * norm.of_channels(self.inner) * self.K
