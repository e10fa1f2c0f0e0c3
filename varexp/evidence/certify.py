"""Certified sups of a chain: both ends of the error at every depth and of every stage's ε_1, ε_2 and local error.

The chain and its target run on enclosures by the code that runs them on tensors (`trace.advance`). Both ends hold for
the model with its float64 weights in exact arithmetic.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.evidence.enclosure import Box, Enclosure, Goal, Search, Stage, Sup, norm_below, point
from varexp.evidence.measure import DepthEvidence, Interval, StageEvidence
from varexp.evidence.soundness import check_trace, pointwise_bound
from varexp.evidence.trace import SUPS, advance, trace, tracers
from varexp.maps.domain import Domain
from varexp.maps.norms import NormName
from varexp.maps.targets import Target, TargetStage
from varexp.models.chain import Chain, ModelStage

ORDER = {1: 7, 2: 5, 3: 3}  # of Taylor models, by number of parameters
GRID = {1: 48, 2: 16, 3: 4}  # cells a side to start with
SYMBOLS = {1: 0, 2: 16, 3: 16}  # per part of the state, where the next stage has at most SYMBOL_TOKENS tokens
SYMBOL_TOKENS = 25  # beyond, carrying symbols through attention costs more than the cells they save

Progress = Callable[[int, int, float], None]
State = tuple[Enclosure, ...]


@dataclass(frozen=True)
class Certificate:
    """Intervals of one chain: `stages[i]` holds one Sup for each of SUPS at stage i+1, the error being that at depth
    i+1; of the error alone, if that was asked for, the last stage holds one. `evaluations` counts (cell, stage)s."""

    stages: tuple[tuple[Sup, ...], ...]
    evaluations: int


def attained(
    chain: Chain, target: Target, domain: Domain, norm: NormName, theta: Float[Tensor, "points parameters"]
) -> Float[Tensor, "points stages sups"]:
    """Rigorous lower bounds of every quantity at given parameters: its value less what rounding may have added."""
    with torch.no_grad():
        t = y = domain.points(point(theta))
        values = []
        for stage, goal in zip(chain.stages, target.stages, strict=False):
            differences, t, y = advance(stage, goal, t, y, _settle)
            models = [getattr(differences, name).model() for name in SUPS]
            values.append(torch.stack([norm_below(model, norm) for model in models], dim=-1))
            t, y = (Enclosure.of(x.model().refreshed(0)) for x in (t, y))
        return torch.stack(values, dim=1)


def certify(
    chain: Chain,
    target: Target,
    domain: Domain,
    norm: NormName,
    goal: Goal,
    places: Sequence[Float[Tensor, "points parameters"]],
    progress: Progress = lambda stage, cells, gap: None,
    error_alone: bool = False,
) -> Certificate:
    """Enclose every sup of a chain, or the error at its end alone, over a domain of at most three parameters.

    `places[i]` are parameters at which the quantities of stage i+1 were found to be large; the search adds its own.
    """
    count = domain.parameters
    if count not in ORDER:
        raise ValueError(f"sups are enclosed over at most {max(ORDER)} parameters; {domain} has {count}")
    found = attained(chain, target, domain, norm, torch.cat(list(places)))
    ends = list(itertools.accumulate(len(part) for part in places))
    lower = [found[:end, i].amax(dim=0).tolist() for i, end in enumerate(ends)]
    low, high = domain.box
    tokens = [part.side_out**2 for part in target.stages]
    names: list[tuple[str, ...]] = [SUPS] * chain.depth
    if error_alone:
        names = [()] * (chain.depth - 1) + [("error",)]
        lower = [[]] * (chain.depth - 1) + [[lower[-1][SUPS.index("error")]]]
    stages = [
        _stage(stage, part, SYMBOLS[count] if following <= SYMBOL_TOKENS else 0, wanted)
        for stage, part, following, wanted in zip(chain.stages, target.stages, [*tokens[1:], 0], names, strict=True)
    ]

    def start(u: Enclosure) -> State:
        word = domain.points(domain.chart(u))
        return word, word

    search = Search(start, stages, Box(low, high, GRID[count]), norm, ORDER[count], goal, progress)
    return Certificate(tuple(map(tuple, search.run(lower))), sum(search.evaluated))


def _stage(stage: ModelStage, target: TargetStage, symbols: int, names: Sequence[str]) -> Stage:
    def step(state: State) -> tuple[State, list[Enclosure]]:
        t, y = state
        differences, t, y = advance(stage, target, t, y, _settle)
        return (t, y), [getattr(differences, name) for name in names]

    def forward(state: State) -> State:
        t, y = state
        return stage(t), target(y)

    return Stage(step, forward, target.side_out**4, symbols)


def _settle(x: Enclosure) -> Enclosure:
    return Enclosure.of(x.model())


def enclosed(
    found: Sequence[DepthEvidence], chain: Chain, target: Target, domain: Domain, norm: NormName, goal: Goal | None
) -> list[DepthEvidence]:
    """Evidence of a chain at depths 1..n with rigorous ends: both with a goal, else the lower ones alone.

    Raises SoundnessError if an inequality that is a theorem fails at a point that the search adds.
    """
    places = [torch.tensor(depth.places, dtype=torch.float64) for depth in found]
    chain, target = chain.prefix(len(found)), target.prefix(len(found))
    if goal is None:
        values = attained(chain, target, domain, norm, torch.cat(places))
        ends = itertools.accumulate(len(part) for part in places)
        stages = [[Interval(v) for v in values[:end, i].amax(dim=0).tolist()] for i, end in enumerate(ends)]
        return [_with_intervals(depth, stages, 0.0) for depth in found]
    sups = certify(chain, target, domain, norm, goal, places).stages
    stages = [[Interval(s.lower, s.upper if math.isfinite(s.upper) else None) for s in stage] for stage in sups]
    added = _pointwise_at(sups, chain, target, domain, norm)
    return [_with_intervals(depth, stages, added[i]) for i, depth in enumerate(found)]


def _with_intervals(depth: DepthEvidence, stages: list[list[Interval]], pointwise: float) -> DepthEvidence:
    n = len(depth.stages)
    return replace(
        depth,
        error=stages[n - 1][SUPS.index("error")],
        bound_pointwise=max(depth.bound_pointwise, pointwise),
        stages=tuple(StageEvidence(*stage[: SUPS.index("error")]) for stage in stages[:n]),
    )


def _pointwise_at(
    sups: Sequence[Sequence[Sup]], chain: Chain, target: Target, domain: Domain, norm: NormName
) -> list[float]:
    """The right side of (**) at the points that the search found to be higher, for every depth: 0 without any."""
    coordinates = [sup.place for stage in sups for sup in stage if sup.place is not None]
    if not coordinates:
        return [0.0] * chain.depth
    theta = domain.project(domain.chart(torch.tensor(coordinates, dtype=torch.float64)))
    points = trace(tracers([chain, chain], target, domain, norm, chain.depth), theta)
    lipschitz = [stage.lipschitz(norm).upper for stage in target.stages]
    check_trace(points, lipschitz, [stage.lipschitz_feature(norm).upper for stage in target.stages])
    counts = itertools.accumulate(sum(sup.place is not None for sup in stage) for stage in sups)
    values = pointwise_bound(points.local[0], lipschitz)  # points depths
    return [float(values[:count, i].max()) if count else 0.0 for i, count in enumerate(counts)]
