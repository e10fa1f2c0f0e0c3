"""Entries picked by constant indices or masks."""

import math
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np
import torch
from torch import Tensor

from varexp.enclosure.combining import align_symbols
from varexp.enclosure.expression import rearrange_entries
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.operands import axis_from_last, of_same_rank, without_cells
from varexp.enclosure.operations.constants import as_enclosure
from varexp.enclosure.powers import PARTS
from varexp.enclosure.protocol import Enclosure, rule
from varexp.enclosure.refusals import UnknownOperationError


@rule(operators=("__getitem__",))
def getitem(x: Enclosure, index: Any) -> Enclosure:
    """Indices behind the axis of cells: numbers, slices, None, and one list or tensor of numbers or truth values."""
    items = _expanded(x, index if isinstance(index, tuple) else (index,))
    lists = [i for i in items if isinstance(i, list | Tensor)]
    if len(lists) > 1 or (lists and any(isinstance(i, int) for i in items)):
        raise UnknownOperationError("several lists of indices, or one beside a number, have no enclosure: index twice")
    rank = x.ndim
    return Enclosure(rearrange_entries(x.ordered(), lambda t: t[(slice(None),) * (t.dim() - rank + 1) + items]))


def _expanded(x: Enclosure, index: tuple[Any, ...]) -> tuple[Any, ...]:
    """The indices of all logical axes, without `...`.

    Raises:
        UnknownOperationError: the index reaches the axis of cells, or depends on the point.
    """
    index = tuple(int(i) if isinstance(i, np.integer) else i for i in index)
    for i in index:
        if isinstance(i, Enclosure | bool) or not (i is None or i is ... or isinstance(i, int | slice | list | Tensor)):
            raise UnknownOperationError(
                f"an index is a number, slice, list or tensor, and constant; got {type(i).__name__}"
            )
    used = sum(
        i.dim() if isinstance(i, Tensor) and i.dtype is torch.bool else i is not None for i in index if i is not ...
    )
    if ... in [i for i in index if i is ...]:
        place = next(k for k, i in enumerate(index) if i is ...)
        index = (*index[:place], *(slice(None),) * (x.ndim - used), *index[place + 1 :])
        used = x.ndim
    if used > x.ndim or not index or index[0] != slice(None):
        raise UnknownOperationError(
            f"an index of an enclosure of shape {tuple(x.shape)} keeps the first axis, which counts cells: x[:, ...] "
            "or x[..., i]"
        )
    return index[1:]


@rule("select")
def select(x: Enclosure, dim: int, index: int) -> Enclosure:
    axis = axis_from_last(x, dim)
    return Enclosure(rearrange_entries(x.ordered(), lambda t: t.select(axis, index)))


@rule("narrow")
def narrow(x: Enclosure, dim: int, start: int, length: int) -> Enclosure:
    axis = axis_from_last(x, dim)
    return Enclosure(rearrange_entries(x.ordered(), lambda t: t.narrow(axis, start, length)))


def take(x: Enclosure, dim: int, index: Tensor) -> Enclosure:
    """The entries of these places along an axis."""
    axis = axis_from_last(x, dim)
    return Enclosure(rearrange_entries(x.ordered(), lambda t: t.index_select(t.dim() + axis, index)))


@rule("index_select")
def index_select(x: Enclosure, dim: int, index: Tensor) -> Enclosure:
    return take(x, dim, index)


@rule("gather")
def gather(x: Enclosure, dim: int, index: Tensor) -> Enclosure:
    """Entries along an axis by a constant index, which is the same in every cell."""
    axis = axis_from_last(x, dim)
    if index.dim() != x.ndim or len(index) != x.cells:
        raise UnknownOperationError(
            f"gather needs an index with all axes of {tuple(x.shape)}, the same in every cell, such as "
            "index.expand(x.shape[0], *index.shape)"
        )
    places = without_cells(index, x)

    def pick(t: Tensor) -> Tensor:
        return t.gather(t.dim() + axis, places.expand(*t.shape[: t.dim() - x.ndim + 1], *places.shape))

    return Enclosure(rearrange_entries(x.ordered(), pick))


@rule("unbind")
def unbind(x: Enclosure, dim: int = 0) -> tuple[Enclosure, ...]:
    return tuple(select(x, dim, i) for i in range(x.logical[axis_from_last(x, dim)]))


@rule("split")
def split(x: Enclosure, split_size_or_sections: Any, dim: int = 0) -> tuple[Enclosure, ...]:
    return _parts(x, dim, torch.arange(x.logical[axis_from_last(x, dim)]).split(split_size_or_sections))


@rule("chunk")
def chunk(x: Enclosure, chunks: int, dim: int = 0) -> tuple[Enclosure, ...]:
    return _parts(x, dim, torch.arange(x.logical[axis_from_last(x, dim)]).chunk(chunks))


def _parts(x: Enclosure, dim: int, places: Sequence[Tensor]) -> tuple[Enclosure, ...]:
    """The entries along an axis, cut into runs of these places."""
    starts = accumulate((len(part) for part in places), initial=0)
    return tuple(narrow(x, dim, start, len(part)) for start, part in zip(starts, places, strict=False))


# ---- constant masks --------------------------------------------------------------------------------------------------


@rule("where", places=(torch,))
def where(condition: Tensor, input: Any, other: Any) -> Enclosure:  # torch's names
    """The entries of one value where a constant mask is true, and of another elsewhere."""
    like = input if isinstance(input, Enclosure) else other
    x, y = of_same_rank(as_enclosure(input, like), as_enclosure(other, like), "where")
    mask = without_cells(_as_mask(condition), like)
    for constant in (input, other):
        _require_numbers(constant)
    return Enclosure.of(_picked(mask, x.model(), y.model()))


def _require_numbers(constant: Any) -> None:
    """Refuse nan and +inf, which are values that softmax makes nan of; −inf masks scores, with the weight 0."""
    if isinstance(constant, Enclosure):
        return
    values = torch.as_tensor(constant)
    if values.is_floating_point() and bool((values.isnan() | (values == math.inf)).any()):
        raise UnknownOperationError("where and masked_fill put in numbers or −inf, got nan or +inf: use a number")


def _as_mask(condition: Any) -> Tensor:
    if not isinstance(condition, Tensor) or condition.dtype is not torch.bool:
        raise UnknownOperationError("a mask is a constant tensor of truth values, such as mask.bool()")
    return condition


def _picked(mask: Tensor, x: ChebyshevModel, y: ChebyshevModel) -> ChebyshevModel:
    x, y = align_symbols([x, y])
    shape = torch.broadcast_shapes(mask.shape, x.remainder.shape, y.remainder.shape)
    mask = mask.expand(shape)
    P, G, R, M = (torch.where(mask, getattr(x, name), getattr(y, name)) for name in PARTS)
    return ChebyshevModel(x.ring, P, G, R, M, x.symbols)


@rule("where", places=(Tensor,))
def where_method(x: Any, condition: Tensor, other: Any) -> Enclosure:
    """where(condition, x, other), as Tensor.where(x, condition, other) has it."""
    return where(condition, x, other)


@rule("masked_fill")
def masked_fill(x: Enclosure, mask: Tensor, value: float) -> Enclosure:
    return where(mask, float(value), x)


@rule("tril")
def tril(x: Enclosure, diagonal: int = 0) -> Enclosure:
    return where(_triangle(x).tril(diagonal), x, 0.0)


@rule("triu")
def triu(x: Enclosure, diagonal: int = 0) -> Enclosure:
    return where(_triangle(x).triu(diagonal), x, 0.0)


def _triangle(x: Enclosure) -> Tensor:
    if x.ndim < 3:
        raise UnknownOperationError(f"a triangle of {tuple(x.shape)} would reach the axis that counts cells")
    return torch.ones(tuple(x.logical[-2:]), dtype=torch.bool)
