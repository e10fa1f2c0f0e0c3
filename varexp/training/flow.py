"""Training FlowAR by its loss (C.13), each scale by itself, with the true coarser scales shown (teacher forcing)."""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.maps.patterns import generator
from varexp.models.ensemble import Ensemble
from varexp.models.flow import path, velocity
from varexp.models.flowar import DOWN, FlowAR, FlowArchitecture, FlowNet, FlowStage, factor, tokenizer
from varexp.models.pyramid import PyramidBlock, PyramidStage
from varexp.training.descent import fit, word_batches
from varexp.training.fitting import Curves
from varexp.training.problem import Notify, Problem, Trained, silent
from varexp.training.recipe import Recipe


def flow_learning_rate(width: int) -> float:
    """The peak rate at which velocities trained well; three times it, the rate of chains, fails at the first scale."""
    return 0.02 * min(1.0, 16 / width)


def train_flow(
    problems: Sequence[Problem],
    architecture: FlowArchitecture,
    recipe: Recipe,
    notify: Notify = silent,
) -> list[Trained[FlowAR]]:
    """One FlowAR per problem, all as one ensemble, to tokenizers of the targets' images. One ladder of sides.

    `train_rms` speaks of velocities, relative to the rms of V = Y − F^0, scale by scale; of a network that answers
    samples, of these. The loss |NN − Y|² of such a network is that of C.13 with the weight (1 − t)².
    """
    sides = list(problems[0].target.sides)
    factor(sides)
    words = [p.domain.points(p.domain.grid(p.domain.training_words)) for p in problems]
    scales = [tokenizer(p.target(x), sides[1:], DOWN) for p, x in zip(problems, words, strict=True)]
    results = [Trained(FlowAR([])) for _ in problems]
    states = words
    for index in range(len(sides) - 1):
        stages = [new_flow_stage(p, sides[: index + 2], architecture) for p in problems]
        inputs = [s.transformer.interpolate(state) for s, state in zip(stages, states, strict=True)]
        aims = [of[index] for of in scales]
        for stage, shown, aim in zip(stages, inputs, aims, strict=True):
            _set_scales(stage, shown, aim)
        curves, rms = _fit(Ensemble(stages), inputs, aims, problems, index, architecture, recipe, notify)
        for result, stage, curve, value in zip(results, stages, curves, rms, strict=True):
            stage.net.checked = True
            result.model.stages.append(stage.double().requires_grad_(False))
            result.record(value, curve)
        states = [s.transformer.next_state(state, y) for s, state, y in zip(stages, states, aims, strict=True)]
    return results


def new_flow_stage(problem: Problem, sides: Sequence[int], architecture: FlowArchitecture) -> FlowStage:
    """An untrained scale, the last of `sides`. Its weights depend on (seed, scale) alone."""
    source = generator("weights", problem.seed, len(sides) - 1)
    channels, tokens = problem.domain.channels, [side**2 for side in sides[1:]]
    block = PyramidBlock(architecture, tokens, channels, source, causal=False)
    net = FlowNet(architecture, tokens[-1], channels, source)
    return FlowStage(PyramidStage(problem.kernel, sides, block), net)


def _set_scales(stage: FlowStage, shown: Tensor, aim: Tensor) -> None:
    block, tokens = stage.transformer.block, stage.transformer.block.tokens
    block.set_scales(shown, torch.cat([shown[:, : -tokens[-1]], aim], dim=1))
    size = float(aim.square().mean())
    stage.net.condition_scale.fill_(math.sqrt(size))
    stage.net.output_scale.fill_(math.sqrt(size if stage.net.config.of_samples else size + 1))  # of Y or V = Y − F^0


def drawn_times(times: str, count: int, source: torch.Generator) -> Float[Tensor, "count 1 1"]:
    """Times in [0, 1] to train at: uniform, or the logistic function of standard normal numbers."""
    if times == "uniform":
        return torch.rand(count, 1, 1, generator=source)
    return torch.sigmoid(torch.randn(count, 1, 1, generator=source))


def _fit(
    ensemble: Ensemble,
    inputs: Sequence[Tensor],
    aims: Sequence[Tensor],
    problems: Sequence[Problem],
    index: int,
    config: FlowArchitecture,
    recipe: Recipe,
    notify: Notify,
) -> tuple[list[list[float]], list[float]]:
    shown, samples = torch.stack(list(inputs)).float(), torch.stack(list(aims)).float()
    sources = [generator("noise while training", p.seed, index + 1) for p in problems]
    batches = word_batches(
        shown.shape[1], recipe.steps, recipe.batch, [generator("batches", p.seed, index + 1) for p in problems]
    )

    def paired(chosen: tuple[Tensor, Tensor]) -> tuple[tuple[Tensor, Tensor, Tensor], Tensor]:
        """C.13: a point on the path from fresh noise to the sample, at a random time, and the answer wanted there."""
        sample = samples[chosen]
        noise = torch.stack([torch.randn(sample.shape[1:], generator=source) for source in sources])
        time = torch.stack([drawn_times(config.times, sample.shape[1], source) for source in sources])
        aim = sample if config.of_samples else velocity(sample, noise)
        return (shown[chosen], path(sample, noise, time), time), aim

    curves = Curves(len(ensemble), recipe.steps, notify)
    size = samples.square().flatten(1).mean(dim=1)
    size = size if config.of_samples else size + 1  # the mean square of V = Y − F^0
    fit(
        ensemble,
        lambda step: paired(batches[step]),
        size,
        steps=recipe.steps,
        learning_rate=recipe.learning_rate,
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
