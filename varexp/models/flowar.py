"""FlowAR (Appendix C, Def D.1): scale by scale, an autoregressive transformer guides a flow-matching network.

Scale i of K has side s_K/a^{K−i}. TF_i looks at the word and at all coarser scales, up-sampled (C.10), and gives the
guess Ŷ_i; the network NN_i(F^t, Ŷ_i, t) is the velocity of a flow from noise to Y^i (C.12), or its end, the sample Ỹ_i.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from varexp.errors import bad_value, unknown_name
from varexp.maps.interpolation import image_matrix, resample, resize_matrix
from varexp.maps.layers import ACTIVATIONS, attention, feed_forward, layer_norm
from varexp.models.block import POSITION_SCALE, BlockConfig
from varexp.models.flow import SAMPLERS, Field
from varexp.models.pyramid import PyramidStage
from varexp.settings import setting

NETWORKS = ("practice", "printed", "sample")
TIMES = ("uniform", "logit_normal")
DOWN = "area"  # kernel of the tokenizer's φ_down


@dataclass(frozen=True, kw_only=True)
class FlowArchitecture(BlockConfig):
    """The shape of FlowAR: its blocks, and the flow-matching network beside them."""

    network: str = setting(
        "practice", "flow-matching network: practice (residual AdaLN), sample (the same, answers Y) or printed (C.12)"
    )
    times: str = setting("uniform", "times that training draws: uniform (C.13) or logit_normal")
    epsilon: float = setting(1e-6, "added to the variance by the layer norms of FlowAR; 0 as printed (C.9)")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.network not in NETWORKS:
            raise unknown_name("network", self.network, NETWORKS)
        if self.times not in TIMES:
            raise unknown_name("times", self.times, TIMES)
        if not 0 <= self.epsilon < math.inf:
            raise bad_value("epsilon", self.epsilon, "a finite number from 0 up")

    @property
    def residual(self) -> bool:
        """Whether the network is built as in practice."""
        return self.network != "printed"

    @property
    def of_samples(self) -> bool:
        """Whether the network answers the sample Y, and not the velocity."""
        return self.network == "sample"


def factor(sides: Sequence[int]) -> int:
    """a, the ratio of neighbouring sides. ValueError, with sides that would work, if there is not one such ratio."""
    a = max(2, sides[-1] // sides[-2])
    last = len(sides) - 1
    fitting = [sides[0] * a**i for i in range(last + 1)]
    if list(sides) != fitting:
        raise ValueError(
            f"scale i of FlowAR has the last side over a^(K-i): sides {'-'.join(map(str, sides))} have no such a; "
            f"with a = {a} these would do: {'-'.join(map(str, fitting))}"
        )
    return a


def check_scales(sides: Sequence[int]) -> None:
    """Raise ValueError unless the sides of all scales divide the last one."""
    for side in sides:
        if sides[-1] % side:
            fitting = [s for s in range(1, sides[-1] + 1) if sides[-1] % s == 0]
            raise ValueError(f"side {sides[-1]} cannot be divided into {side}: choose of {fitting}")


def tokenizer(
    x: Float[Tensor, "... tokens channels"], sides: Sequence[int], kernel: str
) -> list[Float[Tensor, "... _ channels"]]:
    """C.5: Y^i = φ_down(X, a^{K−i}) for the sides of the scales, the last of which is X's own."""
    check_scales(sides)
    return [resample(x, image_matrix(resize_matrix(kernel, sides[-1], side)).to(x.dtype)) for side in sides]


class FlowNet(nn.Module):
    """NN_i of C.12: (F^t, Ŷ_i, t) to a velocity or to the sample, on token maps (..., tokens, channels).

    Between an embedding with positions and a read-out, as printed: six gates from an affine map of Ŷ + t·1, then
    attention and an affine map, each after a layer norm. With `residual`, as practice does: gates from a network with
    one hidden layer, residual connections, and a feed-forward layer.
    """

    condition_scale: Tensor
    output_scale: Tensor

    def __init__(
        self,
        config: FlowArchitecture,
        tokens: int,
        channels: int,
        source: torch.Generator,
    ) -> None:
        super().__init__()
        self.config, self.residual, self.epsilon = config, config.residual, config.epsilon
        self.checked = False  # whether a constant row is looked for: not while training, which maps over models
        width, hidden = config.width, config.hidden

        def weight(*shape: int, gain: float = 1.0) -> nn.Parameter:
            return nn.Parameter(gain * torch.randn(*shape, generator=source) / math.sqrt(shape[-1]))

        def bias(size: int) -> nn.Parameter:
            return nn.Parameter(torch.zeros(size))

        self.embed, self.embed_bias = weight(width, channels), bias(width)
        self.positions = nn.Parameter(torch.randn(tokens, width, generator=source) * POSITION_SCALE)
        if self.residual:
            self.guide, self.guide_bias = weight(hidden, channels + 1), bias(hidden)
            self.ffn_into, self.ffn_into_bias = weight(hidden, width), bias(hidden)
        self.gates, self.gates_bias = weight(6 * width, hidden if self.residual else channels), bias(6 * width)
        self.query, self.key, self.value = (weight(width, width) for _ in range(3))
        self.mlp, self.mlp_bias = weight(width, hidden if self.residual else width), bias(width)
        self.readout, self.readout_bias = weight(channels, width), bias(channels)
        self.register_buffer("condition_scale", torch.ones(()))
        self.register_buffer("output_scale", torch.ones(()))

    def forward(
        self,
        flow: Float[Tensor, "... tokens channels"],
        guess: Float[Tensor, "... tokens channels"],
        time: float | Float[Tensor, "... 1 1"],
    ) -> Float[Tensor, "... tokens channels"]:
        linear, act = nn.functional.linear, ACTIVATIONS[self.config.activation]
        guess = guess / self.condition_scale
        if self.residual:
            times = torch.zeros_like(guess[..., :1]) + time
            gates = linear(act(linear(torch.cat([guess, times], dim=-1), self.guide, self.guide_bias)), self.gates)
        else:
            gates = linear(guess + time, self.gates)
        a1, a2, b1, b2, c1, c2 = (gates + self.gates_bias).chunk(6, dim=-1)  # α, β, γ of C.12
        f = linear(flow, self.embed, self.embed_bias) + self.positions
        z = (1 + c1) * self._normal(f) + b1 if self.residual else c1 * self._normal(f) + b1
        mixed = attention(z, self.query, self.key, self.value, scaled=self.config.scaled) * a1
        f = f + mixed if self.residual else mixed
        if self.residual:
            z = (1 + c2) * self._normal(f) + b2
            made = feed_forward(
                z,
                self.ffn_into,
                self.ffn_into_bias,
                self.mlp,
                self.mlp_bias,
                activation=self.config.activation,
                residual=False,
            )
            f = f + made * a2
        else:
            f = linear(c2 * self._normal(f) + b2, self.mlp, self.mlp_bias) * a2
        return linear(f, self.readout, self.readout_bias) * self.output_scale

    def _normal(self, x: Tensor) -> Tensor:
        return layer_norm(x, epsilon=self.epsilon, checked=self.checked)


class FlowStage(nn.Module):
    """Scale i: TF_i, which is a stage of a pyramid read at its newest scale (C.10), and NN_i."""

    def __init__(self, transformer: PyramidStage, net: FlowNet) -> None:
        super().__init__()
        self.transformer, self.net = transformer, net
        self.of_samples = net.config.of_samples

    def forward(self, shown: tuple[Tensor, Tensor, Tensor]) -> Float[Tensor, "... tokens channels"]:
        """What NN_i answers for (Z^i, F^t, t)."""
        stacked, flow, time = shown
        return self.net(flow, self.transformer.answer(stacked), time)


class FlowAR(nn.Module):
    """Inference as in D.1, with a sampler of one's choice."""

    def __init__(self, stages: Sequence[FlowStage]) -> None:
        super().__init__()
        self.stages: Any = nn.ModuleList(stages)

    def generate(
        self,
        x: Float[Tensor, "words tokens channels"],
        noise: Sequence[Float[Tensor, "_ channels"]],
        sampler: str,
        steps: int = 1,
    ) -> list[Float[Tensor, "words _ channels"]]:
        """Ỹ_1, …, Ỹ_K from words and one draw of F^0 for each scale, which all words share.

        Raises ValueError if a token that a layer norm without epsilon meets has equal channels (C.9).
        """
        state, samples = x, []
        for stage, start in zip(self.stages, noise, strict=True):
            guess = stage.transformer.answer(stage.transformer.interpolate(state))

            def answer(flow: Tensor, time: float, net: FlowNet = stage.net, guess: Tensor = guess) -> Tensor:
                return net(flow, guess, time)

            field = Field(answer, stage.of_samples)
            samples.append(SAMPLERS[sampler](field, start.expand_as(guess), steps))
            state = stage.transformer.next_state(state, samples[-1])
        return samples
