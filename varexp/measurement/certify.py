"""Certified sups of a staged model: both ends of the error at every depth, and of every stage's ε_1, ε_2, local error.

The model and its target run on enclosures by the code that runs them on tensors (`trace.propagate_stage`). Both ends
hold for the model with its float64 weights in exact arithmetic.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.enclosure import Box, Enclosure, Goal, Search, State, Sup, Transition, point
from varexp.enclosure.policy import ORDERS
from varexp.maps.domains import Domain
from varexp.maps.norms import TokenNorm, find_norm
from varexp.maps.targets import Target, TargetStage
from varexp.measurement.trace import propagate_stage, sups_of
from varexp.models.chain import Chain
from varexp.models.stage import Stage

SYMBOLS = {1: 0, 2: 16, 3: 16}  # 0 beyond; per part of the state, where the next stage has at most SYMBOL_TOKENS tokens
OUTSIDE = 1e-9  # how far a word may be moved by the projection of its parameters
SYMBOL_TOKENS = 25  # beyond, carrying symbols through attention costs more than the cells they save

Points = Float[Tensor, "points parameters"]


@dataclass(frozen=True)
class Certificate:
    """Intervals of one model, by stage and by the name of the quantity; the error of stage i is that at depth i.

    `evaluations` counts pairs of a cell and a stage.
    """

    stages: tuple[dict[str, Sup], ...]
    evaluations: int

    @property
    def error(self) -> Sup:
        """The error at the end."""
        return self.stages[-1]["error"]

    @property
    def gap(self) -> float:
        """The widest relative gap."""
        return max(sup.gap for stage in self.stages for sup in stage.values())


class PointsByDepth:
    """Points where quantities are large, each found for one stage. Depth n uses the points of stages 1 to n."""

    def __init__(self, points: Sequence[Points]) -> None:
        self.parts = [part for part in points if len(part)]
        self.all = torch.cat(list(points))
        self.ends = list(itertools.accumulate(len(part) for part in points))

    def up_to(self, depth: int) -> slice:
        """Where the points of the stages 1..depth stand in `all`."""
        return slice(0, self.ends[depth - 1])

    def lower_bounds(
        self, chain: Chain, target: Target, domain: Domain, norm: TokenNorm
    ) -> list[dict[str, Float[Tensor, "points"]]]:
        """Rigorous lower bounds of every quantity at all points, as by `lower_bounds_at`.

        The points of each stage are evaluated by themselves: products of other sizes may add in another order, and what
        is said at depth n must not depend on later stages in any bit.
        """
        found = [lower_bounds_at(chain, target, domain, norm, part) for part in self.parts]
        return [{n: torch.cat([part[n] for part in stage]) for n in stage[0]} for stage in zip(*found, strict=True)]

    def largest(self, values: list[dict[str, Float[Tensor, "points"]]]) -> list[dict[str, float]]:
        """Of every stage and quantity, the largest value among the points up to its depth."""
        return [
            {name: float(v[self.up_to(depth)].max()) for name, v in stage.items()}
            for depth, stage in enumerate(values, start=1)
        ]


def check_pair(chain: Chain, target: Target, domain: Domain) -> None:
    """Raise ValueError if a model, its target and their domain do not fit, or the domain has too many parameters."""
    if chain.depth != len(target.stages):
        raise ValueError(f"the model has {chain.depth} stages and the target {len(target.stages)}: expected as many")
    sides = (chain.stages[0].side_in, *(stage.side_out for stage in chain.stages))
    if sides != target.sides or domain.side != sides[0]:
        raise ValueError(
            f"sides do not fit: model {sides}, target {target.sides}, words of side {domain.side}; expected the same"
        )
    if domain.parameters not in ORDERS:
        raise ValueError(
            f"sups are enclosed over at most {max(ORDERS)} parameters; {domain} has {domain.parameters}: use gap=null"
        )


def lower_bounds_at(
    chain: Chain, target: Target, domain: Domain, norm: TokenNorm, theta: Points
) -> list[dict[str, Float[Tensor, "points"]]]:
    """Rigorous lower bounds of every quantity at given parameters: the value less an allowance for rounding."""
    theta, places = theta.unique(dim=0, return_inverse=True)
    with torch.no_grad():
        state = y = domain.points(point(theta))
        values = []
        for stage, stage_target in zip(chain.stages, target.stages, strict=True):
            differences, _, state, y = propagate_stage(stage, stage_target, state, y, _evaluated)
            found = {name: getattr(differences, name).model() for name in sups_of(stage)}
            values.append({name: norm.lower_bound(model)[places] for name, model in found.items()})
            state, y = (Enclosure.of(x.model().condense(0)) for x in (state, y))
        return values


def certify(
    chain: Chain,
    target: Target,
    domain: Domain,
    norm: str | TokenNorm,
    goal: Goal,
    points: Sequence[Points],
    error_alone: bool = False,
) -> Certificate:
    """Enclose every sup of a model, or the error at its end alone, over a domain of at most eight parameters.

    `points[i]` are parameters at which the quantities of stage i+1 were found to be large; the search adds its own.

    Raises:
        ValueError: model, target and domain do not fit, or the domain has too many parameters.
    """
    norm = find_norm(norm)
    check_pair(chain, target, domain)
    found = PointsByDepth(points)
    _check_points(found.all, domain)
    known = found.largest(found.lower_bounds(chain, target, domain, norm))
    if error_alone:
        known = [{} for _ in known[:-1]] + [{"error": known[-1]["error"]}]
    return enclose_sups(chain, target, domain, norm, goal, known)


def _check_points(points: Points, domain: Domain) -> None:
    """Raise ValueError for a point outside the domain, where a value says nothing of a sup over it."""
    moved = (domain.points(domain.project(points)) - domain.points(points)).abs().flatten(1).amax(dim=1)
    if not bool((moved <= OUTSIDE).all()):  # false for nan
        raise ValueError(f"points lie in the domain {domain}, got {points[int(moved.argmax())].tolist()}")


def enclose_sups(
    chain: Chain, target: Target, domain: Domain, norm: TokenNorm, goal: Goal, known: Sequence[dict[str, float]]
) -> Certificate:
    """Both ends of the quantities that `known` names for every stage, with lower ends that are rigorous already."""
    count = domain.parameters
    low, high = domain.box
    next_tokens = [*(part.side_out**2 for part in target.stages[1:]), 0]
    transitions = [
        _transition(stage, part, SYMBOLS.get(count, 0) if following <= SYMBOL_TOKENS else 0, tuple(names))
        for stage, part, following, names in zip(chain.stages, target.stages, next_tokens, known, strict=True)
    ]

    def start(u: Any) -> State:
        word = domain.points(domain.chart(u))
        return word, word

    search = Search(start, transitions, Box(low, high, domain.first_cells, domain.meets), norm, ORDERS[count], goal)
    sups = search.run([list(stage.values()) for stage in known])
    named = tuple(dict(zip(names, found, strict=True)) for names, found in zip(known, sups, strict=True))
    return Certificate(named, sum(search.evaluated))


def _transition(stage: Stage, target: TargetStage, symbols: int, names: Sequence[str]) -> Transition:
    def step(state: State) -> tuple[State, list[Any]]:
        t, y = state
        differences, _, t, y = propagate_stage(stage, target, t, y, _evaluated)
        return (t, y), [getattr(differences, name) for name in names]

    def forward(state: State) -> State:
        t, y = state
        return stage(t), target(y)

    return Transition(step, forward, target.side_out**2 * stage.tokens_shown, symbols)


def _evaluated(x: Any) -> Any:
    """An enclosure, evaluated; a tensor itself: the search compares both."""
    return Enclosure.of(x.model()) if isinstance(x, Enclosure) else x
