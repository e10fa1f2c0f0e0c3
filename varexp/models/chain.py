"""Definition 3.8: τ_VAR = T_n∘…∘T_1 with T_i = τ_i∘Φ_i, a fixed interpolation Φ_i and a trained block τ_i.

A block is In → +positions → softmax attention → FFN → Out. The paper's literal block is
`BlockConfig(positions=False, attention_residual=False, scaled=False, activation="relu")`; T^{1,1,4} of Lemma 5.1 has
heads = 1, head_size = 1, hidden = 4.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from varexp.maps.interpolation import image_matrix, resample, resize_matrix
from varexp.maps.layers import ACTIVATIONS, attention, feed_forward


@dataclass(frozen=True, kw_only=True)
class BlockConfig:
    """The shape of a block (Def 3.9: heads h, head_size s, hidden r') and its switches."""

    width: int = 16
    hidden: int = 32
    heads: int = 1
    head_size: int = 16
    activation: str = "tanh"
    positions: bool = True  # a trained vector per token: without it a block is permutation equivariant
    scaled: bool = True  # scores over sqrt(head_size)
    attention_residual: bool = True
    ffn_residual: bool = True

    def __post_init__(self) -> None:
        for name in ("width", "hidden", "heads", "head_size"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is a whole number from 1 up, got {getattr(self, name)}")
        if self.activation not in ACTIVATIONS:
            raise ValueError(f"unknown activation {self.activation!r}: choose one of {', '.join(ACTIVATIONS)}")


POSITION_SCALE = 0.3  # standard deviation of positions at the start


class Block(nn.Module):
    """τ_i: token maps (..., side², channels) to the same shape.

    Input and output are scaled by two fixed numbers, the buffers `input_scale` and `output_scale`.
    """

    input_scale: Tensor
    output_scale: Tensor

    def __init__(self, config: BlockConfig, side: int, channels: int, source: torch.Generator) -> None:
        super().__init__()
        self.config = config
        width, hidden, heads, size = config.width, config.hidden, config.heads, config.head_size

        def weight(*shape: int, fan_in: int) -> nn.Parameter:
            return nn.Parameter(torch.randn(*shape, generator=source) / math.sqrt(fan_in))

        self.embed = weight(width, channels, fan_in=channels)
        self.embed_bias = nn.Parameter(torch.zeros(width))
        draw = torch.randn(side**2, width, generator=source) * POSITION_SCALE
        self.positions = nn.Parameter(draw) if config.positions else None
        self.query = weight(width, heads * size, fan_in=width)
        self.key = weight(width, heads * size, fan_in=width)
        self.value = weight(width, heads * size, fan_in=width)
        self.output = weight(heads * size, width, fan_in=heads * size)
        self.ffn_into = weight(hidden, width, fan_in=width)
        self.ffn_into_bias = nn.Parameter(torch.zeros(hidden))
        self.ffn_out = weight(width, hidden, fan_in=hidden)
        self.ffn_out_bias = nn.Parameter(torch.zeros(width))
        self.readout = weight(channels, width, fan_in=width)
        self.readout_bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("input_scale", torch.ones(()))
        self.register_buffer("output_scale", torch.ones(()))

    def forward(self, x: Float[Any, "... tokens channels"]) -> Float[Any, "... tokens channels"]:
        config = self.config
        z = nn.functional.linear(x * (1 / self.input_scale), self.embed, self.embed_bias)  # ... tokens width
        if self.positions is not None:
            z = z + self.positions
        z = attention(
            z,
            self.query,
            self.key,
            self.value,
            self.output,
            heads=config.heads,
            scaled=config.scaled,
            residual=config.attention_residual,
        )
        z = feed_forward(
            z,
            self.ffn_into,
            self.ffn_into_bias,
            self.ffn_out,
            self.ffn_out_bias,
            activation=config.activation,
            residual=config.ffn_residual,
        )
        return nn.functional.linear(z, self.readout, self.readout_bias) * self.output_scale


class ModelStage(nn.Module):
    """T_i = τ_i∘Φ_i, from token maps (side_in², channels) to (side_out², channels)."""

    interpolation: Tensor

    def __init__(self, kernel: str, side_in: int, side_out: int, block: Any) -> None:
        super().__init__()
        self.side_in, self.side_out = side_in, side_out
        self.register_buffer("interpolation", image_matrix(resize_matrix(kernel, side_in, side_out)))
        self.block = block

    def interpolate(self, x: Float[Any, "... tokens_in channels"]) -> Float[Any, "... tokens_out channels"]:
        """Φ_i x."""
        return resample(x, self.interpolation)

    def forward(self, x: Float[Any, "... tokens_in channels"]) -> Float[Any, "... tokens_out channels"]:
        return self.block(self.interpolate(x))


class Chain(nn.Module):
    """τ_VAR along a ladder of sides, one more than blocks."""

    def __init__(self, stages: Sequence[ModelStage]) -> None:
        super().__init__()
        self.stages: Any = nn.ModuleList(stages)  # of ModelStage

    @property
    def depth(self) -> int:
        """n, the number of blocks."""
        return len(self.stages)

    def prefix(self, depth: int) -> "Chain":
        """The first `depth` stages, sharing their weights."""
        return Chain([self.stages[i] for i in range(depth)])

    def trajectory(self, x: Float[Any, "... tokens channels"]) -> list[Any]:
        """t_1, …, t_n with t_i = T_i(t_{i-1}), t_0 = x."""
        ts = []
        for stage in self.stages:
            x = stage(x)
            ts.append(x)
        return ts

    def forward(self, x: Float[Any, "... tokens channels"]) -> Float[Any, "... tokens_out channels"]:
        return self.trajectory(x)[-1]
