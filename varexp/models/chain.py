"""Definition 3.8: τ_VAR = T_n∘…∘T_1 with T_i = τ_i∘Φ_i, a fixed interpolation Φ_i and a trained block τ_i."""

from collections.abc import Sequence
from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from varexp.maps.interpolation import image_matrix, resample, resize_matrix


class ModelStage(nn.Module):
    """T_i = τ_i∘Φ_i, from token maps (side_in², channels) to (side_out², channels).

    What a stage of any model offers: from the state t before it `interpolate` gives what its block is shown, `answer`
    makes the new token map of that, `last` reads t_{i-1} off a state, `extended` is the next state. Here a state is the
    last token map.
    """

    interpolation: Tensor
    alone = True  # τ_i is applied to Φ_i t_{i-1} and nothing else, so that Lemma 5.3's ε_1 and ε_2 have a meaning

    def __init__(self, kernel: str, side_in: int, side_out: int, block: Any) -> None:
        super().__init__()
        self.side_in, self.side_out = side_in, side_out
        self.register_buffer("interpolation", image_matrix(resize_matrix(kernel, side_in, side_out)))
        self.block = block

    def interpolate(self, x: Float[Any, "... tokens_in channels"]) -> Float[Any, "... tokens_out channels"]:
        """Φ_i x."""
        return resample(x, self.interpolation)

    def answer(self, u: Float[Any, "... tokens_out channels"]) -> Float[Any, "... tokens_out channels"]:
        """τ_i u."""
        return self.block(u)

    def last(self, t: Float[Any, "... tokens_in channels"]) -> Float[Any, "... tokens_in channels"]:
        """t_{i-1}."""
        return t

    def extended(self, t: Any, made: Float[Any, "... tokens_out channels"]) -> Float[Any, "... tokens_out channels"]:
        """The state after this stage."""
        return made

    def forward(self, t: Float[Any, "... tokens_in channels"]) -> Float[Any, "... tokens_out channels"]:
        return self.extended(t, self.answer(self.interpolate(t)))


class Chain(nn.Module):
    """τ_VAR along a ladder of sides, one more than blocks: of any stages that offer what ModelStage does."""

    def __init__(self, stages: Sequence[Any]) -> None:
        super().__init__()
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
        ts, state = [], x
        for stage in self.stages:
            ts.append(stage.answer(stage.interpolate(state)))
            state = stage.extended(state, ts[-1])
        return ts

    def forward(self, x: Float[Any, "... tokens channels"]) -> Float[Any, "... tokens_out channels_out"]:
        return self.trajectory(x)[-1]
