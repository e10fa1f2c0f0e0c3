"""Chebyshev models: a polynomial on a cell plus symbols plus a remainder, and the arithmetic that keeps them rigorous.

A Chebyshev model stands for every function v with |v(t) − Σ_e P_e T_e(t) − Σ_s G_s y_s| <= R for some |y_s| <= 1, at
every t in [-1, 1]^variables (Brisebarre and Joldeş 2010; the symbols y are zonotope generators). Every operation is
done on a batch of cells, in float64, and adds to R what truncation and rounding lose: γ_n = n·u/(1 − n·u) times the sum
of absolute values of whatever was added up (Higham 2002, 3.1), where n counts at least the roundings on the way to a
coefficient.

Shapes: P (coefficients, cells, *logical), G (symbols, cells, *logical), R and size (cells, *logical).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from varexp.enclosure.basis import Ring, broadcast
from varexp.enclosure.matrices import Matrix
from varexp.enclosure.rounding import TINY, UNIT, gamma

Map = Callable[[Tensor], Tensor]
FEW = 2  # columns of a model whose remainders are worth a symbol in every row


@dataclass(frozen=True, eq=False)
class Symbol:
    """Some number in [-1, 1], another one in every cell; with `by_row`, in every row of every cell."""

    by_row: bool = False


@dataclass(eq=False)
class ChebyshevModel:
    """See the module. `size` bounds Σ|P_e| + Σ|G_s| + R from above, loosely; it is used for rounding terms alone.

    `symbols` says what y_s is, for each G_s. Rows lie along the last axis but one: what mixes or moves them puts
    symbols by row into the remainder first (`mixed`).
    """

    ring: Ring
    P: Tensor
    G: Tensor
    R: Tensor
    size: Tensor
    symbols: tuple[Symbol, ...] = ()
    derived: dict[Any, Any] = field(default_factory=dict)  # models made from this one, so that they are made once

    @classmethod
    def constant(cls, shape: Ring, value: Tensor) -> "ChebyshevModel":
        """Exactly `value` (cells, *logical), on every cell."""
        P = torch.cat([value[None], value.new_zeros(len(shape) - 1, *value.shape)])
        return cls(shape, P, value.new_zeros(0, *value.shape), torch.zeros_like(value), value.abs())

    @classmethod
    def exactly(cls, shape: Ring, matrix: Matrix, cells: int) -> "ChebyshevModel":
        """The same matrix on every cell."""
        result = cls.constant(shape, matrix.value.expand(cells, *matrix.value.shape))
        if matrix.error is None:
            return result
        return replace(result, R=result.R + matrix.error, size=(result.size + matrix.error) * (1 + 4 * UNIT))

    # ---- magnitudes ----------------------------------------------------------------------------------------------

    def rest(self) -> Tensor:
        """Σ|G_s| + R, rounded up."""
        if len(self.G) == 0:
            return self.R
        return (self.G.abs().sum(dim=0) + self.R) * (1 + gamma(len(self.G) + 4))

    def degrees(self) -> Tensor:
        """Σ|P_e| over the coefficients of each degree (order+1, cells, *logical), rounded up; a tensor of its own."""
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

    def map(self, f: Map, rows_stay: bool = False) -> "ChebyshevModel":
        """A rearrangement of entries, of which `f` knows the logical axes by their distance from the last."""
        x = self if rows_stay else self.mixed()
        return ChebyshevModel(x.ring, f(x.P), f(x.G), f(x.R), f(x.size), x.symbols)

    def cells(self, index: Tensor) -> "ChebyshevModel":
        """Some of the cells."""
        P, G, R, size = self.P[:, index], self.G[:, index], self.R[index], self.size[index]
        return ChebyshevModel(self.ring, P, G, R, size, renewed(self.symbols))

    def doubted(self, relative: float) -> "ChebyshevModel":
        """The same, off by a relative error of the value at most."""
        up = 1 + relative * (1 + 16 * UNIT) + 16 * UNIT
        R = (self.R + relative * self.size) * up
        return ChebyshevModel(self.ring, self.P, self.G, R, self.size * up, self.symbols)

    def negate(self) -> "ChebyshevModel":
        return ChebyshevModel(self.ring, -self.P, -self.G, self.R, self.size, self.symbols)

    def absorbed(self) -> "ChebyshevModel":
        """Without symbols: they join the remainder."""
        if len(self.G) == 0:
            return self
        return ChebyshevModel(self.ring, self.P, self.G[:0], self.rest(), self.size * (1 + 4 * UNIT))

    def without(self, dropped: Callable[[Symbol], bool]) -> "ChebyshevModel":
        """Some of the symbols join the remainder."""
        kept = [i for i, symbol in enumerate(self.symbols) if not dropped(symbol)]
        if len(kept) == len(self.symbols):
            return self
        if not kept:
            return self.absorbed()
        lost = [i for i in range(len(self.symbols)) if i not in kept]
        R = (self.G[lost].abs().sum(dim=0) + self.R) * (1 + gamma(len(lost) + 4))
        size = self.size * (1 + 4 * UNIT)
        return ChebyshevModel(self.ring, self.P, self.G[kept], R, size, tuple(self.symbols[i] for i in kept))

    def mixed(self) -> "ChebyshevModel":
        """Without symbols by row, for what mixes rows."""
        return self.without(lambda symbol: symbol.by_row)

    def by_rows(self) -> "ChebyshevModel":
        """The remainders of the FEW columns where they are largest become symbols, others in every row: what is done
        row by row then moves them with their signs."""
        if self.R.dim() < 3 or not bool(self.R.any()):
            return self
        columns = self.R.flatten(0, -2).sum(dim=0).topk(min(FEW, self.R.shape[-1])).indices
        own = self.R.new_zeros(len(columns), *self.R.shape)
        R = self.R.clone()
        for symbol, column in zip(own, columns, strict=True):
            symbol[..., column] = R[..., column]
        R[..., columns] = 0.0
        G = torch.cat([self.G, own]) if len(self.G) else own
        symbols = (*self.symbols, *(Symbol(by_row=True) for _ in columns))
        return ChebyshevModel(self.ring, self.P, G, R, self.size, symbols)

    def refreshed(self, symbols: int) -> "ChebyshevModel":
        """The `symbols` largest entries of the rest of each cell become new symbols, so that linear maps move them
        without loss; everything else but the polynomial joins the remainder."""
        rest = self.rest()
        flat = rest.flatten(1)  # cells entries
        count = min(symbols, flat.shape[1])
        top = flat.topk(count, dim=1)
        G = flat.new_zeros(count, *flat.shape).scatter_(2, top.indices.T[..., None], top.values.T[..., None])
        R = flat.scatter(1, top.indices, 0.0).reshape(rest.shape)
        size = (self.P.abs().sum(dim=0) + rest) * (1 + gamma(len(self.ring) + 4))
        symbols_now = tuple(Symbol() for _ in range(count))
        return ChebyshevModel(self.ring, self.P, G.reshape(count, *rest.shape), R, size, symbols_now)

    # ---- linear maps ---------------------------------------------------------------------------------------------

    def right(self, matrix: Matrix) -> "ChebyshevModel":
        """v @ matrix, on the last axis."""
        if matrix.value.dim() > 2 and matrix.value.shape[:-2].numel() == 1:
            matrix = matrix.map(lambda t: t.reshape(t.shape[-2:]), "flat")  # one product for all batches
        W, k = matrix.value, matrix.value.shape[-2]
        size = self.size @ matrix.size
        R = (self.R @ matrix.size).add_(size, alpha=gamma(k + 4))
        if matrix.error is not None:
            off = self.size @ matrix.error
            R, size = R.add_(off), size.add_(off)
        R, size = (x.mul_(1 + gamma(k + 8)).add_(TINY) for x in (R, size))
        G = self.G @ W if len(self.G) else R.new_empty(0, *R.shape)
        return ChebyshevModel(self.ring, self.P @ W, G, R, size, self.symbols)

    def left(self, matrix: Matrix) -> "ChebyshevModel":
        """matrix @ v, on the last axis but one."""
        return self.map(_transpose).right(matrix.mT).map(_transpose).by_rows()

    def scaled(self, factor: float) -> "ChebyshevModel":
        """factor · v."""
        if factor == 1.0:
            return self
        if factor == -1.0:
            return self.negate()
        size = abs(factor) * self.size * (1 + 4 * UNIT) + TINY
        R = (abs(factor) * self.R + UNIT * size) * (1 + 8 * UNIT) + TINY
        return ChebyshevModel(self.ring, self.P * factor, self.G * factor, R, size, self.symbols)

    def weighted(self, value: Tensor) -> "ChebyshevModel":
        """Every entry times an exact number."""
        size = value.abs() * self.size * (1 + 4 * UNIT) + TINY
        R = (value.abs() * self.R + 2 * UNIT * size) * (1 + 8 * UNIT) + TINY
        return ChebyshevModel(self.ring, self.P * value, self.G * value, R, size, self.symbols)

    def summed(self, dim: int, keepdim: bool = False) -> "ChebyshevModel":
        """The sum along a logical axis, counted from the last."""
        x, n = self if keepdim and dim == -1 else self.mixed(), self.R.shape[dim]
        P, G, R, size = (t.sum(dim=dim, keepdim=keepdim) for t in (x.P, x.G, x.R, x.size))
        size = size * (1 + gamma(n + 4))
        R = (R + gamma(n + 4) * size) * (1 + gamma(n + 8))
        return ChebyshevModel(x.ring, P, G, R, size, x.symbols)

    def shifted(self, value: Tensor, error: Tensor | None = None, in_place: bool = False) -> "ChebyshevModel":
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
        return ChebyshevModel(self.ring, P, self.G.expand(-1, *value.shape), R, size, self.symbols)


def _transpose(x: Tensor) -> Tensor:
    return x.mT


def renewed(symbols: Sequence[Symbol]) -> tuple[Symbol, ...]:
    """As many others."""
    return tuple(Symbol(symbol.by_row) for symbol in symbols)
