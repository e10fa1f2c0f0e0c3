"""Training steps of the block of Def 3.8: varexp's ensembles against plain PyTorch and JAX, on one core.

All start from the same weights and see the same batches, and their losses at the end must agree, so that what is timed
is the same work. JAX is left out where it is not installed; its compilation is not counted.
"""

import copy
import importlib.util
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from varexp.benchmarks.contests import Cost, Row, contest, core_seconds, spent
from varexp.maps.patterns import generator
from varexp.models.block import Block, BlockConfig
from varexp.models.ensemble import Ensemble
from varexp.training.descent import fit

SIZES = ((2, 16), (4, 16), (8, 16), (16, 16), (4, 32), (8, 32))  # side, width
ENSEMBLES = (1, 8, 32)
BATCH = 8
RATE = 0.01
UNIT = "core-seconds a model-step"
WARM = 10  # steps of a training that are not counted
LARGE = 1024  # side of the square matrices whose product says what the core can do
TOLERANCE = 0.05  # by which losses at the end may differ, relative: float32, in another order


@dataclass
class Work:
    """Blocks, and a batch for every step: inputs and outputs (models, batch, tokens, channels)."""

    blocks: list[Block]
    batches: list[tuple[Tensor, Tensor]]

    @property
    def model_steps(self) -> int:
        return len(self.blocks) * len(self.batches)


def work(side: int, width: int, models: int, steps: int) -> Work:
    """Blocks that learn the half of their input."""
    config = BlockConfig(width=width)
    blocks = [Block(config, side**2, 2, generator("benchmark", seed)) for seed in range(models)]
    source = generator("benchmark batches", side)
    inputs = [torch.randn(models, BATCH, side**2, 2, generator=source) for _ in range(steps)]
    return Work(blocks, [(x, x / 2) for x in inputs])


@dataclass
class Timed:
    """What a way to train needs for one model-step, in core-seconds, and the losses (models) of the last step."""

    cost: float
    losses: Tensor


def by_varexp(job: Work) -> Timed:
    """Train as one ensemble. Steps are counted once the first ones have recorded and compiled what is repeated."""
    since, losses = [0.0], torch.zeros(0)

    def note(step: int, loss: Tensor) -> None:
        nonlocal losses
        losses = loss
        if step == WARM - 1:
            since[0] = spent()

    fit(
        Ensemble(job.blocks),
        lambda step: job.batches[step],
        torch.ones(len(job.blocks)),
        steps=len(job.batches),
        learning_rate=RATE,
        on_step=note,
    )
    return Timed((spent() - since[0]) / (job.model_steps - WARM * len(job.blocks)), losses)


def timed(way: Callable[[], Tensor], job: Work) -> Timed:
    """Another way, which is ready, once."""
    since = spent()
    losses = way()
    return Timed((spent() - since) / (len(losses) * len(job.batches)), losses)


def eager_loss(job: Work) -> Tensor:
    """The first model alone (1), as a plain loop of PyTorch trains it: others would each cost the same again."""
    block = copy.deepcopy(job.blocks[0])
    optimiser = torch.optim.Adam(block.parameters(), lr=RATE, betas=(0.9, 0.99), fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, RATE, total_steps=len(job.batches), pct_start=0.1, cycle_momentum=False, final_div_factor=1e4
    )
    for x, y in job.batches:
        optimiser.zero_grad()
        loss = (block(x[0]) - y[0]).square().mean()
        loss.backward()
        nn.utils.clip_grad_norm_(block.parameters(), 1.0)
        optimiser.step()
        schedule.step()
    return loss.detach()[None]


def ways() -> dict[str, Callable[[Work], Callable[[], Tensor]]]:
    """The other ways to train; each makes itself ready for a work, and then does it whenever it is called."""
    found: dict[str, Callable[[Work], Callable[[], Tensor]]] = {"eager PyTorch": lambda job: lambda: eager_loss(job)}
    if all(importlib.util.find_spec(name) for name in ("jax", "optax")):
        from varexp.benchmarks.jax_block import prepared

        found["JAX"] = lambda job: prepared(job.blocks, job.batches, RATE)
    return found


def require_agreement(job: Work, others: dict[str, Callable[[], Tensor]]) -> None:
    """Do the work once in every way. AssertionError if one of them has computed something else."""
    expected = by_varexp(job).losses
    for name, way in others.items():
        found = way()
        if not torch.allclose(found, expected[: len(found)], rtol=TOLERANCE, atol=1e-6):
            raise AssertionError(f"{name} ends with losses {found.tolist()}, varexp with {expected.tolist()}")


def rows(steps: int, pairs: int, sizes: Sequence[tuple[int, int]] = SIZES) -> Iterator[Row]:
    """A row for every size, ensemble and other way: core-seconds for a model-step.

    Args:
        steps: of each model at side 2; larger sides have fewer.
        pairs: measurements of each way.
    """
    for side, width in sizes:
        for models in ENSEMBLES:
            job = work(side, width, models, WARM + 4 * steps // side**2)
            others = {name: prepare(job) for name, prepare in ways().items()}
            require_agreement(job, others)
            costs: dict[str, Cost] = {name: partial(_cost, way, job) for name, way in others.items()}
            what = f"{side}x{side} tokens, width {width}, {models} models"
            yield from contest("training", what, partial(_cost_here, job), costs, pairs, UNIT)
    yield from _shares(steps, sizes)


def _cost(way: Callable[[], Tensor], job: Work) -> float:
    return timed(way, job).cost


def _cost_here(job: Work) -> float:
    return by_varexp(job).cost


def _shares(steps: int, sizes: Sequence[tuple[int, int]]) -> Iterator[Row]:
    """How much of the rate of a large product the largest ensembles reach, by their floating-point operations."""
    a = torch.ones(LARGE, LARGE)
    rate = 2 * LARGE**3 / min(core_seconds(lambda: a @ a) for _ in range(5))
    for side, width in sizes:
        job = work(side, width, ENSEMBLES[-1], WARM + 4 * steps // side**2)
        with FlopCounterMode(display=False) as counter:
            eager_loss(Work(job.blocks[:1], job.batches[:1]))
        what = f"{side}x{side} tokens, width {width}, {ENSEMBLES[-1]} models: share of a large product's rate"
        yield Row("training", what, "1", counter.get_total_flops() / by_varexp(job).cost / rate)
