"""Sums, means and what is made of them, along named axes."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from varexp.enclosure import functions, kinks, nonlinear, powers, products
from varexp.enclosure.expression import rearrange_entries
from varexp.enclosure.matrices import as_matrix, constant_row
from varexp.enclosure.operands import axis_from_last
from varexp.enclosure.operations.arithmetic import div, sub
from varexp.enclosure.operations.axes import unsqueeze
from varexp.enclosure.operations.extrema import along
from varexp.enclosure.protocol import Enclosure, rule
from varexp.enclosure.refusals import UnknownOperationError
from varexp.enclosure.rounding import UNIT

Axes = int | Sequence[int]


def axes_of(x: Enclosure, dim: Any) -> list[int]:
    """Named axes, counted from the last, in ascending order.

    Raises:
        UnknownOperationError: no axis is named, which stands for all of them, or one counts cells.
    """
    if dim is None or (not isinstance(dim, int) and len(dim) == 0):
        raise UnknownOperationError(
            "a reduction over all axes would meet the axis that counts cells: name the others, such as dim=(-2, -1)"
        )
    axes = sorted(axis_from_last(x, d) for d in ([dim] if isinstance(dim, int) else dim))
    if len(set(axes)) < len(axes):
        raise UnknownOperationError(f"an axis is named twice in dim={dim}")
    return axes


@rule("sum")
def sum_(x: Enclosure, dim: Axes | None = None, keepdim: bool = False) -> Enclosure:
    """A sum is a linear map, which changes the expression alone where the axis stays and is one of the last two."""
    total = _sum(x, axes_of(x, dim), keepdim)
    return Enclosure.of(nonlinear.at_least(total.model(), 0.0)) if _is_never_below_zero(x) else total


def _is_never_below_zero(x: Enclosure) -> bool:
    """Whether a value that is evaluated already is known to be at least 0."""
    known = x.expression._model
    return known is not None and known.least is not None and bool((known.least >= 0).all())


def _sum(x: Enclosure, axes: list[int], keepdim: bool) -> Enclosure:
    for axis in axes:  # those after it keep their distance from the last
        n = x.logical[axis]
        if keepdim and axis == -1 and x.ndim > 1:
            x = Enclosure(x.ordered().right_multiply(constant_row(n).mT))
        elif keepdim and axis == -2 and x.ndim > 2:
            x = Enclosure(x.ordered().left_multiply(constant_row(n)))
        else:
            x = Enclosure.of(x.model().sum_along(axis))
            x = unsqueeze(x, axis) if keepdim else x
    return x


@rule("mean")
def mean(x: Enclosure, dim: Axes | None = None, keepdim: bool = False) -> Enclosure:
    """A product with a row of 1/n, off by u/n at most unless n is a power of 2; elsewhere a sum divided by n."""
    axes = axes_of(x, dim)
    if keepdim and len(axes) == 1 and axes[0] in (-1, -2) and x.ndim > 2:
        n = x.logical[axes[0]]
        weights = constant_row(n, 1 / n, 0.0 if n & (n - 1) == 0 else UNIT / n)
        expression = x.ordered()
        return Enclosure(expression.left_multiply(weights) if axes[0] == -2 else expression.right_multiply(weights.mT))
    return div(sum_(x, axes, keepdim), float(math.prod(x.logical[axis] for axis in axes)))


@rule("prod")
def prod(x: Enclosure, dim: int | None = None, keepdim: bool = False) -> Enclosure:
    axes_of(x, dim)
    return along(x, dim, keepdim, products.multiply)  # type: ignore[arg-type]


@rule("var")
def var(
    x: Enclosure, dim: Axes | None = None, unbiased: bool = True, keepdim: bool = False, *, correction: float = 1
) -> Enclosure:
    """The mean square about the mean, over n − correction in the place of n."""
    axes = axes_of(x, dim)
    n = math.prod(x.logical[axis] for axis in axes)
    less = correction if unbiased else 0
    if n <= less:
        raise UnknownOperationError(f"a variance of {n} numbers less {less} has no value")
    squares = Enclosure.of(powers.square(sub(x, mean(x, axes, True)).model()))
    return div(sum_(squares, axes, keepdim), float(n - less))


@rule("vector_norm")
def vector_norm(x: Enclosure, ord: float = 2, dim: Axes | None = None, keepdim: bool = False) -> Enclosure:
    """The norm of the entries along named axes: of order 1, 2 or inf."""
    axes = axes_of(x, dim)
    if ord == 1:
        return sum_(Enclosure.of(kinks.absolute(x.model())), axes, keepdim)
    if ord == math.inf:
        return along(Enclosure.of(kinks.absolute(x.model())), axes, keepdim, kinks.maximum)
    if ord != 2:
        raise UnknownOperationError(f"vector_norm of order {ord} has no enclosure: use 1, 2 or inf")
    squares = sum_(Enclosure.of(powers.square(x.model())), axes, keepdim)
    return Enclosure.of(powers.sqrt(nonlinear.at_least(squares.model(), 0.0)))


@rule("logsumexp")
def logsumexp(x: Enclosure, dim: Axes, keepdim: bool = False) -> Enclosure:
    """log Σ e^x = m + log Σ e^{x − m} for the largest constant coefficient m of each cell, a number like any other."""
    axes = axes_of(x, dim)
    model = x.model()
    middle = model.polynomial[0].amax(dim=axes, keepdim=True)
    shifted = model.add_tensor(-middle)
    total = sum_(Enclosure.of(functions.exp(shifted)), axes, keepdim).log().model()
    return Enclosure.of(total.add_tensor(middle if keepdim else middle.squeeze(axes)))


@rule("cumsum")
def cumsum(x: Enclosure, dim: int) -> Enclosure:
    """A product with a triangle of ones along the axis."""
    n = x.logical[axis_from_last(x, dim)]
    return along_axis(x, dim, torch.ones(n, n, dtype=torch.float64).tril())


def along_axis(x: Enclosure, dim: int, matrix: Tensor) -> Enclosure:
    """A matrix (entries out, entries in) applied along an axis."""
    axis = axis_from_last(x, dim)
    if axis == -2 and x.ndim > 2:
        return Enclosure(x.ordered().left_multiply(as_matrix(matrix)))
    if axis == -1 and x.ndim > 1:
        return Enclosure(x.ordered().right_multiply(as_matrix(matrix.mT)))
    moved = rearrange_entries(x.ordered(), lambda t: t.movedim(axis, -1)).right_multiply(as_matrix(matrix.mT))
    return Enclosure(rearrange_entries(moved, lambda t: t.movedim(-1, axis)))


@rule("log_softmax")
def log_softmax(x: Enclosure, dim: int, *, _stacklevel: int = 3) -> Enclosure:
    return sub(x, logsumexp(x, dim, True))


@rule("normalize")
def normalize(x: Enclosure, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Enclosure:
    """x over its norm along an axis, or over eps where that is larger."""
    return div(x, vector_norm(x, p, dim, True).clamp(min=eps))
