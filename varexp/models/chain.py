"""Definition 3.8: τ_VAR = T_n∘…∘T_1 with T_i = τ_i∘Φ_i, a fixed interpolation Φ_i and a trained block τ_i."""

from collections.abc import Sequence
from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from varexp.maps.interpolation import image_matrix, resample, resize_matrix
from varexp.models.stage import Stage, check_stages


class ChainStage(Stage):
    """T_i = τ_i∘Φ_i, from token maps (side_in², channels) to (side_out², channels). The state is the last token map."""

    interpolation: Tensor

    def __init__(self, kernel: str, side_in: int, side_out: int, block: Any) -> None:
        super().__init__()
        self.side_in, self.side_out, self.tokens_shown = side_in, side_out, side_out**2
        self.register_buffer("interpolation", image_matrix(resize_matrix(kernel, side_in, side_out)))
        self.block = block

    def interpolate(self, state: Float[Any, "... tokens_in channels"]) -> Float[Any, "... tokens_out channels"]:
        """Φ_i t_{i-1}."""
        return resample(state, self.interpolation)

    def answer(self, shown: Float[Any, "... tokens_out channels"]) -> Float[Any, "... tokens_out channels"]:
        """τ_i of the interpolated token map."""
        return self.block(shown)


class Chain(nn.Module):
    """Stages one after the other, along a ladder of sides that has one more entry.

    Raises:
        TypeError: something that is not a `Stage`.
        ValueError: sides that do not follow on each other.
    """

    def __init__(self, stages: Sequence[Any]) -> None:
        super().__init__()
        check_stages(stages)
        self.stages: Any = nn.ModuleList(stages)

    @property
    def depth(self) -> int:
        """n, the number of blocks."""
        return len(self.stages)

    def prefix(self, depth: int) -> "Chain":
        """The first `depth` stages, sharing their weights."""
        return Chain([self.stages[i] for i in range(depth)])

    def trajectory(self, x: Float[Any, "... tokens channels"]) -> list[Any]:
        """t_1, …, t_n with t_i = T_i(t_{i-1}), t_0 = x."""
        made, state = [], x
        for stage in self.stages:
            made.append(stage.answer(stage.interpolate(state)))
            state = stage.next_state(state, made[-1])
        return made

    def forward(self, x: Float[Any, "... tokens channels"]) -> Float[Any, "... tokens_out channels_out"]:
        return self.trajectory(x)[-1]
