"""teacher_forcing: block i sees Φ_i y_{i-1} and aims at the true y_i, as VAR's next-scale prediction does.

A pyramid's block sees all coarser scales and aims at all up to its own.
"""

from jaxtyping import Float
from torch import Tensor

from varexp.maps.targets import TargetStage
from varexp.training.objectives.base import StageObjective, newest_rows, register


@register("teacher_forcing")
class TeacherForcing(StageObjective):
    """The block may mend the kernel's error."""

    merged = True

    def aim(
        self,
        target: TargetStage,
        shown: Float[Tensor, "words tokens_shown channels"],
        truth: Float[Tensor, "words merged channels"],
    ) -> Float[Tensor, "words tokens_shown channels"]:
        return newest_rows(truth, shown.shape[1])
