"""Cells of a box of parameters, with the states of a staged map and bounds of its norms on each cell."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.enclosure.basis import Ring, ring
from varexp.enclosure.combining import concatenate_cells
from varexp.enclosure.halving import halve_boxes, halve_state
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.protocol import Enclosure
from varexp.enclosure.rounding import UNIT, require_gradual_underflow
from varexp.enclosure.symbols import parameter_symbols

States = tuple[ChebyshevModel, ...]


@dataclass(frozen=True)
class Box:
    """Closed intervals [lower, upper], one a parameter; the search starts with a grid of so many parts of each.

    Where the domain is a part of the box, `meets` says of cells middle ± radius whether they may hold a point of it.
    """

    lower: tuple[float, ...]
    upper: tuple[float, ...]
    grid: tuple[int, ...]
    meets: Callable[[Tensor, Tensor], Tensor] | None = None

    def reached(self, middle: Tensor, radius: Tensor) -> Tensor:
        """Which cells middle ± radius may hold a point of the domain."""
        low, high = (middle.new_tensor(ends) for ends in (self.lower, self.upper))
        inside = ((middle + radius >= low) & (middle - radius <= high)).all(dim=1)
        return inside if self.meets is None else inside & self.meets(middle, radius)

    def contains(self, points: Tensor) -> Tensor:
        """Which points are points of the domain."""
        return self.reached(points, torch.zeros_like(points))

    def nearest(self, points: Tensor) -> Tensor:
        """The points, those beyond an end moved to it."""
        low, high = (points.new_tensor(ends) for ends in (self.lower, self.upper))
        return torch.minimum(torch.maximum(points, low), high)


@dataclass
class Boxes:
    """Boxes of parameters, middle ± radius, with the states of the staged map on them at the start of a stage.

    Attributes:
        middle: (boxes, parameters).
        radius: (boxes, parameters).
        generations: (boxes,), how often a box was halved since its states were computed. A part inherits
            the states of the larger box with their remainders.
        states: one model a part of the state.
        bounds: (boxes, objectives), upper bounds on the box of the objectives of all earlier stages.
    """

    middle: Tensor
    radius: Tensor
    generations: Tensor
    states: States
    bounds: Tensor

    def __len__(self) -> int:
        return len(self.middle)

    def select(self, index: Tensor) -> "Boxes":
        """The boxes of these places."""
        states = tuple(state.select_cells(index) for state in self.states)
        return Boxes(self.middle[index], self.radius[index], self.generations[index], states, self.bounds[index])

    def halve(self) -> "Boxes":
        """The parts of every box, cut in two along every parameter, which inherit its states."""
        states = tuple(halve_state(state) for state in self.states)
        middle, radius = halve_boxes(self.middle, self.radius)
        parts = 2 ** self.middle.shape[1]
        generations = (self.generations + 1).repeat_interleave(parts, dim=0)
        return Boxes(middle, radius, generations, states, self.bounds.repeat_interleave(parts, dim=0))

    @classmethod
    def concatenate(cls, parts: Sequence["Boxes"]) -> "Boxes":
        """The boxes of all parts."""
        if len(parts) == 1:
            return parts[0]
        return cls(
            torch.cat([part.middle for part in parts]),
            torch.cat([part.radius for part in parts]),
            torch.cat([part.generations for part in parts]),
            concatenate_states([part.states for part in parts]),
            torch.cat([part.bounds for part in parts]),
        )


@dataclass
class Cells:
    """Boxes on which a stage was evaluated.

    Attributes:
        boxes: with the states at the start of the stage.
        stalled: (cells,), the number of halvings in a row after which the bounds were hardly smaller.
        upper: (cells, objectives), an upper bound of each objective's norm on the cell.
        lower: (cells, objectives), a lower bound of each objective's norm at the middle of the cell.
        next_states: the states at the end of the stage.
    """

    boxes: Boxes
    stalled: Tensor
    upper: Tensor
    lower: Tensor
    next_states: States

    def __len__(self) -> int:
        return len(self.boxes)

    def excess(self, target: Float[Tensor, "objectives"]) -> Float[Tensor, "cells"]:
        """The largest ratio of an upper bound to its target; a cell is resolved if it is at most 1."""
        return (self.upper / target).nan_to_num(nan=math.inf, posinf=math.inf).amax(dim=1)

    def next_boxes(self) -> Boxes:
        """The boxes with the states at the start of the next stage."""
        bounds = torch.cat([self.boxes.bounds, self.upper], dim=1)
        return Boxes(self.boxes.middle, self.boxes.radius, self.boxes.generations, self.next_states, bounds)

    def select(self, index: Tensor) -> "Cells":
        """The cells of these places."""
        states = tuple(state.select_cells(index) for state in self.next_states)
        boxes = self.boxes.select(index)
        return Cells(boxes, self.stalled[index], self.upper[index], self.lower[index], states)

    @classmethod
    def concatenate(cls, parts: Sequence["Cells"]) -> "Cells":
        """The cells of all parts."""
        if len(parts) == 1:
            return parts[0]
        return cls(
            Boxes.concatenate([part.boxes for part in parts]),
            torch.cat([part.stalled for part in parts]),
            torch.cat([part.upper for part in parts]),
            torch.cat([part.lower for part in parts]),
            concatenate_states([part.next_states for part in parts]),
        )


def concatenate_states(parts: Sequence[States]) -> States:
    """The states on the cells of all parts."""
    return tuple(concatenate_cells(models) for models in zip(*parts, strict=True))


def first_boxes(box: Box) -> tuple[Float[Tensor, "cells parameters"], Float[Tensor, "cells parameters"]]:
    """Middles and radii of the grid; neighbours overlap by more than rounding can open."""
    axes = []
    for low, high, count in zip(box.lower, box.upper, box.grid, strict=True):
        steps = torch.arange(count, dtype=torch.float64) + 0.5
        axes.append(low + (high - low) * steps / count)
    middle = torch.cartesian_prod(*axes).reshape(-1, len(axes))
    widths = [(high - low) / count / 2 for low, high, count in zip(box.lower, box.upper, box.grid, strict=True)]
    largest = max(map(abs, (*box.lower, *box.upper)))
    radius = torch.tensor(widths, dtype=torch.float64).expand_as(middle) + 8 * UNIT * largest
    kept = box.reached(middle, radius)
    return middle[kept], radius[kept]


def parameters(ring: Ring, middle: Tensor, radius: Tensor, lower: Sequence[float] | None = None) -> Enclosure:
    """The parameters on each cell, (cells, parameters): middle_p + radius_p·t_p, none of which lies below `lower`.

    In a ring without variables the t_p are symbols.
    """
    count, zero = middle.shape[1], torch.zeros_like(middle)
    polynomial = torch.cat([middle[None], middle.new_zeros(len(ring) - 1, *middle.shape)])
    symbols = parameter_symbols(count) if ring.variables == 0 else ()
    generators = radius * torch.eye(count, dtype=torch.float64)[: len(symbols), None]
    for i, powers in enumerate(ring.powers):
        if sum(powers) == 1:
            variable = powers.index(1)
            polynomial[i, :, variable] = radius[:, variable]
    magnitude = middle.abs() + radius
    least = None if lower is None else middle.new_tensor(lower).expand_as(middle)
    return Enclosure.of(ChebyshevModel(ring, polynomial, generators, zero, magnitude, symbols, least))


def point(values: Float[Tensor, "points parameters"]) -> Enclosure:
    """The enclosure of exactly these numbers: one cell a point, and no variable.

    Raises:
        FlushToZeroError: the processor takes subnormal numbers for zero, so that nothing can be enclosed.
    """
    require_gradual_underflow()
    return Enclosure.of(ChebyshevModel.constant(ring(0, 1), values))
