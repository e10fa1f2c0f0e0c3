"""tokenized: the scales to make are the target's last image down-sampled (C.5), as FlowAR's are, and not y_1, …, y_n.

The same scales regressed without noise are the baseline of FlowAR.
"""

from jaxtyping import Float
from torch import Tensor

from varexp.maps.targets import Target
from varexp.models.flowar import DOWN, check_scales, tokenizer
from varexp.training.objectives.base import register
from varexp.training.objectives.teacher_forcing import TeacherForcing


@register("tokenized")
class Tokenized(TeacherForcing):
    """Its stages imitate no F_i, so only the last depth is judged."""

    trains_each_depth = True

    def check(self, sides: tuple[int, ...]) -> None:
        check_scales(sides[1:])

    def truths(
        self, target: Target, words: Float[Tensor, "words tokens channels"]
    ) -> list[Float[Tensor, "words _ channels"]]:
        return tokenizer(target(words), target.sides[1:], DOWN)
