"""Training modes: what each block of a chain is asked to imitate, and on which inputs.

y is the target's own trajectory, t the model's. `stagewise`: block i sees Φ_i y_{i-1} and aims at f_i(Φ_i y_{i-1}), so
that Lemma 5.3's split explains its error. `corrective`: it sees Φ_i t_{i-1} and aims at the true y_i. `end_to_end`: all
blocks at once, from the word to y_n; its blocks do not imitate the f_i, and only the last depth is judged.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.evidence.ensemble import Ensemble, fit
from varexp.maps.domain import Domain
from varexp.maps.patterns import generator
from varexp.maps.targets import Target
from varexp.models.chain import Block, BlockConfig, Chain, ModelStage

MODES = ("stagewise", "corrective", "end_to_end")
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
    """What one chain is asked to learn."""

    target: Target
    domain: Domain
    kernel: str
    seed: int


@dataclass
class Trained:
    """A chain in float64, the model that is judged, and how its training went.

    `train_rms[i]` is the rms error on the training words over the rms of what was aimed at; `curves[i]` the same on
    batches while training. `diverged_at` is the first depth whose model is not finite or no better than zero.
    """

    chain: Chain
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
) -> list[Trained]:
    """Train one chain per problem, all as one ensemble. The ladders of sides must be the same.

    `notify` hears of progress. The result of a problem is the same to the bit whatever it is trained beside.
    """
    ladders = {tuple((s.side_in, s.side_out) for s in p.target.stages) for p in problems}
    if len(ladders) != 1:
        raise ValueError(f"chains that train together need one ladder of sides, got {sorted(ladders)}")
    words = [p.domain.points(p.domain.grid(WORDS[p.domain.kind])) for p in problems]
    if training.mode == "end_to_end":
        return _train_end_to_end(problems, words, config, training, notify)
    return _train_by_stage(problems, words, config, training, notify)


def _train_by_stage(
    problems: Sequence[Problem], words: list[Tensor], config: BlockConfig, training: Training, notify: Notify
) -> list[Trained]:
    results = [Trained(Chain([])) for _ in problems]
    followed = words  # y_{i-1} (stagewise) or t_{i-1} (corrective)
    truth = words  # y_{i-1}
    for index in range(len(problems[0].target.stages)):
        stages = [new_stage(p, index, config) for p in problems]
        targets = [p.target.stages[index] for p in problems]
        inputs = [stage.interpolate(x) for stage, x in zip(stages, followed, strict=True)]
        truth = [target(y) for target, y in zip(targets, truth, strict=True)]
        if training.mode == "corrective":
            aims = truth
        else:
            aims = [target.feature_map(u) for target, u in zip(targets, inputs, strict=True)]
        for stage, u, aim in zip(stages, inputs, aims, strict=True):
            set_scales(stage.block, u, aim)
        ensemble = Ensemble([stage.block for stage in stages])
        sources = [generator("batches", p.seed, index + 1) for p in problems]
        curves, rms = _fit(ensemble, torch.stack(inputs), torch.stack(aims), sources, training, notify)
        ensemble.unstack()
        for result, stage, curve, value in zip(results, stages, curves, rms, strict=True):
            result.chain.stages.append(stage.double().requires_grad_(False))
            result.record(value, curve)
        if training.mode == "corrective":
            followed = [stage(x) for stage, x in zip(stages, followed, strict=True)]
        else:
            followed = truth
    return results


def _train_end_to_end(
    problems: Sequence[Problem], words: list[Tensor], config: BlockConfig, training: Training, notify: Notify
) -> list[Trained]:
    chains, truth = [], []
    for problem, x in zip(problems, words, strict=True):
        chain = Chain([new_stage(problem, index, config) for index in range(len(problem.target.stages))])
        trajectory = problem.target.trajectory(x)
        for stage, y_before, y in zip(chain.stages, [x, *trajectory], trajectory, strict=False):
            set_scales(stage.block, stage.interpolate(y_before), y)
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
    """Train in float32; learning curves (root of the mean relative loss per window) and final relative rms errors."""
    inputs, outputs = inputs.float(), outputs.float()
    windows = torch.zeros(min(CURVE_POINTS, training.steps), len(ensemble))
    counts = torch.zeros(len(windows), 1)

    def on_step(step: int, loss: Tensor) -> None:
        window = step * len(windows) // training.steps
        windows[window] += loss
        counts[window] += 1
        notify(len(ensemble))

    fit(
        ensemble,
        inputs,
        outputs,
        sources,
        steps=training.steps,
        batch=training.batch,
        learning_rate=training.learning_rate,
        on_step=on_step,
    )
    with torch.no_grad():
        chunks = [ensemble(x) for x in inputs.split(64, dim=1)]
        residual = (torch.cat(chunks, dim=1) - outputs).square().flatten(1).mean(dim=1)
        relative = (residual / outputs.square().flatten(1).mean(dim=1)).sqrt()
    return (windows / counts).sqrt().T.tolist(), relative.tolist()


def new_stage(problem: Problem, index: int, config: BlockConfig) -> ModelStage:
    """An untrained stage (index from 0). Its weights depend on (seed, stage) alone."""
    target = problem.target.stages[index]
    channels = problem.domain.channels
    block = Block(config, target.side_out, channels, generator("weights", problem.seed, index + 1))
    return ModelStage(problem.kernel, target.side_in, target.side_out, block)


def set_scales(
    block: Block, inputs: Float[Tensor, "words tokens channels"], aims: Float[Tensor, "words tokens channels"]
) -> None:
    """The block's two fixed numbers: the rms of what it sees and of what it is to give."""
    block.input_scale.fill_(float(inputs.square().mean().sqrt()))
    block.output_scale.fill_(float(aims.square().mean().sqrt()))
