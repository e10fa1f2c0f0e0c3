"""stagewise: block i sees Φ_i y_{i-1} and aims at f_i(Φ_i y_{i-1}), so that Lemma 5.3's split explains its error."""

from jaxtyping import Float
from torch import Tensor

from varexp.maps.targets import TargetStage
from varexp.training.objectives.base import StageObjective, register


@register("stagewise")
class Stagewise(StageObjective):
    """The block imitates f_i at the interpolated token map, and so may not mend the kernel's error."""

    def aim(
        self,
        target: TargetStage,
        shown: Float[Tensor, "words tokens_shown channels"],
        truth: Float[Tensor, "words merged channels"],
    ) -> Float[Tensor, "words tokens_shown channels"]:
        return target.feature_map(shown)
