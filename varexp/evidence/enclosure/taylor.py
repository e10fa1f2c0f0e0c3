"""Taylor models: a polynomial on a cell plus symbols plus a remainder, and the arithmetic that keeps them rigorous.

A Taylor model stands for every function v with |v(t) − Σ_e P_e t^e − Σ_s G_s y_s| <= R for some |y_s| <= 1, at every t
in [-1, 1]^variables (Makino and Berz 2003; the symbols y are zonotope generators). Every operation is done on a batch
of cells, in float64, and adds to R what truncation and rounding lose: γ_n = n·u/(1 − n·u) times the sum of absolute
values of whatever was added up (Higham 2002, 3.1), where n counts at least the roundings on the way to a coefficient.

Shapes: P (monomials, cells, *logical), G (symbols, cells, *logical), R and size (cells, *logical).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor

from varexp.evidence.enclosure.matrices import TINY, Matrix
from varexp.evidence.enclosure.ring import Ring, broadcast
from varexp.maps.constants import UNIT, gamma

Map = Callable[[Tensor], Tensor]


class Expansion(NamedTuple):
    """A function around the centre c of every cell: f^(m)(c)/m! for m <= order, how far these are off, and a bound.

    `beyond(D)` bounds |f^(order+1)|/(order+1)! on [c − D, c + D].
    """

    coefficients: list[Tensor]
    errors: list[Tensor]
    beyond: Map


@dataclass(eq=False)
class TaylorModel:
    """See the module. `size` bounds Σ|P_e| + Σ|G_s| + R from above, loosely; it is used for rounding terms alone.

    Symbols of two models mean the same if and only if the models have the same `owner`.
    """

    ring: Ring
    P: Tensor
    G: Tensor
    R: Tensor
    size: Tensor
    owner: object = field(default=None)
    derived: dict[Any, Any] = field(default_factory=dict)  # models made from this one, so that they are made once

    @classmethod
    def constant(cls, shape: Ring, value: Tensor) -> "TaylorModel":
        """Exactly `value` (cells, *logical), on every cell."""
        P = torch.cat([value[None], value.new_zeros(len(shape) - 1, *value.shape)])
        return cls(shape, P, value.new_zeros(0, *value.shape), torch.zeros_like(value), value.abs())

    # ---- magnitudes ----------------------------------------------------------------------------------------------

    def rest(self) -> Tensor:
        """Σ|G_s| + R, rounded up."""
        if len(self.G) == 0:
            return self.R
        return (self.G.abs().sum(dim=0) + self.R) * (1 + gamma(len(self.G) + 4))

    def degrees(self) -> Tensor:
        """Σ|P_e| over the monomials of each degree (order+1, cells, *logical), rounded up; a tensor of its own."""
        absolute = self.P.abs()
        if self.ring.variables == 1:
            return absolute  # nothing to add up
        return self.ring.by_degree(absolute) * (1 + gamma(len(self.ring)))

    def spread(self) -> tuple[Tensor, Tensor, Tensor]:
        """degrees() without the constant, rest(), and their sum D: |v − P_0| <= D."""
        A, rest = self.degrees(), self.rest()
        A[0] = 0.0
        return A, rest, (A.sum(dim=0) + rest) * (1 + gamma(self.ring.order + 4))

    # ---- what is exact -------------------------------------------------------------------------------------------

    def map(self, f: Map) -> "TaylorModel":
        """A rearrangement of entries, of which `f` knows the logical axes by their distance from the last."""
        return TaylorModel(self.ring, f(self.P), f(self.G), f(self.R), f(self.size), self.owner)

    @classmethod
    def joined(cls, parts: Sequence["TaylorModel"], f: Callable[[list[Tensor]], Tensor]) -> "TaylorModel":
        """Several models set side by side by `f`, such as a concatenation."""
        largest = max(parts, key=lambda part: len(part.G))
        parts = [part if part.owner is largest.owner or len(part.G) == 0 else part.absorbed() for part in parts]
        count = len(largest.G)
        symbols = [part.G if len(part.G) else part.R.new_zeros(count, *part.R.shape) for part in parts]
        fields = [f([getattr(part, name) for part in parts]) for name in ("P", "R", "size")]
        return cls(largest.ring, fields[0], f(symbols), fields[1], fields[2], largest.owner)

    @classmethod
    def beside(cls, parts: Sequence["TaylorModel"]) -> "TaylorModel":
        """The cells of all parts, which have equally many symbols of their own."""
        P, G = (torch.cat([getattr(part, name) for part in parts], dim=1) for name in "PG")
        R, size = (torch.cat([getattr(part, name) for part in parts]) for name in ("R", "size"))
        return cls(parts[0].ring, P, G, R, size, object())

    def cells(self, index: Tensor) -> "TaylorModel":
        """Some of the cells."""
        return TaylorModel(self.ring, self.P[:, index], self.G[:, index], self.R[index], self.size[index], object())

    def doubted(self, relative: float) -> "TaylorModel":
        """The same, off by a relative error of the value at most."""
        up = 1 + relative * (1 + 16 * UNIT) + 16 * UNIT
        R = (self.R + relative * self.size) * up
        return TaylorModel(self.ring, self.P, self.G, R, self.size * up, self.owner)

    def negate(self) -> "TaylorModel":
        return TaylorModel(self.ring, -self.P, -self.G, self.R, self.size, self.owner)

    def absorbed(self) -> "TaylorModel":
        """Without symbols: they join the remainder."""
        if len(self.G) == 0:
            return self
        return TaylorModel(self.ring, self.P, self.G[:0], self.rest(), self.size * (1 + 4 * UNIT), None)

    def refreshed(self, symbols: int) -> "TaylorModel":
        """The `symbols` largest entries of the rest of each cell become new symbols, so that linear maps move them
        without loss; everything else but the polynomial joins the remainder."""
        rest = self.rest()
        flat = rest.flatten(1)  # cells entries
        count = min(symbols, flat.shape[1])
        top = flat.topk(count, dim=1)
        G = flat.new_zeros(count, *flat.shape).scatter_(2, top.indices.T[..., None], top.values.T[..., None])
        R = flat.scatter(1, top.indices, 0.0).reshape(rest.shape)
        size = (self.P.abs().sum(dim=0) + rest) * (1 + gamma(len(self.ring) + 4))
        return TaylorModel(self.ring, self.P, G.reshape(count, *rest.shape), R, size, object())

    # ---- linear maps ---------------------------------------------------------------------------------------------

    def right(self, matrix: Matrix) -> "TaylorModel":
        """v @ matrix, on the last axis."""
        if matrix.value.dim() > 2 and matrix.value.shape[:-2].numel() == 1:
            matrix = matrix.map(lambda t: t.reshape(t.shape[-2:]))  # one product for all batches
        W, k = matrix.value, matrix.value.shape[-2]
        absolute = W.abs()
        size = self.size @ absolute
        R = (self.R @ absolute).add_(size, alpha=gamma(k + 4))
        if matrix.error is not None:
            off = self.size @ matrix.error
            R, size = R.add_(off), size.add_(off)
        R, size = (x.mul_(1 + gamma(k + 8)).add_(TINY) for x in (R, size))
        return TaylorModel(self.ring, self.P @ W, self.G @ W, R, size, self.owner)

    def left(self, matrix: Matrix) -> "TaylorModel":
        """matrix @ v, on the last axis but one."""
        return self.map(_transpose).right(matrix.mT).map(_transpose)

    def scaled(self, factor: float) -> "TaylorModel":
        """factor · v."""
        if factor == 1.0:
            return self
        if factor == -1.0:
            return self.negate()
        size = abs(factor) * self.size * (1 + 4 * UNIT) + TINY
        R = (abs(factor) * self.R + UNIT * size) * (1 + 8 * UNIT) + TINY
        return TaylorModel(self.ring, self.P * factor, self.G * factor, R, size, self.owner)

    def weighted(self, value: Tensor) -> "TaylorModel":
        """Every entry times an exact number."""
        size = value.abs() * self.size * (1 + 4 * UNIT) + TINY
        R = (value.abs() * self.R + 2 * UNIT * size) * (1 + 8 * UNIT) + TINY
        return TaylorModel(self.ring, self.P * value, self.G * value, R, size, self.owner)

    def summed(self, dim: int) -> "TaylorModel":
        """The sum along a logical axis, counted from the last."""
        n = self.R.shape[dim]
        size = self.size.sum(dim=dim) * (1 + gamma(n + 4))
        R = (self.R.sum(dim=dim) + gamma(n + 4) * size) * (1 + gamma(n + 8))
        return TaylorModel(self.ring, self.P.sum(dim=dim), self.G.sum(dim=dim), R, size, self.owner)

    def shifted(self, value: Tensor, error: Tensor | None = None, in_place: bool = False) -> "TaylorModel":
        """v + an exact value, or one that is off by at most `error`. `in_place`: nobody else holds the coefficients."""
        value = value.expand(broadcast(value.shape, self.R.shape))
        P = self.P.expand(-1, *value.shape)
        P = P if in_place and P.shape == self.P.shape else P.clone()
        P[0] += value
        size = self.size + value.abs()
        R = self.R + P[0].abs().mul_(2 * UNIT)
        if error is not None:
            R, size = R.add_(error), size.add_(error)
        R, size = (x.mul_(1 + 8 * UNIT) for x in (R, size))
        return TaylorModel(self.ring, P, self.G.expand(-1, *value.shape), R, size, self.owner)


def _transpose(x: Tensor) -> Tensor:
    return x.mT


def same_symbols(a: TaylorModel, b: TaylorModel) -> tuple[TaylorModel, TaylorModel]:
    """Both over one set of symbols: where the owners differ, the smaller set joins its remainder."""
    if a.owner is b.owner or len(a.G) == 0 or len(b.G) == 0:
        return a, b
    return (a, b.absorbed()) if len(a.G) >= len(b.G) else (a.absorbed(), b)


def _owner(a: TaylorModel, b: TaylorModel) -> object:
    return a.owner if len(a.G) else b.owner


def total(parts: Sequence[TaylorModel]) -> TaylorModel:
    """The sum, with broadcasting."""
    out = parts[0]
    for part in parts[1:]:
        a, b = same_symbols(out, part)
        G = a.G + b.G if len(a.G) and len(b.G) else _broadcast_symbols(a.G if len(a.G) else b.G, a.R, b.R)
        size = (a.size + b.size).mul_(1 + 4 * UNIT)
        R = (a.R + b.R).add_(size, alpha=2 * UNIT).mul_(1 + 8 * UNIT)
        out = TaylorModel(a.ring, a.P + b.P, G, R, size, _owner(a, b))
    return out


def _broadcast_symbols(G: Tensor, *like: Tensor) -> Tensor:
    return G.expand(len(G), *broadcast(G.shape[1:], *(x.shape for x in like)))
