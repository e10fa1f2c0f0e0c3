"""Chebyshev models: a polynomial on a cell, plus symbols, plus a remainder.

With polynomial P, generators G and remainder R, a model stands for every function v of t in [-1, 1]^variables with

    |v(t) − Σ_e P_e T_e(t) − Σ_s G_s y_s| <= R    for some numbers |y_s| <= 1

(Brisebarre and Joldeş 2010 for polynomial and remainder; the symbols y are those of a zonotope). All arithmetic is done
in float64 on a batch of cells. Each operation adds to R what truncation and rounding lose. n roundings lose at most
γ_n = n·u/(1 − n·u) times the sum of the absolute values of all summands (Higham 2002, 3.1). ALGEBRA.md lists every rule
with the roundings that it allows for.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from varexp.enclosure import invariants
from varexp.enclosure.basis import Ring, broadcast_shapes
from varexp.enclosure.matrices import Matrix
from varexp.enclosure.rounding import TINY, UNIT, gamma
from varexp.enclosure.symbols import Symbol, fresh_symbols

ROW_SYMBOL_COLUMNS = 2  # so many columns get symbols by row


@dataclass(eq=False)
class ChebyshevModel:
    """A Chebyshev model of a tensor with axes (cells, *logical), as the module defines it.

    Attributes:
        polynomial: P (coefficients, cells, *logical).
        generators: G (symbols, cells, *logical).
        remainder: R (cells, *logical); nan or inf where no bound is known.
        magnitude: (cells, *logical), an upper bound of Σ|P_e| + Σ|G_s| and of |v|; allowances for rounding use it.
        symbols: the symbol y_s of each generator. Rows lie along the last logical axis but one. An operation that
            moves or mixes rows adds the generators of symbols by row to the remainder first (`drop_row_symbols`).
        least: (cells, *logical), a lower bound that is known besides, such as 0 of a square; None where none is kept.
        derived: models that were derived from this one and are remembered.
    """

    ring: Ring
    polynomial: Tensor
    generators: Tensor
    remainder: Tensor
    magnitude: Tensor
    symbols: tuple[Symbol, ...] = ()
    least: Tensor | None = None
    derived: dict[Any, "ChebyshevModel"] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if invariants.is_checking():
            invariants.check_model(self)

    @classmethod
    def constant(cls, ring: Ring, value: Tensor) -> "ChebyshevModel":
        """The model of exactly `value` (cells, *logical)."""
        polynomial = torch.cat([value[None], value.new_zeros(len(ring) - 1, *value.shape)])
        return cls(ring, polynomial, value.new_zeros(0, *value.shape), torch.zeros_like(value), value.abs())

    @classmethod
    def of_matrix(cls, ring: Ring, matrix: Matrix, cells: int) -> "ChebyshevModel":
        """The model of the same matrix on every cell."""
        exact, error = cls.constant(ring, matrix.value.expand(cells, *matrix.value.shape)), matrix.error
        if error is None:
            return exact
        magnitude = (exact.magnitude + error) * (1 + 4 * UNIT)
        return cls(ring, exact.polynomial, exact.generators, exact.remainder + error, magnitude)

    # ---- bounds --------------------------------------------------------------------------------------------------

    def uncertainty(self) -> Tensor:
        """Σ|G_s| + R, rounded up: how far a value can be from the polynomial. The tensor belongs to the caller."""
        if len(self.generators) == 0:
            return self.remainder.clone()
        return (self.generators.abs().sum(dim=0) + self.remainder) * (1 + gamma(len(self.generators) + 4))

    def degree_sums(self) -> Tensor:
        """Σ|P_e| over the coefficients of each degree (order + 1, cells, *logical), rounded up."""
        absolute = self.polynomial.abs()
        if self.ring.variables == 1:
            return absolute  # one coefficient of each degree
        return self.ring.sum_by_degree(absolute) * (1 + gamma(len(self.ring)))

    def deviation(self, uncertainty: Tensor) -> Tensor:
        """Σ_{e≠0} |P_e| + uncertainty, rounded up: how far a value can be from the constant coefficient P_0.

        Args:
            uncertainty: the result of `uncertainty()`.
        """
        sums = self.degree_sums()
        sums[0] = 0.0
        return (sums.sum(dim=0) + uncertainty) * (1 + gamma(self.ring.order + 4))

    # ---- exact operations ----------------------------------------------------------------------------------------

    def rearrange(self, f: Callable[[Tensor], Tensor], keeps_rows: bool = False) -> "ChebyshevModel":
        """Entries moved or repeated by `f`, which refers to logical axes by their distance from the last."""
        x = self if keeps_rows else self.drop_row_symbols()
        polynomial, generators, remainder, magnitude = f(x.polynomial), f(x.generators), f(x.remainder), f(x.magnitude)
        least = None if x.least is None else f(x.least)
        return ChebyshevModel(x.ring, polynomial, generators, remainder, magnitude, x.symbols, least)

    def select_cells(self, index: Tensor) -> "ChebyshevModel":
        """The cells of these places, over symbols of their own."""
        polynomial, generators = self.polynomial[:, index], self.generators[:, index]
        remainder, magnitude = self.remainder[index], self.magnitude[index]
        least = None if self.least is None else self.least[index]
        return ChebyshevModel(
            self.ring, polynomial, generators, remainder, magnitude, fresh_symbols(self.symbols), least
        )

    def transpose(self) -> "ChebyshevModel":
        """The last two logical axes exchanged."""
        return self.rearrange(lambda t: t.mT)

    def negate(self) -> "ChebyshevModel":
        """−v."""
        polynomial, generators = -self.polynomial, -self.generators
        return ChebyshevModel(self.ring, polynomial, generators, self.remainder, self.magnitude, self.symbols)

    # ---- symbols and remainders ----------------------------------------------------------------------------------

    def with_relative_error(self, relative: float) -> "ChebyshevModel":
        """A model of every value that differs from v by at most relative·|v|."""
        up = 1 + relative * (1 + 16 * UNIT) + 16 * UNIT
        remainder = (self.remainder + relative * self.magnitude) * up
        return ChebyshevModel(self.ring, self.polynomial, self.generators, remainder, self.magnitude * up, self.symbols)

    def drop_symbols(self) -> "ChebyshevModel":
        """All generators are added to the remainder."""
        if len(self.generators) == 0:
            return self
        remainder, magnitude = self.uncertainty(), self.magnitude * (1 + 4 * UNIT)
        return ChebyshevModel(self.ring, self.polynomial, self.generators[:0], remainder, magnitude)

    def drop_symbols_where(self, dropped: Callable[[Symbol], bool]) -> "ChebyshevModel":
        """The generators of some symbols are added to the remainder."""
        kept = [i for i, symbol in enumerate(self.symbols) if not dropped(symbol)]
        if len(kept) == len(self.symbols):
            return self
        lost = [i for i in range(len(self.symbols)) if i not in kept]
        remainder = (self.generators[lost].abs().sum(dim=0) + self.remainder) * (1 + gamma(len(lost) + 4))
        magnitude, symbols = self.magnitude * (1 + 4 * UNIT), tuple(self.symbols[i] for i in kept)
        return ChebyshevModel(self.ring, self.polynomial, self.generators[kept], remainder, magnitude, symbols)

    def drop_symbols_but_parameters(self) -> "ChebyshevModel":
        """All other generators are added to the remainder."""
        return self.drop_symbols_where(lambda s: not s.parameter) if self.symbols else self

    def drop_row_symbols(self) -> "ChebyshevModel":
        """The generators of symbols by row are added to the remainder."""
        return self.drop_symbols_where(lambda symbol: symbol.by_row)

    def remainder_to_row_symbols(self) -> "ChebyshevModel":
        """The remainders of the columns where they are largest become generators of new symbols by row, whose signs
        operations that treat each row by itself keep."""
        if self.remainder.dim() < 3 or not bool(self.remainder.any()):
            return self
        count = min(ROW_SYMBOL_COLUMNS, self.remainder.shape[-1])
        columns = self.remainder.flatten(0, -2).sum(dim=0).topk(count).indices
        new = self.remainder.new_zeros(len(columns), *self.remainder.shape)
        remainder = self.remainder.clone()
        for generator, column in zip(new, columns, strict=True):
            generator[..., column] = remainder[..., column]
        remainder[..., columns] = 0.0
        generators = torch.cat([self.generators, new]) if len(self.generators) else new
        symbols = (*self.symbols, *(Symbol(by_row=True) for _ in columns))
        return ChebyshevModel(self.ring, self.polynomial, generators, remainder, self.magnitude, symbols)

    def condense(self, symbols: int) -> "ChebyshevModel":
        """The `symbols` largest uncertainties of each cell become generators of new symbols, which linear maps move
        without loss. Parameters stay; the rest becomes the remainder."""
        rest = self.drop_symbols_but_parameters()
        kept, uncertainty = rest.generators, rest.remainder
        flat = uncertainty.flatten(1)  # cells entries
        count = min(symbols, flat.shape[1])
        largest = flat.topk(count, dim=1)
        new = flat.new_zeros(count, *flat.shape).scatter_(2, largest.indices.T[..., None], largest.values.T[..., None])
        remainder = flat.scatter(1, largest.indices, 0.0).reshape(uncertainty.shape)
        total = self.polynomial.abs().sum(dim=0) + uncertainty + kept.abs().sum(dim=0)
        magnitude = total * (1 + gamma(len(self.ring) + len(kept) + 4))
        generators = torch.cat([kept, new.reshape(count, *uncertainty.shape)])
        symbols_now = (*rest.symbols, *(Symbol() for _ in range(count)))
        return ChebyshevModel(self.ring, self.polynomial, generators, remainder, magnitude, symbols_now)

    # ---- linear maps ---------------------------------------------------------------------------------------------

    def right_multiply(self, matrix: Matrix) -> "ChebyshevModel":
        """v @ matrix, on the last axis: γ_k |v||W| for inner length k (Higham 2002, 3.13)."""
        if matrix.value.dim() > 2 and matrix.value.shape[:-2].numel() == 1:
            matrix = matrix.rearrange(lambda t: t.reshape(t.shape[-2:]), "flat")  # one product for all batches
        W, k = matrix.value, matrix.value.shape[-2]
        magnitude = self.magnitude @ matrix.absolute
        remainder = (self.remainder @ matrix.absolute).add_(magnitude, alpha=gamma(k + 4))
        if matrix.error is not None:
            matrix_error = self.magnitude @ matrix.error
            remainder, magnitude = remainder.add_(matrix_error), magnitude.add_(matrix_error)
        remainder, magnitude = (x.mul_(1 + gamma(k + 8)).add_(TINY) for x in (remainder, magnitude))
        generators = self.generators @ W if len(self.generators) else remainder.new_empty(0, *remainder.shape)
        return ChebyshevModel(self.ring, self.polynomial @ W, generators, remainder, magnitude, self.symbols)

    def left_multiply(self, matrix: Matrix) -> "ChebyshevModel":
        """matrix @ v, on the last axis but one."""
        return self.transpose().right_multiply(matrix.mT).transpose().remainder_to_row_symbols()

    def scale(self, factor: float) -> "ChebyshevModel":
        """factor · v, one rounding per coefficient; ±1 is exact."""
        if abs(factor) == 1.0:
            return self if factor > 0 else self.negate()
        return self.scale_entries(factor)

    def scale_entries(self, factors: Tensor | float) -> "ChebyshevModel":
        """Every entry times an exact number of its own, one rounding per coefficient."""
        size = torch.as_tensor(factors, dtype=torch.float64).abs()
        magnitude = size * self.magnitude * (1 + 4 * UNIT) + TINY
        remainder = (size * self.remainder + 2 * UNIT * magnitude) * (1 + 8 * UNIT) + TINY
        polynomial, generators = self.polynomial * factors, self.generators * factors
        return ChebyshevModel(self.ring, polynomial, generators, remainder, magnitude, self.symbols)

    def sum_along(self, dim: int, keepdim: bool = False) -> "ChebyshevModel":
        """The sum of n entries along a logical axis, counted from the last: n − 1 roundings per coefficient."""
        x, n = self if keepdim and dim == -1 else self.drop_row_symbols(), self.remainder.shape[dim]
        polynomial, generators, remainder, magnitude = (
            t.sum(dim=dim, keepdim=keepdim) for t in (x.polynomial, x.generators, x.remainder, x.magnitude)
        )
        magnitude = magnitude * (1 + gamma(n + 4))
        remainder = (remainder + gamma(n + 4) * magnitude) * (1 + gamma(n + 8))
        return ChebyshevModel(x.ring, polynomial, generators, remainder, magnitude, x.symbols)

    def add_tensor(self, value: Tensor, error: Tensor | None = None, in_place: bool = False) -> "ChebyshevModel":
        """v + value, broadcast: one rounding of the constant coefficient. `value` is off by `error` at most; with
        `in_place` the polynomial may be overwritten, since no other model holds it."""
        value = value.expand(broadcast_shapes(value.shape, self.remainder.shape))
        polynomial = self.polynomial.expand(-1, *value.shape)
        if not in_place or polynomial.shape != self.polynomial.shape:
            polynomial = polynomial.clone()
        polynomial[0] += value
        magnitude = self.magnitude + value.abs()
        remainder = self.remainder + polynomial[0].abs().mul_(2 * UNIT)
        if error is not None:
            remainder, magnitude = remainder.add_(error), magnitude.add_(error)
        remainder, magnitude = (x.mul_(1 + 8 * UNIT) for x in (remainder, magnitude))
        generators = self.generators.expand(-1, *value.shape)
        least = None if self.least is None or error is not None else self.least + value
        if least is not None:
            least = least - 8 * UNIT * (least.abs() + value.abs())
        return ChebyshevModel(self.ring, polynomial, generators, remainder, magnitude, self.symbols, least)
