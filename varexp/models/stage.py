"""The protocol of a stage of a model, on which training, measurement and enclosures rely."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, ClassVar

from jaxtyping import Float
from torch import nn


class Stage(nn.Module, ABC):
    """T_i, which takes the state before stage i to the state after it.

    A state is whatever the next stage is given: the last token map t_{i-1} (Def 3.8), or all of them merged (Def 3.6).
    A stage first interpolates (`interpolate`), then its block answers (`answer`), and the answer t_i joins the state
    (`next_state`). All methods are plain torch, out of place, and broadcast over leading axes, so that enclosures run
    through them as tensors do.

    Attributes:
        side_in: side of t_{i-1}.
        side_out: side of t_i.
        tokens_shown: how many tokens the block is shown.
        sees_only_previous_scale: whether the block is given Φ_i t_{i-1} and nothing else, so that ε_1 and ε_2 of Lemma
            5.3 have a meaning.
    """

    side_in: int
    side_out: int
    tokens_shown: int
    sees_only_previous_scale: ClassVar[bool] = True

    @abstractmethod
    def interpolate(self, state: Float[Any, "... tokens_in channels"]) -> Float[Any, "... tokens_shown channels"]:
        """The input of the block, such as Φ_i t_{i-1}."""

    @abstractmethod
    def answer(self, shown: Float[Any, "... tokens_shown channels"]) -> Float[Any, "... tokens_out channels_out"]:
        """The new token map t_i, such as τ_i(Φ_i t_{i-1})."""

    def previous_scale(self, state: Float[Any, "... tokens_in channels"]) -> Float[Any, "... tokens channels"]:
        """t_{i-1}, read off the state. By default the state is t_{i-1}."""
        return state

    def next_state(self, state: Any, made: Float[Any, "... tokens_out channels"]) -> Float[Any, "... tokens channels"]:
        """The state after this stage, which made t_i. By default t_i itself."""
        return made

    def forward(self, state: Float[Any, "... tokens_in channels"]) -> Float[Any, "... tokens_after channels_out"]:
        return self.next_state(state, self.answer(self.interpolate(state)))


def check_stages(stages: Sequence[Any]) -> None:
    """Raise TypeError for something that is not a stage, and ValueError for sides that do not follow on each other."""
    for number, stage in enumerate(stages, start=1):
        if not isinstance(stage, Stage):
            raise TypeError(
                f"stage {number} is a {type(stage).__name__}: expected a varexp.models.stage.Stage, which has "
                "interpolate, answer, side_in, side_out and tokens_shown"
            )
        missing = [name for name in ("side_in", "side_out", "tokens_shown") if not hasattr(stage, name)]
        if missing:
            raise TypeError(
                f"stage {number}, a {type(stage).__name__}, has no {', '.join(missing)}: set it in __init__"
            )
    for number, (before, after) in enumerate(pairwise(stages), start=1):
        if before.side_out != after.side_in:
            raise ValueError(
                f"stage {number} ends at side {before.side_out}, and stage {number + 1} starts at side "
                f"{after.side_in}: expected the same side"
            )
