"""Branch and bound: norms of a staged map, all of its stages in one run, enclosed over a box of parameters.

Stages are treated in turn. The cells that stage i was resolved on are where stage i+1 starts, with the states at their
ends kept, so that stages share what lies before them and no stage depends on what comes after it. A cell that is cut
hands its parts its own state, which is exact but for the larger cell's remainder; only where that remainder is what
keeps a part from being resolved is the part computed from the start.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from varexp.enclosure.basis import ring
from varexp.enclosure.cells import Box, Boxes, Cells, States, first_boxes, halved, parameters
from varexp.enclosure.combining import beside
from varexp.enclosure.matrices import shared_matrices
from varexp.enclosure.norms import Norm
from varexp.enclosure.protocol import Enclosure
from varexp.errors import bad_value
from varexp.theory.interval import Interval

FLOOR = 1e-10  # a sup below it is resolved, whatever its relative gap
CHUNK = 2**20  # coefficients in the largest array of one pass: bounds the memory
BEST_FIRST = 256  # open cells beyond which only the worse half is cut in one round: a better lower end may close others
STALLED = 0.8  # a cell within a tenth of its goal that keeps this share of its excess when halved ...
PATIENCE = 4  # ... so many times in a row is left as it is: rounding is what remains
GENERATIONS = 2  # how often a remainder is handed down before it is suspected, however small
LEAST_GROWTH = 4.0  # what a stage makes of a remainder at least: cells that cannot succeed are not tried
GROWTH = 16.0  # what a stage is expected to make of a remainder; decides how a cell is tried next, never a bound

State = tuple[Enclosure, ...]


@dataclass(frozen=True)
class Transition:
    """One step of a staged map: from a state to the next (`forward`), and that with the values whose norms are wanted.

    `largest` is the number of entries of the largest array on the way, per cell; `symbols` how many of the largest
    remainders of each part of the next state become symbols.
    """

    step: Callable[[State], tuple[State, Sequence[Enclosure]]]
    forward: Callable[[State], State]
    largest: int
    symbols: int = 0


@dataclass(frozen=True, kw_only=True)
class Goal:
    """Stop at this relative gap, or after so many (cell, stage) evaluations for one stage."""

    gap: float = 0.01
    evaluations: int = 20_000

    def __post_init__(self) -> None:
        if not 0 < self.gap < math.inf:
            raise bad_value("gap", self.gap, "a finite number above 0")
        if self.evaluations < 1:
            raise bad_value("evaluations", self.evaluations, "a whole number from 1 up")


@dataclass(frozen=True)
class Sup(Interval):
    """A sup between two ends; `place` holds parameters at which `lower` is attained, None if it was given."""

    lower: float
    upper: float = math.inf
    place: tuple[float, ...] | None = None

    @property
    def gap(self) -> float:
        """upper/lower − 1, with the absolute floor taken off."""
        return (
            max(self.upper - FLOOR, 0.0) / self.lower - 1 if self.lower > 0 else math.inf if self.upper > FLOOR else 0.0
        )


@dataclass
class Search:
    """The search over one box."""

    start: Callable[[Enclosure], State]
    stages: Sequence[Transition]
    box: Box
    norm: Norm
    order: int
    goal: Goal = field(default_factory=Goal)

    def __post_init__(self) -> None:
        self._ring = ring(len(self.box.lower), self.order)
        self._parts = 2 ** len(self.box.lower)
        self.evaluated = [0] * len(self.stages)  # (cell, stage) evaluations spent on behalf of each stage

    @torch.no_grad()
    @shared_matrices()
    def run(self, known: Sequence[Sequence[float]]) -> list[list[Sup]]:
        """Both ends of every objective of every stage. `known` are lower ends that are rigorous already."""
        boxes = self._computed(*first_boxes(self.box), 0)
        results = []
        for index in range(len(self.stages)):
            lower = torch.tensor(list(known[index]), dtype=torch.float64)
            cells = self._resolve(self._entered(boxes, index, lower), index, lower)
            results.append(_sups(cells, lower))
            boxes = cells.ended()
        return results

    def _entered(self, boxes: Boxes, index: int, lower: Tensor) -> Cells:
        """Stage `index` on the cells that the stage before ended on. Those whose remainders cannot do are cut first,
        if the budget has room for that; if not, it is left to what the cells turn out to need."""
        hopeless = self._rest(boxes.states) * LEAST_GROWTH > self._room(lower) / self.goal.gap
        if len(boxes) + int(hopeless.sum()) * self._parts * (index + 1) > self.goal.evaluations:
            hopeless = torch.zeros_like(hopeless)
        kept = boxes.take((~hopeless).nonzero()[:, 0])
        return self._through(self._with_computed(kept, *halved(boxes.mid[hopeless], boxes.rad[hopeless]), index), index)

    def _resolve(self, cells: Cells, index: int, lower: Tensor) -> Cells:
        while len(lower):  # a stage may be on the way only
            best = torch.maximum(lower, cells.below.amax(dim=0))
            target = best * (1 + self.goal.gap) + FLOOR
            excess = cells.excess(target)
            left = (self.goal.evaluations - self.evaluated[index]) // (self._parts + index + 1)
            worst = excess.argsort(descending=True, stable=True)
            open_cells = worst[((excess > 1) & (cells.stalled < PATIENCE))[worst]]
            chosen = open_cells[: min(max(left, 0), max(BEST_FIRST, len(open_cells) // 2))]
            if len(chosen) == 0:
                return cells
            kept = torch.ones(len(cells), dtype=torch.bool).index_fill(0, chosen, False)
            found = self._again(cells, chosen, best, target, index)
            cells = Cells.joined([cells.take(kept.nonzero()[:, 0]), found])
        return cells

    def _again(self, cells: Cells, chosen: Tensor, best: Tensor, target: Tensor, index: int) -> Cells:
        """The chosen cells in parts, which take their states from them; or, where those are in doubt, with states
        computed from the start: of cells that were cut out of others as they are, of others in parts."""
        doubtful, cut = self._doubtful(cells.boxes.take(chosen), best), cells.boxes.cut[chosen] > 0
        divided, whole, parts = chosen[~doubtful], chosen[doubtful & cut], chosen[doubtful & ~cut]
        boxes = cells.boxes
        mid, rad = halved(boxes.mid[parts], boxes.rad[parts])
        mid, rad = torch.cat([boxes.mid[whole], mid]), torch.cat([boxes.rad[whole], rad])
        parents = [divided.repeat_interleave(self._parts), whole, parts.repeat_interleave(self._parts)]
        found = self._through(self._with_computed(boxes.take(divided).halved(), mid, rad, index), index)
        return _no_worse(found, cells, torch.cat(parents), target)

    def _doubtful(self, boxes: Boxes, best: Tensor) -> Tensor:
        """Whether the remainder that a cell's state came with may be what keeps it from being resolved: it is large,
        or it has been handed down before."""
        return ~(GROWTH * self._rest(boxes.states) < self._room(best) / 4) | (boxes.cut >= GENERATIONS)

    def _rest(self, states: States) -> Tensor:
        return torch.stack([self.norm(state.rest()) for state in states]).sum(dim=0)

    def _room(self, best: Tensor) -> float:
        """What may be added to the smallest of the sups that are known to be above 0."""
        positive = best[best > 0]
        return self.goal.gap * float(positive.amin()) if len(positive) else math.inf

    # ---- evaluation ----------------------------------------------------------------------------------------------

    def _computed(self, mid: Tensor, rad: Tensor, index: int) -> Boxes:
        """Boxes at the start of stage `index`, with states computed from the start."""
        state = self.start(parameters(self._ring, mid, rad))
        states = tuple(part.model() for part in state)
        for stage in self.stages[:index]:
            states = self._forward(states, stage)
        self.evaluated[index] += len(mid) * index
        return Boxes(mid, rad, torch.zeros(len(mid), dtype=torch.long), states)

    def _with_computed(self, boxes: Boxes, mid: Tensor, rad: Tensor, index: int) -> Boxes:
        """Boxes, and others whose states are computed from the start."""
        if len(mid) == 0:
            return boxes
        computed = self._computed(mid, rad, index)
        return Boxes.joined([boxes, computed]) if len(boxes) else computed

    def _forward(self, states: States, stage: Transition) -> States:
        done = []
        for part in torch.arange(len(states[0].R)).split(self._chunk(stage.largest)):
            state = stage.forward(tuple(Enclosure.of(model.cells(part)) for model in states))
            done.append([x.model().refreshed(stage.symbols) for x in state])
        return tuple(beside(same) for same in zip(*done, strict=True))

    def _through(self, boxes: Boxes, index: int) -> Cells:
        """Boxes taken through stage `index`."""
        stage, done = self.stages[index], []
        for part in torch.arange(len(boxes)).split(self._chunk(stage.largest)):
            some = boxes.take(part)
            state, values = stage.step(tuple(Enclosure.of(model) for model in some.states))
            done.append(self._bounded(some, state, values, stage))
        self.evaluated[index] += len(boxes)
        return Cells.joined(done)

    def _bounded(self, boxes: Boxes, state: State, values: Sequence[Enclosure], stage: Transition) -> Cells:
        above, below = torch.zeros(2, len(boxes), len(values), dtype=torch.float64)
        for shape in {value.shape for value in values}:  # those of one shape together
            same = [i for i, value in enumerate(values) if value.shape == shape]
            models = beside([values[i].model().absorbed() for i in same])
            above[:, same] = self.norm.upper_bound(models).reshape(len(same), -1).mT
            below[:, same] = self.norm.lower_bound(models).reshape(len(same), -1).mT
        after = tuple(part.model().refreshed(stage.symbols) for part in state)
        return Cells(boxes, torch.zeros(len(boxes), dtype=torch.long), above, below, after)

    def _chunk(self, largest: int) -> int:
        symbols = max(stage.symbols for stage in self.stages)
        return max(4, CHUNK // ((len(self._ring) + symbols) * largest))


def _no_worse(found: Cells, cells: Cells, parents: Tensor, target: Tensor) -> Cells:
    """What held on a cell's parent holds on it. Where halving brought next to nothing, rounding is what is left."""
    before = cells.excess(target)[parents]
    found.above = torch.minimum(found.above, cells.above[parents])
    slow = (found.excess(target) - 1 > STALLED * (before - 1)) & (before < 1.1)
    fresh = (found.boxes.cut == 0) & (cells.boxes.cut[parents] == 0)
    found.stalled = torch.where(slow & fresh, cells.stalled[parents] + 1, 0)
    return found


def _sups(cells: Cells, lower: Tensor) -> list[Sup]:
    result = []
    for j, known in enumerate(lower.tolist()):
        best = int(cells.below[:, j].argmax())
        found, above = float(cells.below[best, j]), float(cells.above[:, j].max())
        place = tuple(cells.boxes.mid[best].tolist()) if found > known else None
        result.append(Sup(max(found, known), above, place))
    return result
