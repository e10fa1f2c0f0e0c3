"""Training modes: what each block of a chain is asked to imitate, and on which inputs.

y is the target's own trajectory, t the model's. `stagewise`: block i sees Φ_i y_{i-1} and aims at f_i(Φ_i y_{i-1}), so
that Lemma 5.3's split explains its error. `teacher_forcing`: it sees the same and aims at the true y_i, as VAR's
next-scale prediction does; a pyramid's block sees all coarser scales and aims at all up to its own. `corrective`: it
sees Φ_i t_{i-1} and aims at the true y_i. `end_to_end`: all blocks at once, from the word to y_n; its blocks do not
imitate the f_i, and only the last depth is judged.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.evidence.ensemble import Ensemble, fit, word_batches
from varexp.maps.domain import Domain
from varexp.maps.patterns import generator
from varexp.maps.targets import Target
from varexp.models.block import Block, BlockConfig
from varexp.models.chain import Chain, ModelStage
from varexp.models.pyramid import PyramidBlock, PyramidStage

MODES = ("stagewise", "teacher_forcing", "corrective", "end_to_end")
CURVE_POINTS = 25
FEWEST_STEPS = 11  # the rise of the one-cycle schedule, a tenth of them, takes at least one
WORDS = {"curve": 512, "disc": 1024, "ball": 4096}  # training words by kind of domain

Notify = Callable[[int], None]  # called with a number of finished model-steps


@dataclass(frozen=True, kw_only=True)
class Training:
    """A recipe. Raises ValueError for a mode that does not exist or a number out of range."""

    mode: str = "stagewise"
    steps: int = 1200
    batch: int = 8
    learning_rate: float = 0.06

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ValueError(f"unknown training {self.mode!r}: choose one of {', '.join(MODES)}")
        if self.steps < FEWEST_STEPS or self.batch < 1 or not self.learning_rate > 0:
            raise ValueError(
                f"training needs steps >= {FEWEST_STEPS}, batch >= 1 and learning_rate > 0, got "
                f"steps={self.steps}, batch={self.batch}, learning_rate={self.learning_rate}"
            )


def default_learning_rate(mode: str, width: int) -> float:
    """The peak rate that trained every target of the pilot study: it must fall with width, and for whole chains."""
    if mode == "end_to_end":
        return 0.01
    return 0.06 * min(1.0, 16 / width)


@dataclass(frozen=True)
class Problem:
    """What one chain is asked to learn; `pyramid` None: a chain (Def 3.8), else a pyramid (Def 3.6), whose attention
    is block-causal over scales where it is True.
    """

    target: Target
    domain: Domain
    kernel: str
    seed: int
    pyramid: bool | None = None


Model = TypeVar("Model")


@dataclass
class Trained(Generic[Model]):
    """A model in float64, the one that is judged, and how its training went, stage by stage.

    `train_rms[i]` is the rms error on the training words over the rms of what was aimed at; `curves[i]` the same on
    batches while training. `diverged_at` is the first depth whose model is not finite or no better than zero.
    """

    model: Model
    train_rms: list[float] = field(default_factory=list)
    curves: list[list[float]] = field(default_factory=list)

    @property
    def diverged_at(self) -> int | None:
        finite = [rms < 1 for rms in self.train_rms]  # false for nan
        return finite.index(False) + 1 if False in finite else None

    def record(self, train_rms: float, curve: list[float]) -> None:
        self.train_rms.append(train_rms)
        self.curves.append(curve)


def train(
    problems: Sequence[Problem], config: BlockConfig, training: Training, notify: Notify = lambda steps: None
) -> list[Trained[Chain]]:
    """Train one chain per problem, all as one ensemble. The ladders of sides must be the same.

    `notify` hears of progress. The result of a problem is the same to the bit whatever it is trained beside.
    """
    if problems[0].pyramid is not None and training.mode != "teacher_forcing":
        raise ValueError(f"a pyramid is trained by teacher_forcing, got training={training.mode}")
    ladders = {tuple((s.side_in, s.side_out) for s in p.target.stages) for p in problems}
    if len(ladders) != 1:
        raise ValueError(f"chains that train together need one ladder of sides, got {sorted(ladders)}")
    words = [p.domain.points(p.domain.grid(WORDS[p.domain.kind])) for p in problems]
    if training.mode == "end_to_end":
        return _train_end_to_end(problems, words, config, training, notify)
    return _train_by_stage(problems, words, config, training, notify)


def _train_by_stage(
    problems: Sequence[Problem], words: list[Tensor], config: BlockConfig, training: Training, notify: Notify
) -> list[Trained[Chain]]:
    results = [Trained(Chain([])) for _ in problems]
    states = words  # the truth, or with `corrective` the model's own, as the stages keep it
    truth = words  # y_{i-1}
    for index in range(len(problems[0].target.stages)):
        stages = [new_stage(p, index, config) for p in problems]
        targets = [p.target.stages[index] for p in problems]
        inputs = [stage.interpolate(state) for stage, state in zip(stages, states, strict=True)]
        truth = [target(y) for target, y in zip(targets, truth, strict=True)]
        follows = [stage.extended(state, y) for stage, state, y in zip(stages, states, truth, strict=True)]
        if training.mode == "stagewise":
            aims = [target.feature_map(u) for target, u in zip(targets, inputs, strict=True)]
        else:
            aims = [state[:, -u.shape[1] :] for state, u in zip(follows, inputs, strict=True)]  # all scales shown
        for stage, u, aim in zip(stages, inputs, aims, strict=True):
            stage.block.set_scales(u, aim)
        ensemble = Ensemble([stage.block for stage in stages])
        sources = [generator("batches", p.seed, index + 1) for p in problems]
        curves, rms = _fit(ensemble, torch.stack(inputs), torch.stack(aims), sources, training, notify)
        ensemble.unstack()
        for result, stage, curve, value in zip(results, stages, curves, rms, strict=True):
            result.model.stages.append(stage.double().requires_grad_(False))
            result.record(value, curve)
        if training.mode == "corrective":
            follows = [stage(state) for stage, state in zip(stages, states, strict=True)]
        states = follows
    return results


def _train_end_to_end(
    problems: Sequence[Problem], words: list[Tensor], config: BlockConfig, training: Training, notify: Notify
) -> list[Trained[Chain]]:
    chains, truth = [], []
    for problem, x in zip(problems, words, strict=True):
        chain = Chain([new_stage(problem, index, config) for index in range(len(problem.target.stages))])
        trajectory = problem.target.trajectory(x)
        for stage, y_before, y in zip(chain.stages, [x, *trajectory], trajectory, strict=False):
            stage.block.set_scales(stage.interpolate(y_before), y)
        chains.append(chain)
        truth.append(trajectory[-1])
    matrices = [[stage.interpolation for stage in chain.stages] for chain in chains]
    ensemble = Ensemble([chain.float() for chain in chains])
    sources = [generator("batches", p.seed, "all") for p in problems]
    curves, rms = _fit(ensemble, torch.stack(words), torch.stack(truth), sources, training, notify)
    ensemble.unstack()
    results = []
    for chain, kept, curve, value in zip(chains, matrices, curves, rms, strict=True):
        chain.double().requires_grad_(False)
        for stage, matrix in zip(chain.stages, kept, strict=True):
            stage.interpolation = matrix  # Φ_i is the float64 matrix, not its rounding to float32
        result = Trained(chain)
        for _ in chain.stages:
            result.record(value, curve)
        results.append(result)
    return results


def _fit(
    ensemble: Ensemble,
    inputs: Float[Tensor, "models words tokens_in channels"],
    outputs: Float[Tensor, "models words tokens_out channels"],
    sources: Sequence[torch.Generator],
    training: Training,
    notify: Notify,
) -> tuple[list[list[float]], list[float]]:
    """Train in float32; learning curves and final relative rms errors on the training words."""
    inputs, outputs = inputs.float(), outputs.float()
    index = word_batches(inputs.shape[1], training.steps, training.batch, sources)
    size = outputs.square().flatten(1).mean(dim=1)
    curves = Curves(len(ensemble), training.steps, notify)
    fit(
        ensemble,
        lambda step: (inputs[index[step]], outputs[index[step]]),
        size,
        steps=training.steps,
        learning_rate=training.learning_rate,
        on_step=curves.add,
    )
    with torch.no_grad():
        chunks = [ensemble(x) for x in inputs.split(64, dim=1)]
        residual = (torch.cat(chunks, dim=1) - outputs).square().flatten(1).mean(dim=1)
        return curves.values(), (residual / size).sqrt().tolist()


class Curves:
    """Learning curves: root of the mean relative loss per window of steps, for every model."""

    def __init__(self, models: int, steps: int, notify: Notify) -> None:
        self.models, self.steps, self.notify = models, steps, notify
        self.sums = torch.zeros(min(CURVE_POINTS, steps), models)
        self.counts = torch.zeros(len(self.sums), 1)

    def add(self, step: int, loss: Float[Tensor, "models"]) -> None:
        """Take in the losses of a step."""
        window = step * len(self.sums) // self.steps
        self.sums[window] += loss
        self.counts[window] += 1
        self.notify(self.models)

    def values(self) -> list[list[float]]:
        """One curve a model."""
        return (self.sums / self.counts).sqrt().T.tolist()


def new_stage(problem: Problem, index: int, config: BlockConfig) -> ModelStage | PyramidStage:
    """An untrained stage (index from 0). Its weights depend on (seed, stage) alone."""
    stages, channels = problem.target.stages[: index + 1], problem.domain.channels
    source = generator("weights", problem.seed, index + 1)
    sides = [stages[0].side_in, *(stage.side_out for stage in stages)]
    if problem.pyramid is None:
        return ModelStage(problem.kernel, sides[-2], sides[-1], Block(config, sides[-1] ** 2, channels, source))
    block = PyramidBlock(config, [side**2 for side in sides[1:]], channels, source, problem.pyramid)
    return PyramidStage(problem.kernel, sides, block)
