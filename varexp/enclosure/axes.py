"""Rules for axes: reductions, rearrangements, joining. The first axis counts cells and stays first."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from varexp.enclosure import functions
from varexp.enclosure.arithmetic import div
from varexp.enclosure.combining import joined
from varexp.enclosure.expression import Affine, Term, rearranged
from varexp.enclosure.matrices import Matrix, row
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.protocol import TABLE, Enclosure, UnknownOperationError, back, rule
from varexp.enclosure.rounding import UNIT


def _pick(axis: int, i: int) -> Callable[[Tensor], Tensor]:
    return lambda t: t.select(axis, i)


def _reduce(x: Enclosure, dim: int, keepdim: bool, f: Callable[..., ChebyshevModel]) -> Enclosure:
    """Fold along an axis by halves."""
    model = x.model()
    axis = back(x, dim)
    parts = [model.map(_pick(axis, i)) for i in range(x.shape[axis])]
    while len(parts) > 1:
        halves = [f(a, b) for a, b in zip(parts[::2], parts[1::2], strict=False)]
        parts = halves + parts[2 * len(halves) :]
    result = Enclosure.of(parts[0])
    return unsqueeze(result, axis) if keepdim else result


@rule("amin")
def amin(x: Enclosure, dim: int, keepdim: bool = False) -> Enclosure:
    return _reduce(x, dim, keepdim, functions.minimum)


@rule("amax")
def amax(x: Enclosure, dim: int, keepdim: bool = False) -> Enclosure:
    return _reduce(x, dim, keepdim, functions.maximum)


@rule("sum")
def sum_(x: Enclosure, dim: int | Sequence[int] | None = None, keepdim: bool = False) -> Enclosure:
    """Along rows or columns a linear map, kept lazily where the axis stays."""
    dims = [dim] if isinstance(dim, int) else list(range(1, x.ndim)) if dim is None else list(dim)
    for axis in sorted(back(x, d) for d in dims):  # farthest first: the others keep their distance
        n = x.shape[axis]
        if keepdim and axis == -1:
            x = Enclosure(x.settled().affine.right(row(n).mT))
        elif keepdim and axis == -2 and x.ndim > 2:
            x = Enclosure(x.settled().affine.left(row(n)))
        else:
            x = Enclosure.of(x.model().summed(axis))
            x = unsqueeze(x, axis) if keepdim else x
    return x


@rule("mean")
def mean(x: Enclosure, dim: int | Sequence[int] | None = None, keepdim: bool = False) -> Enclosure:
    dims = [dim] if isinstance(dim, int) else list(range(1, x.ndim)) if dim is None else list(dim)
    if keepdim and len(dims) == 1 and back(x, dims[0]) in (-1, -2) and x.ndim > 2:
        axis = back(x, dims[0])
        n = x.shape[axis]
        matrix = row(n, 1 / n, 0.0 if n & (n - 1) == 0 else UNIT / n)
        affine = x.settled().affine
        return Enclosure(affine.left(matrix) if axis == -2 else affine.right(matrix.mT))
    count = 1
    for d in dims:
        count *= x.shape[d]
    return div(sum_(x, dims, keepdim), float(count))


@rule("transpose", "swapaxes")
def transpose(x: Enclosure, dim0: int, dim1: int) -> Enclosure:
    axes = {back(x, dim0), back(x, dim1)}
    if axes == {-2, -3} and x.split:
        return Enclosure(x.affine)
    if axes == {-1, -2} and not x.split:
        return Enclosure(x.affine.transpose())
    if axes == {-2, -3} and x.ndim > 3:
        return Enclosure(x.affine, split=True)  # so that flatten(-2) can join heads lazily
    return Enclosure(rearranged(x.settled().affine, lambda t: t.transpose(*axes)))


def _mT(x: Enclosure) -> Enclosure:  # noqa: N802
    return transpose(x, -1, -2)


Enclosure.mT = property(_mT)  # type: ignore[attr-defined]


@rule("unflatten")
def unflatten(x: Enclosure, dim: int, sizes: Sequence[int]) -> Enclosure:
    """The last axis into (heads, size): kept open, since a transposition to (heads, tokens, size) follows."""
    axis = back(x, dim)
    affine = x.settled().affine
    if axis != -1 or x.ndim != 3 or len(sizes) != 2:
        return Enclosure(rearranged(affine, lambda t: t.unflatten(axis, tuple(sizes))))

    def heads(matrix: Matrix) -> Matrix:  # (rows, heads*size) -> (heads, rows, size)
        return matrix.map(lambda t: t.unflatten(-1, tuple(sizes)).movedim(-2, -3), ("heads", *sizes))

    terms = []
    for term in affine.terms:
        pushed = term.pushed()
        if pushed.flipped:
            return Enclosure(rearranged(affine, lambda t: t.unflatten(-1, tuple(sizes)).movedim(-2, -3)), split=True)
        model = _once(pushed.model, "unsqueezed", lambda t: t.unsqueeze(-3))
        terms.append(Term(model, None, heads(pushed.full_right()), False, pushed.factor))
    constant = None if affine.constant is None else heads(affine.constant)
    shape = (*affine.shape[:-2], sizes[0], affine.shape[-2], sizes[1])
    return Enclosure(Affine(affine.ring, shape, terms, constant), split=True)


def _once(model: ChebyshevModel, name: str, f: Callable[[Tensor], Tensor]) -> ChebyshevModel:
    if name not in model.derived:
        model.derived[name] = model.map(f, rows_stay=True)
    return model.derived[name]


@rule("flatten")
def flatten(x: Enclosure, start_dim: int = 0, end_dim: int = -1) -> Enclosure:
    start, end = back(x, start_dim), back(x, end_dim)
    affine = x.affine
    if x.split and (start, end) == (-2, -1) and affine.shape[-3] == 1 and all(not t.flipped for t in affine.terms):

        def first(matrix: Matrix | None) -> Matrix | None:
            return None if matrix is None else matrix.map(lambda t: t.squeeze(-3) if t.dim() > 2 else t, "first")

        terms = [
            Term(_once(t.model, "squeezed", lambda v: v.squeeze(-3)), first(t.left), first(t.right), False, t.factor)
            for t in affine.terms
        ]
        return Enclosure(Affine(affine.ring, (*affine.shape[:-3], *affine.shape[-2:]), terms, first(affine.constant)))
    return Enclosure(rearranged(x.settled().affine, lambda t: t.flatten(start, end)))


@rule("unsqueeze")
def unsqueeze(x: Enclosure, dim: int) -> Enclosure:
    axis = dim if dim < 0 else dim - x.ndim - 1
    return Enclosure(rearranged(x.settled().affine, lambda t: t.unsqueeze(axis)))


@rule("squeeze")
def squeeze(x: Enclosure, dim: int) -> Enclosure:
    axis = back(x, dim)
    return Enclosure(rearranged(x.settled().affine, lambda t: t.squeeze(axis)))


@rule("reshape", "view")
def reshape(x: Enclosure, *sizes: Any) -> Enclosure:
    shape = tuple(sizes[0]) if len(sizes) == 1 and not isinstance(sizes[0], int) else sizes
    if shape[0] not in (x.shape[0], -1):
        raise ValueError(f"the first axis counts cells and stays {x.shape[0]}, got {shape}")
    rest, ahead = shape[1:], x.ndim
    return Enclosure(rearranged(x.settled().affine, lambda t: t.reshape(*t.shape[: t.dim() - ahead + 1], *rest)))


def _getitem(x: Enclosure, index: Any) -> Enclosure:
    index = index if isinstance(index, tuple) else (index,)
    if not index or not (index[0] is Ellipsis or index[0] == slice(None)):
        raise ValueError("the first axis of an enclosure counts cells: index it with ... or :")
    tail = index[1:]
    ahead = x.ndim

    def pick(t: Tensor) -> Tensor:
        if index[0] is Ellipsis:
            return t[(Ellipsis, *tail)]
        return t[(slice(None),) * (t.dim() - ahead + 1) + tail]

    return Enclosure(rearranged(x.settled().affine, pick))


setattr(Enclosure, "__getitem__", _getitem)  # noqa: B010
TABLE[torch.Tensor.__getitem__] = _getitem


@rule("cat", "concat", "concatenate")
def cat(xs: Sequence[Any], dim: int = 0) -> Enclosure:
    like = next(x for x in xs if isinstance(x, Enclosure))
    axis = back(like, dim)
    return Enclosure.of(joined([_value(x, like) for x in xs], lambda parts: torch.cat(parts, dim=axis)))


@rule("stack")
def stack(xs: Sequence[Any], dim: int = 0) -> Enclosure:
    like = next(x for x in xs if isinstance(x, Enclosure))
    axis = dim if dim < 0 else dim - like.ndim - 1
    if axis <= -like.ndim - 1:
        raise ValueError("the first axis of an enclosure counts cells: stack along a later one, such as dim=-3")
    return Enclosure.of(joined([_value(x, like) for x in xs], lambda parts: torch.stack(parts, dim=axis)))


def _value(x: Any, like: Enclosure) -> ChebyshevModel:
    if isinstance(x, Enclosure):
        return x.model()
    value = torch.as_tensor(x, dtype=torch.float64)
    return ChebyshevModel.constant(like.affine.ring, value.expand(like.shape[0], *value.shape[-(like.ndim - 1) :]))


@rule("pad")
def pad(x: Enclosure, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Enclosure:
    if mode != "constant" or value not in (None, 0, 0.0) or len(pad) > 2 * (x.ndim - 1):
        raise UnknownOperationError(f"no enclosure is known for pad with mode={mode!r}, value={value!r} beyond zeros")
    return Enclosure(rearranged(x.settled().affine, lambda t: functional.pad(t, tuple(pad))))
