"""Cells of a box of parameters, what is known on each of them, and how they are cut."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.enclosure.basis import Ring, chebyshev, ring, substituted
from varexp.enclosure.combining import beside
from varexp.enclosure.model import ChebyshevModel, renewed
from varexp.enclosure.protocol import Enclosure
from varexp.enclosure.rounding import UNIT, gamma

States = tuple[ChebyshevModel, ...]


@dataclass(frozen=True)
class Box:
    """Closed intervals, one a parameter, each cut into as many as `grid` says to start with."""

    lower: tuple[float, ...]
    upper: tuple[float, ...]
    grid: tuple[int, ...]


@dataclass
class Boxes:
    """Boxes mid ± rad (boxes, parameters) at the start of a stage, with the states there; `cut` counts how often
    those were cut out of a larger box's, with its remainder, since they were computed."""

    mid: Tensor
    rad: Tensor
    cut: Tensor
    states: States

    def __len__(self) -> int:
        return len(self.mid)

    def take(self, index: Tensor) -> "Boxes":
        """Some of the boxes."""
        states = tuple(state.cells(index) for state in self.states)
        return Boxes(self.mid[index], self.rad[index], self.cut[index], states)

    def halved(self) -> "Boxes":
        """Every box cut in two along every parameter; the parts take their states from it."""
        states = tuple(halved_state(state) for state in self.states)
        mid, rad = halved(self.mid, self.rad)
        return Boxes(mid, rad, (self.cut + 1).repeat_interleave(2 ** self.mid.shape[1], dim=0), states)

    @classmethod
    def joined(cls, parts: Sequence["Boxes"]) -> "Boxes":
        """The boxes of all parts."""
        if len(parts) == 1:
            return parts[0]
        mid, rad, cut = (torch.cat([getattr(part, name) for part in parts]) for name in ("mid", "rad", "cut"))
        return cls(mid, rad, cut, _beside([part.states for part in parts]))


@dataclass
class Cells:
    """Boxes that were taken through a stage: bounds of every objective on them (cells, objectives), the states at its
    end. `stalled` counts the halvings in a row that brought nothing."""

    boxes: Boxes
    stalled: Tensor
    above: Tensor
    below: Tensor
    after: States

    def __len__(self) -> int:
        return len(self.boxes)

    def excess(self, target: Float[Tensor, "objectives"]) -> Float[Tensor, "cells"]:
        """The largest ratio of an upper bound to its target; a cell above 1 is not resolved."""
        return (self.above / target).nan_to_num(nan=math.inf, posinf=math.inf).amax(dim=1)

    def ended(self) -> Boxes:
        """The boxes at the start of the next stage."""
        return Boxes(self.boxes.mid, self.boxes.rad, self.boxes.cut, self.after)

    def take(self, index: Tensor) -> "Cells":
        """Some of the cells."""
        after = tuple(state.cells(index) for state in self.after)
        return Cells(self.boxes.take(index), self.stalled[index], self.above[index], self.below[index], after)

    @classmethod
    def joined(cls, parts: Sequence["Cells"]) -> "Cells":
        """The cells of all parts."""
        if len(parts) == 1:
            return parts[0]
        stalled, above, below = (
            torch.cat([getattr(part, name) for part in parts]) for name in ("stalled", "above", "below")
        )
        after = _beside([part.after for part in parts])
        return cls(Boxes.joined([part.boxes for part in parts]), stalled, above, below, after)


def _beside(parts: Sequence[States]) -> States:
    return tuple(beside(same) for same in zip(*parts, strict=True))


def first_boxes(box: Box) -> tuple[Float[Tensor, "cells parameters"], Float[Tensor, "cells parameters"]]:
    """Middles and radii of the grid; neighbours overlap by more than rounding can open."""
    axes = []
    for low, high, count in zip(box.lower, box.upper, box.grid, strict=True):
        steps = torch.arange(count, dtype=torch.float64) + 0.5
        axes.append(low + (high - low) * steps / count)
    mid = torch.cartesian_prod(*axes).reshape(-1, len(axes))
    widths = [(high - low) / count / 2 for low, high, count in zip(box.lower, box.upper, box.grid, strict=True)]
    reach = max(map(abs, (*box.lower, *box.upper)))
    return mid, torch.tensor(widths, dtype=torch.float64).expand_as(mid) + 8 * UNIT * reach


def halved(mid: Tensor, rad: Tensor) -> tuple[Tensor, Tensor]:
    """Every box cut in two along every parameter, the parts of a box next to each other, radii rounded up."""
    signs = 0.5 * _signs(mid.shape[1])
    middles = (mid[:, None] + rad[:, None] * signs).flatten(0, 1)
    radii = (rad / 2 + 4 * UNIT * (mid.abs() + rad)).repeat_interleave(len(signs), dim=0)
    return middles, radii


def halved_state(state: ChebyshevModel) -> ChebyshevModel:
    """A state on the parts of its cells: t = ±1/2 + t'/2 in the polynomial, symbols and remainder as they are."""
    matrices = _substitutions(state.ring.variables, state.ring.order)  # parts coefficients coefficients
    parts = len(matrices)
    P = torch.einsum("pef,fc...->ecp...", matrices, state.P).flatten(1, 2)
    size = state.size.repeat_interleave(parts, dim=0) * (1 + gamma(len(state.ring) + 4))
    R = (state.R.repeat_interleave(parts, dim=0) + gamma(len(state.ring) + 4) * size) * (1 + 8 * UNIT)
    return ChebyshevModel(state.ring, P, state.G.repeat_interleave(parts, dim=1), R, size, renewed(state.symbols))


def parameters(shape: Ring, mid: Tensor, rad: Tensor) -> Enclosure:
    """Parameter p on each cell: mid_p + rad_p·t_p."""
    P = torch.cat([mid[None], mid.new_zeros(len(shape) - 1, *mid.shape)])
    for i, powers in enumerate(shape.powers):
        if sum(powers) == 1:
            P[i, :, powers.index(1)] = rad[:, powers.index(1)]
    return Enclosure.of(ChebyshevModel(shape, P, P[:0], torch.zeros_like(mid), mid.abs() + rad))


def point(values: Float[Tensor, "points parameters"]) -> Enclosure:
    """Exactly these numbers, one cell a point, no variable."""
    return Enclosure.of(ChebyshevModel.constant(ring(0, 1), values))


def _signs(variables: int) -> Tensor:
    return torch.tensor(list(itertools.product([-1.0, 1.0], repeat=variables)), dtype=torch.float64)


@lru_cache(maxsize=16)
def _substitutions(variables: int, order: int) -> Float[Tensor, "parts coefficients coefficients"]:
    """Column f holds the coefficients of T_f at t = (sign + t')/2, which are exact: integers over a power of 2."""
    powers = ring(variables, order).powers
    table = {
        sign: [_in_chebyshev(substituted(chebyshev(a), Fraction(sign) / 2, Fraction(1, 2))) for a in range(order + 1)]
        for sign in (-1.0, 1.0)
    }

    def entry(e: tuple[int, ...], f: tuple[int, ...], signs: list[float]) -> float:
        factors = zip(f, e, signs, strict=True)
        return math.prod(table[sign][a][b] if b <= a else 0.0 for a, b, sign in factors)

    parts = [[[entry(e, f, signs) for f in powers] for e in powers] for signs in _signs(variables).tolist()]
    return torch.tensor(parts, dtype=torch.float64)


def _in_chebyshev(polynomial: list[Fraction]) -> list[float]:
    """From powers of t to T_0, T_1, …: t^m T's leading part is taken off from above."""
    left, out = list(polynomial), [0.0] * len(polynomial)
    for m in range(len(polynomial) - 1, -1, -1):
        basis = chebyshev(m)
        factor = left[m] / basis[m]
        out[m] = float(factor)
        left = [a - factor * b for a, b in itertools.zip_longest(left[: m + 1], basis, fillvalue=Fraction(0))]
    return out
