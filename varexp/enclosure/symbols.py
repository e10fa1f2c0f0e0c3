"""Symbols: the unknown numbers that the generators of Chebyshev models are multiplied by."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, eq=False)
class Symbol:
    """An unknown number in [-1, 1] in every cell; with `by_row`, one in every row of every cell.

    With `parameter` it is known: the coordinate of a point within its cell, the same in all models of the cell. Boxes
    of many parameters have them as symbols, where polynomials of them would have too many coefficients.
    """

    by_row: bool = False
    parameter: bool = False


def fresh_symbols(symbols: Sequence[Symbol]) -> tuple[Symbol, ...]:
    """New symbols, one for each and of its kind; a parameter is the same number on every cell it is on."""
    return tuple(symbol if symbol.parameter else Symbol(symbol.by_row) for symbol in symbols)


@lru_cache(maxsize=16)
def parameter_symbols(count: int) -> tuple[Symbol, ...]:
    """The coordinates of a point within its cell."""
    return tuple(Symbol(parameter=True) for _ in range(count))
