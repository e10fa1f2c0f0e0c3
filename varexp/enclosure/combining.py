"""Operations on several models that have to agree on their symbols first: concatenation and addition."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from varexp.enclosure.basis import broadcast_shapes
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.rounding import UNIT
from varexp.enclosure.symbols import Symbol, fresh_symbols


def concatenate_entries(
    models: Sequence[ChebyshevModel], join: Callable[[list[Tensor]], Tensor], keeps_rows: bool = False
) -> ChebyshevModel:
    """One model of the entries of all models, arranged by `join`, such as torch.cat or torch.stack along an axis."""
    models = align_symbols(models if keeps_rows else [model.drop_row_symbols() for model in models])
    return ChebyshevModel(
        models[0].ring,
        join([model.polynomial for model in models]),
        join([model.generators for model in models]),
        join([model.remainder for model in models]),
        join([model.magnitude for model in models]),
        models[0].symbols,
        _join_least(models, join),
    )


def concatenate_cells(models: Sequence[ChebyshevModel]) -> ChebyshevModel:
    """One model of the cells of all models, which have equally many symbols. A symbol is another number in each cell,
    so that symbols of different models can share one name."""
    return ChebyshevModel(
        models[0].ring,
        torch.cat([model.polynomial for model in models], dim=1),
        torch.cat([model.generators for model in models], dim=1),
        torch.cat([model.remainder for model in models]),
        torch.cat([model.magnitude for model in models]),
        fresh_symbols(models[0].symbols),
        _join_least(models, torch.cat),
    )


def _join_least(models: Sequence[ChebyshevModel], join: Callable[[list[Tensor]], Tensor]) -> Tensor | None:
    """What is known from below of all models' values, if it is known of each."""
    known = [model.least for model in models if model.least is not None]
    return join(known) if len(known) == len(models) else None


def align_symbols(models: Sequence[ChebyshevModel]) -> list[ChebyshevModel]:
    """The same models over one tuple of symbols.

    It holds the symbols by row and the parameters of all models, and the other symbols of the model that has most of
    them; generators of the rest are added to remainders.
    """
    if all(model.symbols == models[0].symbols for model in models):
        return list(models)
    shared = max(([s for s in model.symbols if not (s.by_row or s.parameter)] for model in models), key=len)
    models = [model.drop_symbols_where(lambda s: not (s.by_row or s.parameter) and s not in shared) for model in models]
    symbols = tuple(dict.fromkeys([*shared, *(s for model in models for s in model.symbols)]))
    return [_extend_symbols(model, symbols) for model in models]


def _extend_symbols(x: ChebyshevModel, symbols: tuple[Symbol, ...]) -> ChebyshevModel:
    """The same model over more symbols, whose generators are 0."""
    if x.symbols == symbols:
        return x
    generators = x.generators.new_zeros(len(symbols), *x.remainder.shape)
    if x.symbols:
        generators[[symbols.index(symbol) for symbol in x.symbols]] = x.generators
    return ChebyshevModel(x.ring, x.polynomial, generators, x.remainder, x.magnitude, symbols)


def align_pair(a: ChebyshevModel, b: ChebyshevModel) -> tuple[ChebyshevModel, ChebyshevModel]:
    """Both models over one tuple of symbols, or one of them without symbols."""
    if a.symbols and b.symbols:
        a, b = align_symbols([a, b])
    return a, b


def add_all(models: Sequence[ChebyshevModel]) -> ChebyshevModel:
    """The sum, with broadcasting. Every addition rounds each coefficient once, by at most u·magnitude."""
    total = models[0]
    for model in models[1:]:
        a, b = align_pair(total, model)
        magnitude = (a.magnitude + b.magnitude).mul_(1 + 4 * UNIT)
        remainder = (a.remainder + b.remainder).add_(magnitude, alpha=2 * UNIT).mul_(1 + 8 * UNIT)
        polynomial, generators = a.polynomial + b.polynomial, _add_generators(a, b)
        total = ChebyshevModel(a.ring, polynomial, generators, remainder, magnitude, a.symbols or b.symbols)
    return total


def _add_generators(a: ChebyshevModel, b: ChebyshevModel) -> Tensor:
    if a.symbols and b.symbols:
        return a.generators + b.generators
    generators = a.generators if a.symbols else b.generators
    return generators.expand(
        len(generators), *broadcast_shapes(generators.shape[1:], a.remainder.shape, b.remainder.shape)
    )
