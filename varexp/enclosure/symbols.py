"""Symbols: the unknown numbers that the generators of Chebyshev models are multiplied by."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, eq=False)
class Symbol:
    """An unknown number in [-1, 1] in every cell; with `by_row`, one in every row of every cell."""

    by_row: bool = False


def fresh_symbols(symbols: Sequence[Symbol]) -> tuple[Symbol, ...]:
    """New symbols, one for each and of its kind."""
    return tuple(Symbol(symbol.by_row) for symbol in symbols)
