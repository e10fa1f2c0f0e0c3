"""corrective: block i sees Φ_i t_{i-1}, made by the trained blocks before it, and aims at the true y_i."""

from collections.abc import Sequence

from torch import Tensor

from varexp.models.stage import Stage
from varexp.training.objectives.base import StageObjective, register


@register("corrective")
class Corrective(StageObjective):
    """The block may mend the errors of the kernel and of the blocks before it."""

    def states_after(
        self, stages: Sequence[Stage], states: Sequence[Tensor], true_states: Sequence[Tensor]
    ) -> Sequence[Tensor]:
        return [stage(state) for stage, state in zip(stages, states, strict=True)]
