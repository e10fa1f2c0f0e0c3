"""Definitions 3.3 to 3.6 and Remark 3.5: the pyramid of token maps, merged along space, attention over all scales.

The state before stage i is the merged pyramid (t_0, t_1, …, t_{i-1}); Φ_up,i takes every scale to the next one, as one
matrix (Section 3.3), and block i attends over all of (Φ_1 t_0, …, Φ_i t_{i-1}): t_i = T_i(t_1, …, t_{i-1}).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from varexp.maps.interpolation import image_matrix, resample, resize_matrix
from varexp.models.block import Block, BlockConfig
from varexp.models.stage import Stage
from varexp.settings import setting


@dataclass(frozen=True, kw_only=True)
class PyramidArchitecture(BlockConfig):
    """The shape of a pyramid's blocks, and which scales attend to which."""

    block_causal: bool = setting(False, "whether a scale of a pyramid attends to itself and coarser ones only")


def merged_interpolation(kernel: str, sides: Sequence[int]) -> Float[Tensor, "tokens_out tokens_in"]:
    """Def 3.4 on merged token maps: block diagonal, with Φ_j from sides[j-1] to sides[j]."""
    return torch.block_diag(*(image_matrix(resize_matrix(kernel, a, b)) for a, b in pairwise(sides)))


def block_causal(tokens: Sequence[int]) -> Bool[Tensor, "merged merged"]:
    """Which tokens a token may attend to, when a scale sees itself and the coarser ones; `tokens` counts each scale."""
    scale = torch.arange(len(tokens)).repeat_interleave(torch.tensor(list(tokens)))
    return scale[:, None] >= scale


class PyramidBlock(Block):
    """N_i∘Attn_i of Def 3.6 on merged token maps (..., Σ_j tokens_j, channels), each scale scaled by its own numbers.

    `forward` answers for every scale, which is what training compares with the truth; `newest` for the last alone.
    """

    mask: Tensor | None

    def __init__(
        self, config: BlockConfig, tokens: Sequence[int], channels: int, source: torch.Generator, causal: bool
    ) -> None:
        super().__init__(config, sum(tokens), channels, source)
        self.tokens = tuple(tokens)
        self.input_scale = torch.ones(sum(tokens), 1)
        self.output_scale = torch.ones(sum(tokens), 1)
        self.register_buffer("mask", block_causal(tokens) if causal else None)

    def set_scales(
        self, inputs: Float[Tensor, "words tokens channels"], aims: Float[Tensor, "words tokens channels"]
    ) -> None:
        """Fix two numbers for each scale: the rms of the block's inputs there and of its aims."""
        for scale, values in ((self.input_scale, inputs), (self.output_scale, aims)):
            for rows, part in zip(scale.split(self.tokens), values.split(self.tokens, dim=1), strict=True):
                rows.fill_(float(part.square().mean().sqrt()))

    def forward(self, x: Float[Any, "... tokens channels"]) -> Float[Any, "... tokens channels"]:
        return self.read_out(self.embedded(x), mask=self.mask) * self.output_scale

    def newest(self, x: Float[Any, "... tokens channels"]) -> Float[Any, "... tokens_out channels"]:
        """The last rows of `forward`. The newest scale attends to all tokens, with and without the mask."""
        z, rows = self.embedded(x), self.tokens[-1]
        return self.read_out(z[..., -rows:, :], memory=z) * self.output_scale[-rows:]


class PyramidStage(Stage):
    """T_i of Def 3.6: from the merged (t_0, …, t_{i-1}) to the merged (t_0, …, t_i); `sides` has i + 1 entries."""

    interpolation: Tensor
    sees_only_previous_scale = False

    def __init__(self, kernel: str, sides: Sequence[int], block: Any) -> None:
        super().__init__()
        self.side_in, self.side_out = sides[-2:]
        self.tokens_shown = sum(side**2 for side in sides[1:])
        self.register_buffer("interpolation", merged_interpolation(kernel, sides))
        self.block = block

    def interpolate(self, state: Float[Any, "... merged_in channels"]) -> Float[Any, "... merged_out channels"]:
        """Φ_up,i (Def 3.4): (Φ_1 t_0, …, Φ_i t_{i-1})."""
        return resample(state, self.interpolation)

    def answer(self, shown: Float[Any, "... merged_out channels"]) -> Float[Any, "... tokens_out channels"]:
        """t_i from the interpolated scales."""
        return self.block.newest(shown)

    def previous_scale(self, state: Float[Any, "... merged_in channels"]) -> Float[Any, "... tokens_in channels"]:
        """t_{i-1}, the last rows."""
        return state[..., -(self.side_in**2) :, :]

    def next_state(self, state: Any, made: Float[Any, "... tokens_out channels"]) -> Float[Any, "... merged channels"]:
        """The merged pyramid with t_i added (Rem 3.5)."""
        return torch.cat([state, made], dim=-2)
