"""τ_i, the trained part of a stage: In → +positions → softmax attention → FFN → Out.

The paper's literal block is `BlockConfig(positions=False, attention_residual=False, scaled=False, activation="relu")`;
T^{1,1,4} of Lemma 5.1 has heads = 1, head_size = 1, hidden = 4.
"""

import math
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from varexp.errors import bad_value, unknown_name
from varexp.maps.layers import ACTIVATIONS, attention, feed_forward
from varexp.settings import DERIVED, setting


@dataclass(frozen=True, kw_only=True)
class BlockConfig:
    """The shape of a block (Def 3.9: heads h, head_size s, hidden r') and its switches.

    Raises:
        ValueError: a size below 1, an activation that does not exist, or heads that do not divide the width.
    """

    width: int = setting(16, "channels inside a block")
    hidden: int = setting(DERIVED, "hidden units of the feed-forward layer; by default twice the width", config=None)
    heads: int = setting(1, "attention heads")
    head_size: int = setting(DERIVED, "columns of each head's queries and keys; by default width/heads", config=None)
    activation: str = setting("tanh", "of the feed-forward layer: relu (the paper's), tanh or gelu")
    positions: bool = setting(True, "a trained vector per token; without it a block is permutation equivariant")
    scaled: bool = setting(True, "scores are divided by the root of head_size")
    attention_residual: bool = setting(True, "the input is added to what attention gives")
    ffn_residual: bool = setting(True, "the input is added to what the feed-forward layer gives")

    def __post_init__(self) -> None:
        for name in ("width", "heads"):
            if getattr(self, name) < 1:
                raise bad_value(name, getattr(self, name), "a whole number from 1 up")
        if self.head_size is DERIVED:
            if self.width % self.heads:
                raise ValueError(f"{self.heads} heads do not divide width {self.width}: give head_size=")
            object.__setattr__(self, "head_size", self.width // self.heads)
        if self.hidden is DERIVED:
            object.__setattr__(self, "hidden", 2 * self.width)
        for name in ("hidden", "head_size"):
            if getattr(self, name) < 1:
                raise bad_value(name, getattr(self, name), "a whole number from 1 up")
        if self.activation not in ACTIVATIONS:
            raise unknown_name("activation", self.activation, ACTIVATIONS)


POSITION_SCALE = 0.3  # standard deviation of positions at the start


class Block(nn.Module):
    """τ_i: token maps (..., tokens, channels) to the same shape.

    Input and output are scaled by two fixed numbers, the buffers `input_scale` and `output_scale`.
    """

    input_scale: Tensor
    output_scale: Tensor

    def __init__(self, config: BlockConfig, tokens: int, channels: int, source: torch.Generator) -> None:
        super().__init__()
        self.config = config
        width, hidden, heads, size = config.width, config.hidden, config.heads, config.head_size

        def weight(*shape: int, fan_in: int) -> nn.Parameter:
            return nn.Parameter(torch.randn(*shape, generator=source) / math.sqrt(fan_in))

        self.embed = weight(width, channels, fan_in=channels)
        self.embed_bias = nn.Parameter(torch.zeros(width))
        draw = torch.randn(tokens, width, generator=source) * POSITION_SCALE
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

    def set_scales(
        self, inputs: Float[Tensor, "words tokens channels"], aims: Float[Tensor, "words tokens channels"]
    ) -> None:
        """Fix the two scales: the rms of the block's inputs and of its aims."""
        self.input_scale.fill_(float(inputs.square().mean().sqrt()))
        self.output_scale.fill_(float(aims.square().mean().sqrt()))

    def forward(self, x: Float[Any, "... tokens channels"]) -> Float[Any, "... tokens channels"]:
        return self.read_out(self.embedded(x)) * self.output_scale

    def embedded(self, x: Float[Any, "... tokens channels"]) -> Float[Any, "... tokens width"]:
        """In, with positions added."""
        z = nn.functional.linear(x * (1 / self.input_scale), self.embed, self.embed_bias)
        return z if self.positions is None else z + self.positions

    def read_out(
        self, z: Float[Any, "... tokens width"], memory: Any = None, mask: Tensor | None = None
    ) -> Float[Any, "... tokens channels"]:
        """Attention, to `memory` where it is given, FFN and Out, without the output's scale."""
        config = self.config
        z = attention(
            z,
            self.query,
            self.key,
            self.value,
            self.output,
            heads=config.heads,
            scaled=config.scaled,
            residual=config.attention_residual,
            memory=memory,
            mask=mask,
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
        return nn.functional.linear(z, self.readout, self.readout_bias)
