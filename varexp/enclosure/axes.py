"""Rules for axes: reductions, rearrangements and concatenation. The first axis counts cells and stays first.

Attention splits its columns into heads, exchanges heads and tokens, and joins heads again. `unflatten`, `transpose` and
`flatten` do that on expressions, without evaluating them, as far as they can (`AxisOrder`).
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from varexp.enclosure import functions
from varexp.enclosure.arithmetic import div
from varexp.enclosure.combining import concatenate_entries
from varexp.enclosure.expression import AffineExpression, rearrange_entries
from varexp.enclosure.matrices import Matrix, constant_row
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.protocol import AxisOrder, Enclosure, UnknownOperationError, axis_from_last, rule
from varexp.enclosure.rounding import UNIT
from varexp.enclosure.terms import LinearTerm


def _select(axis: int, i: int) -> Callable[[Tensor], Tensor]:
    return lambda t: t.select(axis, i)


def _reduce(x: Enclosure, dim: int, keepdim: bool, f: Callable[..., ChebyshevModel]) -> Enclosure:
    """Combine the entries along an axis by f, pair by pair."""
    model = x.model()
    axis = axis_from_last(x, dim)
    parts = [model.rearrange(_select(axis, i)) for i in range(x.shape[axis])]
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
    """A sum is a linear map, which changes the expression alone where the axis stays and is one of the last two."""
    for axis in sorted(axis_from_last(x, d) for d in _reduced_axes(x, dim)):  # those after it keep their distance
        n = x.shape[axis]
        if keepdim and axis == -1:
            x = Enclosure(x.ordered().right_multiply(constant_row(n).mT))
        elif keepdim and axis == -2 and x.ndim > 2:
            x = Enclosure(x.ordered().left_multiply(constant_row(n)))
        else:
            x = Enclosure.of(x.model().sum_along(axis))
            x = unsqueeze(x, axis) if keepdim else x
    return x


def _reduced_axes(x: Enclosure, dim: int | Sequence[int] | None) -> list[int]:
    if dim is None:
        return list(range(1, x.ndim))
    return [dim] if isinstance(dim, int) else list(dim)


@rule("mean")
def mean(x: Enclosure, dim: int | Sequence[int] | None = None, keepdim: bool = False) -> Enclosure:
    """A product with a row of 1/n, off by u/n at most unless n is a power of 2; elsewhere a sum divided by n."""
    dims = _reduced_axes(x, dim)
    if keepdim and len(dims) == 1 and axis_from_last(x, dims[0]) in (-1, -2) and x.ndim > 2:
        axis = axis_from_last(x, dims[0])
        n = x.shape[axis]
        weights = constant_row(n, 1 / n, 0.0 if n & (n - 1) == 0 else UNIT / n)
        expression = x.ordered()
        return Enclosure(expression.left_multiply(weights) if axis == -2 else expression.right_multiply(weights.mT))
    count = 1
    for d in dims:
        count *= x.shape[d]
    return div(sum_(x, dims, keepdim), float(count))


@rule("transpose", "swapaxes")
def transpose(x: Enclosure, dim0: int, dim1: int) -> Enclosure:
    axes = {axis_from_last(x, dim0), axis_from_last(x, dim1)}
    if axes == {-2, -3} and x.order is AxisOrder.HEADS_FIRST:
        return Enclosure(x.expression)
    if axes == {-1, -2} and x.order is AxisOrder.SAME:
        return Enclosure(x.expression.transpose())
    if axes == {-2, -3} and x.ndim > 3:
        return Enclosure(x.expression, AxisOrder.HEADS_FIRST)  # so that flatten(-2) can join heads
    return Enclosure(rearrange_entries(x.ordered(), lambda t: t.transpose(*axes)))


def _mT(x: Enclosure) -> Enclosure:  # noqa: N802
    return transpose(x, -1, -2)


Enclosure.mT = property(_mT)  # type: ignore[attr-defined]


@rule("unflatten")
def unflatten(x: Enclosure, dim: int, sizes: Sequence[int]) -> Enclosure:
    """The columns of (cells, tokens, columns) as (heads, size) are split in the matrices of the expression, with heads
    first, since a transposition to (heads, tokens, size) follows. Any other axis is split by an evaluation."""
    axis, expression = axis_from_last(x, dim), x.ordered()
    if axis != -1 or x.ndim != 3 or len(sizes) != 2:
        return Enclosure(rearrange_entries(expression, lambda t: t.unflatten(axis, tuple(sizes))))
    terms = [term.apply_row_matrix() for term in expression.terms]
    if any(term.transposed for term in terms):
        split = rearrange_entries(expression, lambda t: t.unflatten(-1, tuple(sizes)).movedim(-2, -3))
        return Enclosure(split, AxisOrder.HEADS_FIRST)
    constant = expression.constant
    if constant is not None:
        columns = expression.shape[-1]
        constant = _split_heads(
            constant.repeat_column(columns) if constant.value.shape[-1] < columns else constant, sizes
        )
    shape = (*expression.shape[:-2], sizes[0], expression.shape[-2], sizes[1])
    split_terms = [
        LinearTerm(
            _rearrange_once(term.model, "unsqueezed", lambda t: t.unsqueeze(-3)),
            None,
            _split_heads(term.right_or_identity(), sizes),
            False,
            term.factor,
        )
        for term in terms
    ]
    return Enclosure(AffineExpression(expression.ring, shape, split_terms, constant), AxisOrder.HEADS_FIRST)


def _split_heads(matrix: Matrix, sizes: Sequence[int]) -> Matrix:
    """(rows, heads·size) as (heads, rows, size)."""
    return matrix.rearrange(lambda t: t.unflatten(-1, tuple(sizes)).movedim(-2, -3), ("heads", *sizes))


def _rearrange_once(model: ChebyshevModel, name: str, f: Callable[[Tensor], Tensor]) -> ChebyshevModel:
    """The model with entries moved by f, which keeps rows; the model remembers it by the name."""
    if name not in model.derived:
        model.derived[name] = model.rearrange(f, keeps_rows=True)
    return model.derived[name]


@rule("flatten")
def flatten(x: Enclosure, start_dim: int = 0, end_dim: int = -1) -> Enclosure:
    """Heads are joined in the matrices of the expression if there is one; else by an evaluation."""
    start, end = axis_from_last(x, start_dim), axis_from_last(x, end_dim)
    expression = x.expression
    one_head = x.order is AxisOrder.HEADS_FIRST and (start, end) == (-2, -1) and expression.shape[-3] == 1
    if not one_head or any(term.transposed for term in expression.terms):
        return Enclosure(rearrange_entries(x.ordered(), lambda t: t.flatten(start, end)))
    terms = [
        LinearTerm(
            _rearrange_once(term.model, "squeezed", lambda v: v.squeeze(-3)),
            _only_head(term.left),
            _only_head(term.right),
            False,
            term.factor,
        )
        for term in expression.terms
    ]
    shape = (*expression.shape[:-3], *expression.shape[-2:])
    return Enclosure(AffineExpression(expression.ring, shape, terms, _only_head(expression.constant)))


def _only_head(matrix: Matrix | None) -> Matrix | None:
    if matrix is None:
        return None
    return matrix.rearrange(lambda t: t.squeeze(-3) if t.dim() > 2 else t, "only head")


@rule("unsqueeze")
def unsqueeze(x: Enclosure, dim: int) -> Enclosure:
    axis = dim if dim < 0 else dim - x.ndim - 1
    return Enclosure(rearrange_entries(x.ordered(), lambda t: t.unsqueeze(axis)))


@rule("squeeze")
def squeeze(x: Enclosure, dim: int) -> Enclosure:
    axis = axis_from_last(x, dim)
    return Enclosure(rearrange_entries(x.ordered(), lambda t: t.squeeze(axis)))


@rule("reshape", "view")
def reshape(x: Enclosure, *sizes: Any) -> Enclosure:
    shape = tuple(sizes[0]) if len(sizes) == 1 and not isinstance(sizes[0], int) else sizes
    if shape[0] not in (x.shape[0], -1):
        raise ValueError(f"the first axis counts cells and stays {x.shape[0]}, got {shape}")
    entries, given = x.shape[1:].numel(), math.prod(n for n in shape[1:] if n != -1)
    logical, rank = [entries // given if n == -1 else n for n in shape[1:]], x.ndim
    return Enclosure(rearrange_entries(x.ordered(), lambda t: t.reshape(*t.shape[: t.dim() - rank + 1], *logical)))


@rule(operators=("__getitem__",))
def getitem(x: Enclosure, index: Any) -> Enclosure:
    index = index if isinstance(index, tuple) else (index,)
    if not index or not (index[0] is Ellipsis or index[0] == slice(None)):
        raise ValueError("the first axis of an enclosure counts cells: index it with ... or :")
    tail, rank = index[1:], x.ndim

    def pick(t: Tensor) -> Tensor:
        if index[0] is Ellipsis:
            return t[(Ellipsis, *tail)]
        return t[(slice(None),) * (t.dim() - rank + 1) + tail]

    return Enclosure(rearrange_entries(x.ordered(), pick))


@rule("cat", "concat", "concatenate")
def cat(xs: Sequence[Any], dim: int = 0) -> Enclosure:
    like = next(x for x in xs if isinstance(x, Enclosure))
    axis = axis_from_last(like, dim)
    return Enclosure.of(concatenate_entries([_as_model(x, like) for x in xs], lambda parts: torch.cat(parts, dim=axis)))


@rule("stack")
def stack(xs: Sequence[Any], dim: int = 0) -> Enclosure:
    like = next(x for x in xs if isinstance(x, Enclosure))
    axis = dim if dim < 0 else dim - like.ndim - 1
    if axis <= -like.ndim - 1:
        raise ValueError("the first axis of an enclosure counts cells: stack along a later one, such as dim=-3")
    return Enclosure.of(
        concatenate_entries([_as_model(x, like) for x in xs], lambda parts: torch.stack(parts, dim=axis))
    )


def _as_model(x: Any, like: Enclosure) -> ChebyshevModel:
    """The model of an enclosure, or of a constant on the cells of `like`."""
    if isinstance(x, Enclosure):
        return x.model()
    value = torch.as_tensor(x, dtype=torch.float64)
    return ChebyshevModel.constant(like.expression.ring, value.expand(like.shape[0], *value.shape[-(like.ndim - 1) :]))


@rule("pad")
def pad(x: Enclosure, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Enclosure:
    if mode != "constant" or value not in (None, 0, 0.0) or len(pad) > 2 * (x.ndim - 1):
        raise UnknownOperationError(f"no enclosure is known for pad with mode={mode!r}, value={value!r} beyond zeros")
    return Enclosure(rearrange_entries(x.ordered(), lambda t: functional.pad(t, tuple(pad))))
