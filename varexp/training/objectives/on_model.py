"""on_model: block i sees Φ_i t_{i-1}, made by the trained blocks before it, and aims at F_i t_{i-1}."""

from jaxtyping import Float
from torch import Tensor

from varexp.maps.targets import TargetStage
from varexp.training.objectives.base import register
from varexp.training.objectives.corrective import Corrective


@register("on_model")
class OnModel(Corrective):
    """The block may mend the kernel's error, and not the errors of the blocks before it."""

    def wanted(
        self,
        target: TargetStage,
        seen: Float[Tensor, "words tokens_in channels"],
        truth: Float[Tensor, "words tokens channels"],
    ) -> Float[Tensor, "words tokens channels"]:
        return target(seen)
