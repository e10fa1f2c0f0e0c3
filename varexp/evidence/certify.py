"""Certified sups of a chain: both ends of the error at every depth and of every stage's ε_1, ε_2 and local error.

The chain and its target run on enclosures by the code that runs them on tensors (`trace.advance`). Both ends hold for
the model with its float64 weights in exact arithmetic.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.evidence.enclosure import Box, Enclosure, Goal, Search, Stage, Sup, norm_below, point
from varexp.evidence.trace import SUPS, advance
from varexp.maps.domain import Domain
from varexp.maps.norms import NormName
from varexp.maps.targets import Target
from varexp.models.chain import Chain

ORDER = {1: 7, 2: 3, 3: 3}  # of Taylor models, by number of parameters
GRID = {1: 32, 2: 8, 3: 4}  # cells a side to start with
SYMBOLS = {1: 0, 2: 50, 3: 50}  # per part of the state, at most

Progress = Callable[[int, int, float], None]


@dataclass(frozen=True)
class Certificate:
    """Intervals of one chain: `stages[i]` holds one Sup for each of SUPS at stage i+1, the error being that at depth
    i+1. `evaluations` counts (cell, stage) evaluations."""

    stages: tuple[tuple[Sup, ...], ...]
    evaluations: int

    @property
    def finite(self) -> list[bool]:
        """Whether everything up to each depth has an upper end."""
        ok = [all(math.isfinite(sup.upper) for sup in stage) for stage in self.stages]
        return [all(ok[: i + 1]) for i in range(len(ok))]


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
) -> Certificate:
    """Enclose every sup of a chain over a domain of at most three parameters.

    `places[i]` are parameters at which the quantities of stage i+1 were found to be large; the search adds its own.
    """
    count = domain.parameters
    if count not in ORDER:
        raise ValueError(f"sups are enclosed over at most {max(ORDER)} parameters; {domain} has {count}")
    found = attained(chain, target, domain, norm, torch.cat(list(places)))
    ends = list(itertools.accumulate(len(part) for part in places))
    lower = [found[:end, i].amax(dim=0).tolist() for i, end in enumerate(ends)]
    low, high = domain.box
    stages = [
        Stage(_step(stage, part), part.side_out**4, SYMBOLS[count])
        for stage, part in zip(chain.stages, target.stages, strict=True)
    ]

    def start(u: Enclosure) -> tuple[Enclosure, ...]:
        word = domain.points(domain.chart(u))
        return word, word

    search = Search(start, stages, Box(low, high, GRID[count]), norm, ORDER[count], goal, progress)
    return Certificate(tuple(map(tuple, search.run(lower))), sum(search.evaluated))


def _step(stage: torch.nn.Module, target: object) -> Callable[..., object]:
    def step(state: tuple[Enclosure, ...]) -> tuple[tuple[Enclosure, ...], list[Enclosure]]:
        differences, t, y = advance(stage, target, *state, _settle)  # type: ignore[arg-type]
        return (t, y), [getattr(differences, name) for name in SUPS]

    return step


def _settle(x: Enclosure) -> Enclosure:
    x.model()
    return x
