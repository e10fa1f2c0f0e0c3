"""Rules that move entries: the first axis counts cells and stays first.

Attention splits its columns into heads, exchanges heads and tokens, and joins heads again. `unflatten`, `transpose` and
`flatten` do that on expressions, without evaluating them, as far as they can (`AxisOrder`).
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor

from varexp.enclosure.cells_second import CellsSecond
from varexp.enclosure.expression import AffineExpression, rearrange_entries
from varexp.enclosure.matrices import Matrix
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.operands import axis_from_last, new_axis_from_last
from varexp.enclosure.protocol import AxisOrder, Enclosure, rule
from varexp.enclosure.refusals import CellCount, UnknownOperationError
from varexp.enclosure.terms import LinearTerm


@rule("transpose", "swapaxes", "swapdims")
def transpose(x: Enclosure, dim0: int, dim1: int) -> Any:
    if x.ndim == 3 and {dim0, dim1} <= {0, 1, -2, -3} and {dim0 % 3, dim1 % 3} == {0, 1}:
        return CellsSecond(x)
    axes = {axis_from_last(x, dim0), axis_from_last(x, dim1)}
    if len(axes) == 1:
        return Enclosure(x.expression, x.order)
    if axes == {-2, -3} and x.order is AxisOrder.HEADS_FIRST:
        return Enclosure(x.expression)
    if axes == {-1, -2} and x.order is AxisOrder.SAME:
        return Enclosure(x.expression.transpose())
    if axes == {-2, -3} and x.ndim > 3:
        return Enclosure(x.expression, AxisOrder.HEADS_FIRST)  # so that flatten(-2) can join heads
    return Enclosure(rearrange_entries(x.ordered(), lambda t: t.transpose(*axes)))


def _mT(x: Enclosure) -> Enclosure:  # noqa: N802
    return transpose(x, -1, -2)


Enclosure.mT = property(_mT)  # type: ignore[assignment]


@rule("unflatten")
def unflatten(x: Enclosure, dim: int, sizes: Any) -> Enclosure:
    """The columns of (cells, tokens, columns) as (heads, size) are split in the matrices of the expression, with heads
    first, since a transposition to (heads, tokens, size) follows. Any other axis is split by an evaluation."""
    axis, expression = axis_from_last(x, dim), x.ordered()
    sizes = _resolved(sizes, x.logical[axis])
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
    axis = new_axis_from_last(x, dim)
    return Enclosure(rearrange_entries(x.ordered(), lambda t: t.unsqueeze(axis)))


@rule("squeeze")
def squeeze(x: Enclosure, dim: int | Sequence[int] | None = None) -> Enclosure:
    """Named axes of size 1 are removed; without names the number of cells would be looked at."""
    if dim is None:
        raise UnknownOperationError("squeeze of an enclosure needs dim=: the axis that counts cells may have size 1")
    axes = [axis_from_last(x, d) for d in ([dim] if isinstance(dim, int) else dim)]
    removed = tuple(axis for axis in axes if x.logical[axis] == 1)
    return Enclosure(rearrange_entries(x.ordered(), lambda t: t.squeeze(removed)))


@rule("reshape", "view")
def reshape(x: Enclosure, *sizes: Any, shape: Any = None) -> Enclosure:
    """Other logical axes for as many entries."""
    asked = _sizes(sizes if shape is None else (shape,))
    if not asked or not (isinstance(asked[0], CellCount) or asked[0] == -1):
        raise UnknownOperationError(
            f"the first axis of an enclosure counts cells and stays: reshape(x.shape[0], ...), got {asked}"
        )
    logical, rank = _resolved(asked[1:], x.logical.numel(), inferred=asked[0] == -1), x.ndim
    return Enclosure(rearrange_entries(x.ordered(), lambda t: t.reshape(*t.shape[: t.dim() - rank + 1], *logical)))


def _sizes(sizes: tuple[Any, ...]) -> tuple[int, ...]:
    """Sizes that were given one by one or as a sequence."""
    given = sizes[0] if len(sizes) == 1 and isinstance(sizes[0], tuple | list) else sizes
    if not all(isinstance(size, int) for size in given):
        raise UnknownOperationError(f"sizes and axes are whole numbers, got {tuple(sizes)}")
    return tuple(given)


def _resolved(sizes: Sequence[int], entries: int, inferred: bool = False) -> tuple[int, ...]:
    """Sizes with the number in the place of one -1.

    Raises:
        UnknownOperationError: they do not hold so many entries.
    """
    if any(isinstance(n, CellCount) for n in sizes):
        raise UnknownOperationError("the number of cells can be the size of an enclosure's first axis alone")
    given = math.prod(n for n in sizes if n != -1)
    result = tuple(entries // given if n == -1 and given else n for n in sizes)
    if list(sizes).count(-1) + inferred > 1 or math.prod(result) != entries or min(result, default=0) < 0:
        raise UnknownOperationError(
            f"sizes {tuple(sizes)} behind the axis that counts cells do not hold {entries} entries: that axis stays as "
            "it is"
        )
    return result


@rule("reshape_as", "view_as")
def reshape_as(x: Enclosure, other: Any) -> Enclosure:
    return reshape(x, *other.shape)


@rule("expand", "broadcast_to")
def expand(x: Enclosure, *sizes: Any, size: Any = None) -> Enclosure:
    """Axes of size 1, repeated."""
    asked = _sizes(sizes if size is None else (size,))
    if len(asked) != x.ndim or not (isinstance(asked[0], CellCount) or asked[0] == -1):
        raise UnknownOperationError(
            f"an enclosure of shape {tuple(x.shape)} expands behind its first axis, got {asked}"
        )
    logical, rank = [n if m == -1 else m for m, n in zip(asked[1:], x.logical, strict=True)], x.ndim
    if any(n not in (1, m) for m, n in zip(logical, x.logical, strict=True)):
        raise UnknownOperationError(f"only axes of size 1 expand: {tuple(x.shape)} to {asked}")
    return Enclosure(rearrange_entries(x.ordered(), lambda t: t.expand(*t.shape[: t.dim() - rank + 1], *logical)))


@rule("expand_as")
def expand_as(x: Enclosure, other: Any) -> Enclosure:
    return expand(x, *other.shape)


@rule("repeat", "tile")
def repeat(x: Enclosure, *repeats: Any) -> Enclosure:
    """The entries along every axis, so many times; once along that of cells."""
    times = _sizes(repeats)
    if len(times) != x.ndim or times[0] != 1:
        raise UnknownOperationError(f"repeat needs a number for every axis, and 1 for that of cells, got {times}")
    return Enclosure(rearrange_entries(x.ordered(), lambda t: t.repeat(*(1,) * (t.dim() - x.ndim), *times)))


@rule("repeat_interleave")
def repeat_interleave(x: Enclosure, repeats: int, dim: int | None = None) -> Enclosure:
    axis = axis_from_last(x, dim)
    return Enclosure(rearrange_entries(x.ordered(), lambda t: t.repeat_interleave(repeats, dim=axis)))


@rule("permute")
def permute(x: Enclosure, *dims: Any) -> Enclosure:
    asked = _sizes(dims)
    axes = [0 if d in (0, -x.ndim) else axis_from_last(x, d) for d in asked]
    if len(axes) != x.ndim or axes[0] != 0 or len(set(axes)) != x.ndim:
        raise UnknownOperationError(f"the first axis of an enclosure counts cells and stays first, got {asked}")
    tail = axes[1:]
    return Enclosure(
        rearrange_entries(x.ordered(), lambda t: t.permute(*range(t.dim() - len(tail)), *(t.dim() + a for a in tail)))
    )


@rule("movedim", "moveaxis")
def movedim(x: Enclosure, source: int, destination: int) -> Enclosure:
    a, b = axis_from_last(x, source), axis_from_last(x, destination)
    return Enclosure(rearrange_entries(x.ordered(), lambda t: t.movedim(a, b)))


@rule("flip")
def flip(x: Enclosure, *dims: Any) -> Enclosure:
    axes = [axis_from_last(x, d) for d in _sizes(dims)]
    return Enclosure(rearrange_entries(x.ordered(), lambda t: t.flip(axes)))


@rule("roll")
def roll(x: Enclosure, shifts: int | Sequence[int], dims: int | Sequence[int] | None = None) -> Enclosure:
    if dims is None:
        raise UnknownOperationError("roll of an enclosure needs dims: without them the cells are rolled as well")
    axes = [axis_from_last(x, d) for d in ([dims] if isinstance(dims, int) else dims)]
    return Enclosure(rearrange_entries(x.ordered(), lambda t: t.roll(shifts, axes)))
