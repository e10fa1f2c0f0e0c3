"""Training FlowAR by its loss (C.13) and measuring what it generates.

Each scale is trained by itself, with the true coarser scales shown (teacher forcing). Samples are random: with one draw
of F^0 for all words they are a map, whose largest error over evaluated words is a lower end and nothing more.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.evidence.ensemble import Ensemble, fit, word_batches
from varexp.evidence.train import WORDS, Curves, Notify, Problem, Trained, Training
from varexp.maps.domain import Domain
from varexp.maps.norms import NormName, token_norm
from varexp.maps.patterns import generator
from varexp.maps.targets import Target
from varexp.models.block import BlockConfig
from varexp.models.flow import path, velocity
from varexp.models.flowar import FlowAR, FlowNet, FlowStage, factor, tokenizer
from varexp.models.pyramid import PyramidBlock, PyramidStage

DOWN = "area"  # kernel of the tokenizer's φ_down
POINTS = 256  # words at noise seed 0
DRAWS, DRAW_POINTS = 20, 32  # other draws of the noise, and words for each
QUANTILES = (0.05, 0.95)
CHUNK = 32  # words in one pass


def flow_learning_rate(width: int) -> float:
    """The peak rate at which velocities trained well; three times it, the rate of chains, fails at the first scale."""
    return 0.02 * min(1.0, 16 / width)


@dataclass(frozen=True, kw_only=True)
class FlowConfig:
    """What FlowAR has beside its blocks: the network of C.12 as printed or as in practice, the layer norm's epsilon."""

    residual: bool = True
    epsilon: float = 1e-6

    def __post_init__(self) -> None:
        if not 0 <= self.epsilon < math.inf:
            raise ValueError(f"the layer norm's epsilon is a number from 0 up, got {self.epsilon}")


@dataclass(frozen=True)
class FlowEvidence:
    """Errors of the last scale against the target's image."""

    error: float  # largest over POINTS words, at noise seed 0
    error_mean: float
    error_l2: float
    noise_low: float  # quantiles over draws of the noise, of the largest error over DRAW_POINTS words
    noise_high: float
    noise_rms: float  # of F^0 at the last scale and noise seed 0: the floor of D.1 as printed


def train_flow(
    problems: Sequence[Problem],
    config: BlockConfig,
    flow: FlowConfig,
    training: Training,
    notify: Notify = lambda steps: None,
) -> list[Trained[FlowAR]]:
    """One FlowAR per problem, all as one ensemble, to tokenizers of the targets' images. One ladder of sides.

    `train_rms` speaks of velocities, relative to the rms of V = Y − F^0, scale by scale.
    """
    target = problems[0].target
    sides = [target.stages[0].side_in, *(stage.side_out for stage in target.stages)]
    factor(sides)
    words = [p.domain.points(p.domain.grid(WORDS[p.domain.kind])) for p in problems]
    scales = [tokenizer(p.target(x), sides[1:], DOWN) for p, x in zip(problems, words, strict=True)]
    results = [Trained(FlowAR([])) for _ in problems]
    states = words
    for index in range(len(sides) - 1):
        stages = [new_flow_stage(p, sides[: index + 2], config, flow) for p in problems]
        inputs = [s.transformer.interpolate(state) for s, state in zip(stages, states, strict=True)]
        aims = [of[index] for of in scales]
        for stage, shown, aim in zip(stages, inputs, aims, strict=True):
            _set_scales(stage, shown, aim)
        curves, rms = _fit(Ensemble(stages), inputs, aims, problems, index, training, notify)
        for result, stage, curve, value in zip(results, stages, curves, rms, strict=True):
            stage.net.checked = True
            result.model.stages.append(stage.double().requires_grad_(False))
            result.record(value, curve)
        states = [s.transformer.extended(state, y) for s, state, y in zip(stages, states, aims, strict=True)]
    return results


def new_flow_stage(problem: Problem, sides: Sequence[int], config: BlockConfig, flow: FlowConfig) -> FlowStage:
    """An untrained scale, the last of `sides`. Its weights depend on (seed, scale) alone."""
    source = generator("weights", problem.seed, len(sides) - 1)
    channels, tokens = problem.domain.channels, [side**2 for side in sides[1:]]
    block = PyramidBlock(config, tokens, channels, source, causal=False)
    net = FlowNet(config, tokens[-1], channels, source, residual=flow.residual, epsilon=flow.epsilon)
    return FlowStage(PyramidStage(problem.kernel, sides, block), net)


def _set_scales(stage: FlowStage, shown: Tensor, aim: Tensor) -> None:
    block, tokens = stage.transformer.block, stage.transformer.block.tokens
    block.set_scales(shown, torch.cat([shown[:, : -tokens[-1]], aim], dim=1))
    size = float(aim.square().mean())
    stage.net.condition_scale.fill_(math.sqrt(size))
    stage.net.output_scale.fill_(math.sqrt(size + 1))  # of V = Y − F^0


def _fit(
    ensemble: Ensemble,
    inputs: Sequence[Tensor],
    aims: Sequence[Tensor],
    problems: Sequence[Problem],
    index: int,
    training: Training,
    notify: Notify,
) -> tuple[list[list[float]], list[float]]:
    shown, samples = torch.stack(list(inputs)).float(), torch.stack(list(aims)).float()
    sources = [generator("noise while training", p.seed, index + 1) for p in problems]
    batches = word_batches(
        shown.shape[1], training.steps, training.batch, [generator("batches", p.seed, index + 1) for p in problems]
    )

    def paired(chosen: tuple[Tensor, Tensor]) -> tuple[tuple[Tensor, Tensor, Tensor], Tensor]:
        """C.13: a point on the path from fresh noise to the sample, at a uniform time, and the velocity there."""
        sample = samples[chosen]
        noise = torch.stack([torch.randn(sample.shape[1:], generator=source) for source in sources])
        time = torch.stack([torch.rand(sample.shape[1], 1, 1, generator=source) for source in sources])
        return (shown[chosen], path(sample, noise, time), time), velocity(sample, noise)

    curves = Curves(len(ensemble), training.steps, notify)
    size = samples.square().flatten(1).mean(dim=1) + 1
    fit(
        ensemble,
        lambda step: paired(batches[step]),
        size,
        steps=training.steps,
        learning_rate=training.learning_rate,
        on_step=curves.add,
    )
    ensemble.unstack()
    models = torch.arange(len(ensemble))[:, None]
    losses = []
    with torch.no_grad():
        for part in torch.arange(shown.shape[1]).split(64):
            given, wanted = paired((models, part.expand(len(ensemble), -1)))
            losses.append((ensemble(given) - wanted).square().flatten(1).mean(dim=1) / size)
    return curves.values(), torch.stack(losses, dim=1).mean(dim=1).sqrt().tolist()


def draw_noise(draw: int, target: Target, channels: int) -> list[Float[Tensor, "_ channels"]]:
    """F^0 of every scale: standard normal entries. They depend on the draw and the scale alone."""
    return [
        torch.randn(
            stage.side_out**2, channels, dtype=torch.float64, generator=generator("noise", draw, stage.side_out)
        )
        for stage in target.stages
    ]


@torch.no_grad()
def measure_flow(
    model: FlowAR, target: Target, domain: Domain, norm: NormName, sampler: str, steps: int
) -> FlowEvidence:
    """Errors of what a FlowAR generates, at noise seed 0 and over other draws."""

    def errors(count: int, draw: int) -> Float[Tensor, "words"]:
        words = domain.points(domain.sample(count))
        noise = draw_noise(draw, target, domain.channels)
        chunks = [
            token_norm(model.generate(x, noise, sampler, steps)[-1] - target(x), norm) for x in words.split(CHUNK)
        ]
        return torch.cat(chunks)

    first = errors(POINTS, 0)
    highest = torch.stack([errors(DRAW_POINTS, draw).max() for draw in range(1, DRAWS + 1)])
    low, high = highest.quantile(torch.tensor(QUANTILES, dtype=highest.dtype)).tolist()
    last = draw_noise(0, target, domain.channels)[-1]
    return FlowEvidence(
        error=float(first.max()),
        error_mean=float(first.mean()),
        error_l2=float(first.square().mean().sqrt()),
        noise_low=low,
        noise_high=high,
        noise_rms=float(token_norm(last, "rms")),
    )
