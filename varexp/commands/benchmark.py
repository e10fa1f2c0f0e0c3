"""Measure speed, as ratios in one run on one core: varexp benchmark [part=[steps,training,enclosures]].

steps: a training step that was recorded, against one whose operations vmap and autograd find. training: ensembles
against one model at a time. enclosures: certifying all sups of a chain to a 1 % gap, against the chain's training.
"""

import functools
import statistics
import time
import timeit
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from varexp.commands._options import option, parsed
from varexp.enclosure import Goal
from varexp.errors import unknown_name
from varexp.families.chain import new_stage
from varexp.maps.domains import Curve, Domain, parse_domain
from varexp.maps.patterns import generator
from varexp.maps.targets import build_target
from varexp.measurement.certify import certify
from varexp.measurement.measure import Measurement, measure
from varexp.models.block import Block, BlockConfig
from varexp.models.ensemble import Ensemble
from varexp.torch_state import controlled_torch
from varexp.training.problem import Problem
from varexp.training.recipe import OBJECTIVES, Recipe
from varexp.training.recording import Recorded
from varexp.training.staged import train

PARTS = ("steps", "training", "enclosures")

CHAINS = (  # domain, ladder of sides, K, widths
    ("curve-2", (2, 3, 4, 5, 6, 7, 8), 2.1, (8, 16, 32, 64)),
    ("curve-1", (1, 2, 3, 4, 5, 6, 8), 1.5, (16,)),
    ("disc-1", (1, 2, 3, 4, 5), 1.5, (8, 32, 64)),
    ("disc-1", (1, 2, 3, 4, 5, 6), 1.5, (16,)),
)


def seconds_of(step: Callable[[], object], repeats: int) -> float:
    """The least wall seconds of a call, over batches of ten."""
    return min(timeit.repeat(step, number=10, repeat=1 + repeats)) / 10


def steps(repeats: int) -> None:
    """Print the time of a recorded training step, and its ratio to the time of one that is not recorded."""
    print("side  ensemble  ms a model-step  ratio to one that is not recorded")
    for side in (2, 4, 8):
        for size in (1, 8, 32):
            blocks = [Block(BlockConfig(), side**2, 2, generator("benchmark", seed)) for seed in range(size)]
            ensemble = Ensemble(blocks)
            x, y = torch.randn(2, size, 8, side**2, 2, generator=generator("benchmark"))

            def descent(flat: Tensor, x: Tensor, y: Tensor, ensemble: Ensemble = ensemble) -> tuple[Tensor, ...]:
                flat = flat.detach().requires_grad_()
                loss = (ensemble(x, flat) - y).square().flatten(1).mean(dim=1)
                return loss.detach(), *torch.autograd.grad(loss.sum(), flat)

            recorded, arguments = Recorded(descent, ensemble.flat, x, y), (ensemble.flat, x, y)
            found = seconds_of(functools.partial(descent, *arguments), repeats)
            replayed = seconds_of(functools.partial(recorded, *arguments), repeats)
            print(f"{side:4d}  {size:8d}  {replayed / size * 1e3:15.3f}  {found / replayed:6.2f}")


def training_seconds(models: int, side: int, steps: int) -> float:
    """Wall seconds to train so many one-block chains as one ensemble."""
    target, domain = build_target("sine", (side, side), 2.1), Curve(side)
    problems = [Problem(target, domain, "dct", seed) for seed in range(models)]
    started = time.perf_counter()
    train(problems, lambda p, index: new_stage(p, index, BlockConfig()), Recipe(steps=steps))
    return time.perf_counter() - started


def training(steps: int, repeats: int) -> None:
    training_seconds(2, 2, 20)  # warm-up
    print("side  ensemble  model-steps/s  ratio to one at a time (median of pairs)")
    for side in (2, 4, 8):
        for size in (1, 8, 16, 32):
            pairs = [(training_seconds(1, side, steps), training_seconds(size, side, steps)) for _ in range(repeats)]
            ratio = statistics.median(size * alone / together for alone, together in pairs)
            rate = statistics.median(size * steps / together for _, together in pairs)
            print(f"{side:4d}  {size:8d}  {rate:13.0f}  {ratio:6.2f}")


def enclosing(domain: Domain, sides: tuple[int, ...], K: float, width: int) -> None:
    """One chain of the default recipe, certified at every depth of its ladder."""
    target = build_target("sine", sides, K)
    config = BlockConfig(width=width, hidden=2 * width, head_size=width)
    recipe = Recipe(learning_rate=OBJECTIVES["stagewise"].default_learning_rate(width))
    started = time.perf_counter()
    chain = train([Problem(target, domain, "keys", 0)], lambda p, index: new_stage(p, index, config), recipe)[0].model
    trained = time.perf_counter() - started
    evidence = measure([chain], target, domain, Measurement(starts=0))[0]
    places = [torch.tensor(depth.places, dtype=torch.float64) for depth in evidence]
    for depth in range(1, len(sides)):
        columns = ""
        for alone in (True, False):
            started = time.perf_counter()
            model, aim = chain.prefix(depth), target.prefix(depth)
            found = certify(model, aim, domain, "rms", Goal(), places[:depth], error_alone=alone)
            seconds = time.perf_counter() - started
            columns += f"  {seconds:7.2f}  {found.gap:7.2%}  {found.evaluations:11d}"
        share = seconds / (trained * depth / (len(sides) - 1))
        ladder = "-".join(map(str, sides[: depth + 1]))
        print(f"{domain!s:8s} {ladder:15s} {width:5d}  {depth:5d}{columns}  {share:6.2f}", flush=True)


def enclosures() -> None:
    print("                                      the error at the end           all sups of the chain")
    print("domain   sides           width  depth" + "  seconds      gap  evaluations" * 2 + "  share of training")
    for domain, sides, K, widths in CHAINS:
        for width in widths:
            enclosing(parse_domain(domain), sides, K, width)


@dataclass
class BenchmarkOptions:
    """What is measured, and how often."""

    part: list[str] = option([], f"of {', '.join(PARTS)}; by default all")
    steps: int = option(60, "training steps of each timing")
    repeats: int = option(3, "pairs of timings")


def run(arguments: Sequence[str]) -> int:
    """Measure and print."""
    options = parsed(BenchmarkOptions, arguments, __doc__ or "")
    if options is None:
        return 0
    for part in options.part:
        if part not in PARTS:
            raise unknown_name("part", part, PARTS)
    wanted = options.part or PARTS
    with controlled_torch():
        if "steps" in wanted:
            steps(options.repeats)
        if "training" in wanted:
            training(options.steps, options.repeats)
        if "enclosures" in wanted:
            enclosures()
    return 0
