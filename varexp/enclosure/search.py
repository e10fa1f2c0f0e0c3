"""Branch and bound: norms at all stages of a staged map, enclosed over a box of parameters in one run.

Stages are treated in turn. Stage i + 1 starts on the cells on which stage i was resolved, with the states at the end of
stage i. Stages thus share the evaluation of the stages before them, and no stage depends on a later one.

A cell that is not resolved is refined. Its parts can inherit its state, which is exact but for the remainder of the
larger cell, or have their states computed from the start, which costs an evaluation of every earlier stage:

    state computed, remainder small ------------------> divide the cell, the parts inherit its state
    state inherited once, remainder small ------------> divide the cell, the parts inherit its state
    state computed, remainder large ------------------> divide the cell, compute the states of the parts
    state inherited, remainder large -----------------> compute the state of the cell, undivided
    state inherited twice ----------------------------> compute the state of the cell, undivided

What "large" and "twice" mean is a matter of `RefinementPolicy`.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from varexp.enclosure.basis import ring
from varexp.enclosure.cells import Box, Boxes, Cells, States, concatenate_states, first_boxes, parameters
from varexp.enclosure.combining import concatenate_cells
from varexp.enclosure.crosscheck import Cover, check_cover, check_places, plain_values
from varexp.enclosure.halving import halve_boxes, parts_of
from varexp.enclosure.matrices import shared_matrices
from varexp.enclosure.norms import Norm, lower_bound, upper_bound
from varexp.enclosure.policy import RefinementPolicy
from varexp.enclosure.protocol import Enclosure
from varexp.enclosure.rounding import require_gradual_underflow
from varexp.enclosure.sup import FLOOR, Goal, Sup

State = tuple[Any, ...]  # of enclosures, or of tensors at points


@dataclass(frozen=True)
class Transition:
    """One stage of a staged map, in plain torch: it runs on enclosures, and on tensors at points.

    Attributes:
        step: from a state to the next state and the values whose norms are asked for.
        forward: from a state to the next state alone.
        largest: the number of entries of the largest array on the way, per cell; it decides the use of memory.
        symbols: so many of the largest remainders of each part of the next state become symbols.
    """

    step: Callable[[State], tuple[State, Sequence[Any]]]
    forward: Callable[[State], State]
    largest: int
    symbols: int = 0


@dataclass
class Search:
    """A search over one box.

    Attributes:
        start: from the parameters (cells, parameters) to the first state.
        evaluated: after a run, the evaluations of a stage on a cell that were spent for each stage.
        visited: after a run, the points at which plain torch was compared with the final cover.
        cover: after a run, the final cover of the last stage: cells that lie over the whole box, with their bounds.
    """

    start: Callable[[Any], State]
    stages: Sequence[Transition]
    box: Box
    norm: Norm
    order: int
    goal: Goal = field(default_factory=Goal)
    policy: RefinementPolicy = field(default_factory=RefinementPolicy)

    def __post_init__(self) -> None:
        self._ring = ring(len(self.box.lower) if self.order else 0, self.order)
        self._parts = parts_of(len(self.box.lower))
        self.evaluated = [0] * len(self.stages)
        self.visited = 0
        self.cover: Cover | None = None

    @torch.no_grad()
    @shared_matrices()
    def run(self, known: Sequence[Sequence[float]]) -> list[list[Sup]]:
        """Both ends of every objective of every stage. `known` holds lower ends that are rigorous already.

        Raises SoundnessError if plain torch contradicts a bound at a point of the final cover.
        """
        require_gradual_underflow()
        middle, radius = first_boxes(self.box)
        boxes = self._compute_states(middle, radius, middle.new_zeros(len(middle), 0), 0)
        results, last = [], boxes.bounds
        for index in range(len(self.stages)):
            lower = torch.tensor(list(known[index]), dtype=torch.float64)
            cells = self._resolve(self._start_stage(boxes, index, lower), index, lower)
            results.append(_sups(cells, lower))
            boxes, last = cells.next_boxes(), cells.lower
        self.cover, values = Cover(boxes.middle, boxes.radius, boxes.bounds, last), plain_values(self)
        self.visited = check_cover(self.cover, values, self.box)
        check_places([sup for stage in results for sup in stage], values)
        return results

    def _start_stage(self, boxes: Boxes, index: int, lower: Tensor) -> Cells:
        """Evaluate stage `index` on the cells of the stage before.

        Cells whose remainders cannot meet the goal are divided first, if the budget has room for all of them.
        """
        hopeless = self._remainder_norm(boxes.states) * self.policy.least_growth > self._slack(lower) / self.goal.gap
        hopeless &= self._ring.variables > 0
        if len(boxes) + int(hopeless.sum()) * self._parts * (index + 1) > self.goal.evaluations:
            hopeless = torch.zeros_like(hopeless)
        kept = boxes.select((~hopeless).nonzero()[:, 0])
        middle, radius = halve_boxes(boxes.middle[hopeless], boxes.radius[hopeless])
        parents = hopeless.nonzero()[:, 0].repeat_interleave(self._parts)
        return self._evaluate_stage(self._append_recomputed(kept, middle, radius, boxes.bounds[parents], index), index)

    def _resolve(self, cells: Cells, index: int, lower: Tensor) -> Cells:
        """Refine the worst cells until all are resolved, stalled or beyond the budget."""
        while len(lower):  # a stage without objectives is on the way only
            best = torch.maximum(lower, cells.lower.amax(dim=0))
            target = best * (1 + self.goal.gap) + FLOOR
            chosen = self._choose(cells, cells.excess(target), index)
            if len(chosen) == 0:
                return cells
            kept = torch.ones(len(cells), dtype=torch.bool).index_fill(0, chosen, False)
            refined = self._refine(cells, chosen, best, target, index)
            cells = Cells.concatenate([cells.select(kept.nonzero()[:, 0]), refined])
        return cells

    def _choose(self, cells: Cells, excess: Tensor, index: int) -> Tensor:
        """The places of the cells that are refined next, worst first; empty at the end."""
        affordable = (self.goal.evaluations - self.evaluated[index]) // (self._parts + index + 1)
        worst_first = excess.argsort(descending=True, stable=True)
        is_open = (excess > 1) & (cells.stalled < self.policy.patience)
        open_cells = worst_first[is_open[worst_first]]
        return open_cells[: min(max(affordable, 0), max(self.policy.refined_at_once, len(open_cells) // 2))]

    def _refine(self, cells: Cells, chosen: Tensor, best: Tensor, target: Tensor, index: int) -> Cells:
        """The chosen cells, refined as the module's diagram says."""
        boxes = cells.boxes
        doubtful = self._inherited_remainder_is_doubtful(boxes.select(chosen), best)
        inherited = boxes.generations[chosen] > 0
        divided, whole, recomputed = chosen[~doubtful], chosen[doubtful & inherited], chosen[doubtful & ~inherited]
        middle, radius = halve_boxes(boxes.middle[recomputed], boxes.radius[recomputed])
        middle, radius = torch.cat([boxes.middle[whole], middle]), torch.cat([boxes.radius[whole], radius])
        reached = self.box.reached(middle, radius)
        middle, radius = middle[reached], radius[reached]
        computed = torch.cat([whole, recomputed.repeat_interleave(self._parts)])[reached]
        parents = torch.cat([divided.repeat_interleave(self._parts), computed])
        refined = self._append_recomputed(boxes.select(divided).halve(), middle, radius, boxes.bounds[computed], index)
        return self._inherit_bounds(self._evaluate_stage(refined, index), cells, parents, target)

    def _inherit_bounds(self, refined: Cells, cells: Cells, parents: Tensor, target: Tensor) -> Cells:
        """The refined cells, with their parents' upper bounds where these are smaller, and with their stalls counted.

        A cell stalls if states were computed on it and on its parent, and its excess is hardly smaller: the
        rest of it is due to rounding.
        """
        before = cells.excess(target)[parents]
        refined.upper = torch.minimum(refined.upper, cells.upper[parents])
        slow = refined.excess(target) - 1 > self.policy.stalled_share * (before - 1)
        slow &= before < self.policy.near_goal
        computed = (refined.boxes.generations == 0) & (cells.boxes.generations[parents] == 0)
        refined.stalled = torch.where(slow & computed, cells.stalled[parents] + 1, 0)
        return refined

    def _inherited_remainder_is_doubtful(self, boxes: Boxes, best: Tensor) -> Tensor:
        """Whether the remainder of a box's state may be what keeps it from being resolved: it is large for the goal, or
        was inherited too often."""
        expected = self.policy.expected_growth * self._remainder_norm(boxes.states)
        is_small = expected < self._slack(best) / self.policy.slack_share
        is_small &= self._ring.variables > 0  # symbols are not halved
        return ~is_small | (boxes.generations >= self.policy.most_generations)

    def _remainder_norm(self, states: States) -> Tensor:
        """The norm of the uncertainty of the states on each cell, added up."""
        return torch.stack([self.norm(state.uncertainty()) for state in states]).sum(dim=0)

    def _slack(self, best: Tensor) -> float:
        """gap times the smallest of the lower ends above 0; infinite if there is none."""
        positive = best[best > 0]
        return self.goal.gap * float(positive.amin()) if len(positive) else math.inf

    # ---- evaluation ----------------------------------------------------------------------------------------------

    def _compute_states(self, middle: Tensor, radius: Tensor, bounds: Tensor, index: int) -> Boxes:
        """Boxes at the start of stage `index`, with states computed from the start, and bounds of earlier stages."""
        states = tuple(part.model() for part in self.start(parameters(self._ring, middle, radius, self.box.lower)))
        for stage in self.stages[:index]:
            states = self._forward(states, stage)
        self.evaluated[index] += len(middle) * index
        return Boxes(middle, radius, torch.zeros(len(middle), dtype=torch.long), states, bounds)

    def _append_recomputed(self, boxes: Boxes, middle: Tensor, radius: Tensor, bounds: Tensor, index: int) -> Boxes:
        """The boxes, followed by boxes whose states are computed from the start."""
        if len(middle) == 0:
            return boxes
        computed = self._compute_states(middle, radius, bounds, index)
        return Boxes.concatenate([boxes, computed]) if len(boxes) else computed

    def _forward(self, states: States, stage: Transition) -> States:
        """The states at the end of a stage, in several passes."""
        done = []
        for part in torch.arange(len(states[0].remainder)).split(self._cells_per_pass(stage)):
            state = stage.forward(tuple(Enclosure.of(model.select_cells(part)) for model in states))
            done.append(tuple(x.model().condense(stage.symbols) for x in state))
        return concatenate_states(done)

    def _evaluate_stage(self, boxes: Boxes, index: int) -> Cells:
        """Evaluate stage `index` on boxes, in several passes."""
        stage, done = self.stages[index], []
        for part in torch.arange(len(boxes)).split(self._cells_per_pass(stage)):
            selected = boxes.select(part)
            state, values = stage.step(tuple(Enclosure.of(model) for model in selected.states))
            upper, lower = self._bound(len(selected), values)
            lower[~self.box.contains(selected.middle)] = 0.0  # boxes reach a little beyond the edge
            next_states = tuple(x.model().condense(stage.symbols) for x in state)
            stalled = torch.zeros(len(selected), dtype=torch.long)
            done.append(Cells(selected, stalled, upper, lower, next_states))
        self.evaluated[index] += len(boxes)
        return Cells.concatenate(done)

    def _bound(self, cells: int, values: Sequence[Enclosure]) -> tuple[Tensor, Tensor]:
        """Upper and lower bounds (cells, objectives) of the norms of values; values of one shape share a call."""
        upper, lower = torch.zeros(2, cells, len(values), dtype=torch.float64)
        for shape in {value.shape for value in values}:
            columns = [i for i, value in enumerate(values) if value.shape == shape]
            models = concatenate_cells([values[i].model().drop_symbols_but_parameters() for i in columns])
            upper[:, columns] = upper_bound(self.norm, models).reshape(len(columns), -1).mT
            lower[:, columns] = lower_bound(self.norm, models).reshape(len(columns), -1).mT
        return upper, lower

    def _cells_per_pass(self, stage: Transition) -> int:
        symbols = max(stage.symbols for stage in self.stages) + (0 if self._ring.variables else len(self.box.lower))
        return max(4, self.policy.coefficients_per_pass // ((len(self._ring) + symbols) * stage.largest))


def _sups(cells: Cells, known: Tensor) -> list[Sup]:
    """The ends of each objective over all cells; a lower end that was known is kept if no cell has a larger one."""
    result = []
    for j, given in enumerate(known.tolist()):
        best = int(cells.lower[:, j].argmax())
        attained, upper = float(cells.lower[best, j]), float(cells.upper[:, j].max())
        place = tuple(cells.boxes.middle[best].tolist()) if attained > given else None
        result.append(Sup(max(attained, given), upper, place))
    return result
