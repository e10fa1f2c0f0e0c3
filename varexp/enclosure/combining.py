"""Several models together, over the same symbols: side by side, one after the other, added up."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from varexp.enclosure.basis import broadcast
from varexp.enclosure.model import ChebyshevModel, Symbol, renewed
from varexp.enclosure.rounding import UNIT


def joined(
    parts: Sequence[ChebyshevModel], f: Callable[[list[Tensor]], Tensor], rows_stay: bool = False
) -> ChebyshevModel:
    """Several models set side by side by `f`, such as a concatenation."""
    parts = over_same_symbols(parts if rows_stay else [part.mixed() for part in parts])
    P, G, R, size = (f([getattr(part, name) for part in parts]) for name in ("P", "G", "R", "size"))
    return ChebyshevModel(parts[0].ring, P, G, R, size, parts[0].symbols)


def beside(parts: Sequence[ChebyshevModel]) -> ChebyshevModel:
    """The cells of all parts, which have equally many symbols of their own."""
    P, G = (torch.cat([getattr(part, name) for part in parts], dim=1) for name in "PG")
    R, size = (torch.cat([getattr(part, name) for part in parts]) for name in ("R", "size"))
    return ChebyshevModel(parts[0].ring, P, G, R, size, renewed(parts[0].symbols))


def over_same_symbols(parts: Sequence[ChebyshevModel]) -> list[ChebyshevModel]:
    """All over one tuple of symbols: everybody's by row, and of the others those of the part that has most of them;
    elsewhere they join the remainder."""
    if all(part.symbols == parts[0].symbols for part in parts):
        return list(parts)
    most = max(([s for s in part.symbols if not s.by_row] for part in parts), key=len)
    parts = [part.without(lambda symbol: not symbol.by_row and symbol not in most) for part in parts]
    symbols = tuple(dict.fromkeys([*most, *(s for part in parts for s in part.symbols)]))
    return [_over(part, symbols) for part in parts]


def _over(x: ChebyshevModel, symbols: tuple[Symbol, ...]) -> ChebyshevModel:
    if x.symbols == symbols:
        return x
    G = x.G.new_zeros(len(symbols), *x.R.shape)
    if x.symbols:
        G[[symbols.index(symbol) for symbol in x.symbols]] = x.G
    return ChebyshevModel(x.ring, x.P, G, x.R, x.size, symbols)


def same_symbols(a: ChebyshevModel, b: ChebyshevModel) -> tuple[ChebyshevModel, ChebyshevModel]:
    """Both over one tuple of symbols, if both have any."""
    if a.symbols and b.symbols:
        a, b = over_same_symbols([a, b])
    return a, b


def total(parts: Sequence[ChebyshevModel]) -> ChebyshevModel:
    """The sum, with broadcasting."""
    out = parts[0]
    for part in parts[1:]:
        a, b = same_symbols(out, part)
        G = a.G + b.G if a.symbols and b.symbols else _broadcast_symbols(a.G if a.symbols else b.G, a.R, b.R)
        size = (a.size + b.size).mul_(1 + 4 * UNIT)
        R = (a.R + b.R).add_(size, alpha=2 * UNIT).mul_(1 + 8 * UNIT)
        out = ChebyshevModel(a.ring, a.P + b.P, G, R, size, a.symbols or b.symbols)
    return out


def _broadcast_symbols(G: Tensor, *like: Tensor) -> Tensor:
    return G.expand(len(G), *broadcast(G.shape[1:], *(x.shape for x in like)))
