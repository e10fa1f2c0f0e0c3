"""on_model: block i sees Φ_i t_{i-1}, made by the trained blocks before it, and aims at F_i t_{i-1}."""

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from varexp.maps.targets import TargetStage
from varexp.models.stage import Stage
from varexp.training.objectives.base import StageObjective, newest_rows, register


@register("on_model")
class OnModel(StageObjective):
    """The block may mend the kernel's error, and not the errors of the blocks before it."""

    def aim(
        self,
        target: TargetStage,
        shown: Float[Tensor, "words tokens_shown channels"],
        truth: Float[Tensor, "words merged channels"],
    ) -> Float[Tensor, "words tokens_shown channels"]:
        return newest_rows(truth, shown.shape[1])

    def wanted(
        self,
        target: TargetStage,
        seen: Float[Tensor, "words tokens_in channels"],
        truth: Float[Tensor, "words tokens channels"],
    ) -> Float[Tensor, "words tokens channels"]:
        return target(seen)

    def states_after(
        self, stages: Sequence[Stage], states: Sequence[Tensor], true_states: Sequence[Tensor]
    ) -> Sequence[Tensor]:
        return [stage(state) for stage, state in zip(stages, states, strict=True)]
