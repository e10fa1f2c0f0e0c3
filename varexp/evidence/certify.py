"""Certified sups of a chain: both ends of the error at every depth and of every stage's ε_1, ε_2 and local error.

The chain and its target run on enclosures by the code that runs them on tensors (`trace.advance`). Both ends hold for
the model with its float64 weights in exact arithmetic.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.evidence.enclosure import Box, Enclosure, Goal, Search, Stage, Sup, norm_below, point
from varexp.evidence.measure import DepthEvidence, Interval, StageEvidence
from varexp.evidence.soundness import check_trace, pointwise_bound
from varexp.evidence.trace import advance, sups_of, trace, tracers
from varexp.maps.domain import Domain
from varexp.maps.norms import NormName, merged_norm
from varexp.maps.targets import Target, TargetStage
from varexp.models.chain import Chain

ORDER = {1: 7, 2: 5, 3: 3}  # of Chebyshev models, by number of parameters
GRID = {1: (48,), 2: (9, 36), 3: (3, 6, 12)}  # cells along every coordinate to start with, about as long as wide
SYMBOLS = {1: 0, 2: 16, 3: 16}  # per part of the state, where the next stage has at most SYMBOL_TOKENS tokens
SUMMED = 1e-13  # relative: covers the sum and the root of a merged norm of at most a hundred scales
SYMBOL_TOKENS = 25  # beyond, carrying symbols through attention costs more than the cells they save

Progress = Callable[[int, int, float], None]
State = tuple[Enclosure, ...]


@dataclass(frozen=True)
class Certificate:
    """Intervals of one chain: `stages[i]` holds one Sup for each of `sups_of` stage i+1, the error being that at depth
    i+1; of the error alone, if that was asked for, the last stage holds one. `evaluations` counts (cell, stage)s."""

    stages: tuple[tuple[Sup, ...], ...]
    evaluations: int


def attained(
    chain: Chain, target: Target, domain: Domain, norm: NormName, theta: Float[Tensor, "points parameters"]
) -> Float[Tensor, "points stages sups"]:
    """Rigorous lower bounds of every quantity at given parameters: its value less what rounding may have added."""
    theta, places = theta.unique(dim=0, return_inverse=True)
    with torch.no_grad():
        state = y = domain.points(point(theta))
        values = []
        for stage, goal in zip(chain.stages, target.stages, strict=False):
            differences, _, state, y = advance(stage, goal, state, y, _settle)
            models = [getattr(differences, name).model() for name in sups_of(stage)]
            values.append(torch.stack([norm_below(model, norm) for model in models], dim=-1))
            state, y = (Enclosure.of(x.model().refreshed(0)) for x in (state, y))
        return torch.stack(values, dim=1)[places]


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
    if domain.parameters not in ORDER:
        raise ValueError(f"sups are enclosed over at most {max(ORDER)} parameters; {domain} has {domain.parameters}")
    return _certify(
        chain,
        target,
        domain,
        norm,
        goal,
        _largest(attained(chain, target, domain, norm, torch.cat(list(places))), [len(part) for part in places]),
        progress,
        error_alone,
    )


def _largest(values: Float[Tensor, "points stages sups"], counts: Sequence[int]) -> list[list[float]]:
    """Of every stage and sup, the largest value among the points that came for this stage and those before it."""
    ends = itertools.accumulate(counts)
    return [values[:end, i].amax(dim=0).tolist() for i, end in enumerate(ends)]


def _certify(
    chain: Chain,
    target: Target,
    domain: Domain,
    norm: NormName,
    goal: Goal,
    lower: list[list[float]],
    progress: Progress,
    error_alone: bool,
) -> Certificate:
    count = domain.parameters
    low, high = domain.box
    tokens = [part.side_out**2 for part in target.stages]
    names = [sups_of(stage) for stage in chain.stages]
    if error_alone:
        lower = [[]] * (chain.depth - 1) + [[lower[-1][names[-1].index("error")]]]
        names = [()] * (chain.depth - 1) + [("error",)]
    stages = [
        _stage(stage, part, SYMBOLS[count] if following <= SYMBOL_TOKENS else 0, wanted)
        for stage, part, following, wanted in zip(chain.stages, target.stages, [*tokens[1:], 0], names, strict=True)
    ]

    def start(u: Enclosure) -> State:
        word = domain.points(domain.chart(u))
        return word, word

    search = Search(start, stages, Box(low, high, GRID[count]), norm, ORDER[count], goal, progress)
    return Certificate(tuple(map(tuple, search.run(lower))), sum(search.evaluated))


def _stage(stage: Any, target: TargetStage, symbols: int, names: Sequence[str]) -> Stage:
    def step(state: State) -> tuple[State, list[Enclosure]]:
        t, y = state
        differences, _, t, y = advance(stage, target, t, y, _settle)
        return (t, y), [getattr(differences, name) for name in names]

    def forward(state: State) -> State:
        t, y = state
        return stage(t), target(y)

    return Stage(step, forward, target.side_out**2 * len(stage.interpolation), symbols)


def _settle(x: Enclosure) -> Enclosure:
    return Enclosure.of(x.model())


def enclosed(
    found: Sequence[DepthEvidence],
    chain: Chain,
    target: Target,
    domain: Domain,
    norm: NormName,
    goal: Goal | None,
) -> list[DepthEvidence]:
    """Evidence of a chain at depths 1..n with rigorous ends: both with a goal, else the lower ones alone.

    Raises SoundnessError if an inequality that is a theorem fails at a point that the search adds.
    """
    places = [torch.tensor(depth.places, dtype=torch.float64) for depth in found]
    chain, target = chain.prefix(len(found)), target.prefix(len(found))
    names, counts = sups_of(chain.stages[0]), [len(part) for part in places]
    values = attained(chain, target, domain, norm, torch.cat(places))
    lower = _largest(values, counts)
    merged = _merged(values[..., names.index("error")], target, norm)
    stages = [dict(zip(names, map(Interval, row), strict=True)) for row in lower]
    added = [0.0] * len(found)
    if goal is not None:
        sups = _certify(chain, target, domain, norm, goal, lower, lambda stage, cells, gap: None, False).stages
        stages = [dict(zip(names, map(_interval, stage), strict=True)) for stage in sups]
        added = _pointwise_at(sups, chain, target, domain, norm)
    ends = list(itertools.accumulate(counts))
    return [
        _with_intervals(depth, stages, target, norm, float(merged[: ends[i], i].max()), added[i])
        for i, depth in enumerate(found)
    ]


def _interval(sup: Sup) -> Interval:
    return Interval(sup.lower, sup.upper if math.isfinite(sup.upper) else None)


def _merged(errors: Float[Tensor, "*points stages"], target: Target, norm: NormName) -> Float[Tensor, "*points stages"]:
    """Norms of the merged differences (Rem 3.5)."""
    return merged_norm(errors, [stage.side_out**2 for stage in target.stages], norm)


def _with_intervals(
    depth: DepthEvidence,
    stages: list[dict[str, Interval]],
    target: Target,
    norm: NormName,
    merged: float,
    pointwise: float,
) -> DepthEvidence:
    n = len(depth.stages)
    uppers = [stage["error"].upper for stage in stages[:n]]
    above = None
    if None not in uppers:
        above = float(_merged(torch.tensor(uppers, dtype=torch.float64), target.prefix(n), norm)[-1]) * (1 + SUMMED)
    return replace(
        depth,
        error=stages[n - 1]["error"],
        error_merged=Interval(merged * (1 - SUMMED), above),
        bound_pointwise=max(depth.bound_pointwise, pointwise),
        stages=tuple(
            StageEvidence(*(stage.get(name, Interval()) for name in ("interpolation", "block", "local")))
            for stage in stages[:n]
        ),
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
    features = [stage.lipschitz_feature(norm).upper for stage in target.stages]
    check_trace(points, lipschitz, features, all(stage.alone for stage in chain.stages))
    counts = itertools.accumulate(sum(sup.place is not None for sup in stage) for stage in sups)
    values = pointwise_bound(points.local[0], lipschitz)  # points depths
    return [float(values[:count, i].max()) if count else 0.0 for i, count in enumerate(counts)]
