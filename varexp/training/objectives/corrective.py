"""corrective: block i sees Φ_i t_{i-1}, made by the trained blocks before it, and aims at the true y_i."""

from jaxtyping import Float
from torch import Tensor

from varexp.maps.targets import TargetStage
from varexp.training.objectives.base import register
from varexp.training.objectives.on_model import OnModel


@register("corrective")
class Corrective(OnModel):
    """The block may mend the errors of the kernel and of the blocks before it."""

    def wanted(
        self,
        target: TargetStage,
        seen: Float[Tensor, "words tokens_in channels"],
        truth: Float[Tensor, "words tokens channels"],
    ) -> Float[Tensor, "words tokens channels"]:
        return truth
