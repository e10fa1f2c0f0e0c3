"""Sums, products and quotients, entry by entry and of matrices."""

from typing import Any

import torch
from torch import Tensor

from varexp.enclosure import powers
from varexp.enclosure.expression import AffineExpression, apply_to_models, rearrange_entries
from varexp.enclosure.matrices import Matrix, as_matrix
from varexp.enclosure.operands import as_constant, as_number, as_tensor, as_weights, of_same_rank, without_cells
from varexp.enclosure.products import multiply
from varexp.enclosure.protocol import Enclosure, rule
from varexp.enclosure.refusals import UnknownOperationError
from varexp.enclosure.rounding import TINY, UNIT, gamma

LARGEST_DIVISOR = 2.0**1000  # beyond, 1/c loses digits by underflow
SHIFT = 2.0**-64


def _column(x: Enclosure) -> AffineExpression:
    """The expression; of a value without axes, as a value with one entry."""
    return rearrange_entries(x.expression, lambda t: t.unsqueeze(-1)) if x.ndim == 1 else x.ordered()


def _as_before(expression: AffineExpression, x: Enclosure) -> Enclosure:
    """The enclosure of an expression; the axis that `_column` added is removed."""
    if x.ndim == 1:
        return Enclosure(rearrange_entries(expression, lambda t: t.squeeze(-1)))
    return Enclosure(expression)


@rule("add", operators=("__add__", "__radd__"))
def add(a: Any, b: Any, *, alpha: Any = 1) -> Enclosure:
    """a + alpha·b; the product with a constant b is rounded, which its matrix keeps account of."""
    factor = as_number(alpha)
    if factor is None:
        raise UnknownOperationError(f"alpha is a real number, got {alpha!r}")
    if isinstance(b, Enclosure):
        b = mul(b, factor) if factor != 1 else b
        if isinstance(a, Enclosure):
            left, right = of_same_rank(a, b, "a sum")
            return Enclosure(left.add(right))
        return _as_before(_column(b).add_constant(as_constant(a, b)), b)
    return _as_before(_column(a).add_constant(as_constant(b, a) * factor), a)


@rule("neg", "negative", operators=("__neg__",))
def neg(a: Enclosure) -> Enclosure:
    return Enclosure(a.expression.scale(-1.0), a.order)


@rule("positive", operators=("__pos__",))
def positive(a: Enclosure) -> Enclosure:
    return a


@rule("sub", "subtract", operators=("__sub__",))
def sub(a: Any, b: Any, *, alpha: Any = 1) -> Enclosure:
    factor = as_number(alpha)
    if factor is None:
        raise UnknownOperationError(f"alpha is a real number, got {alpha!r}")
    return add(a, b, alpha=-factor)


@rule("rsub", operators=("__rsub__",))
def rsub(a: Any, b: Any, alpha: Any = 1) -> Enclosure:
    return sub(b, a, alpha=alpha)


@rule("mul", "multiply", operators=("__mul__", "__rmul__"))
def mul(a: Any, b: Any) -> Enclosure:
    if a is b:
        return Enclosure.of(powers.square(a.model()))
    if isinstance(a, Enclosure) and isinstance(b, Enclosure):
        left, right = of_same_rank(a, b, "a product")
        return Enclosure(apply_to_models(multiply, left, right))
    x, factor = (a, b) if isinstance(a, Enclosure) else (b, a)
    number = as_number(factor)
    if number is None:
        value = without_cells(as_tensor(factor), x)
        if value.dim() > 0:
            return Enclosure.of(x.model().scale_entries(value))
        number = float(value)
    return Enclosure(x.expression.scale(number), x.order)


@rule("div", "divide", "true_divide", operators=("__truediv__", "__div__"))
def div(a: Any, b: Any, *, rounding_mode: str | None = None) -> Enclosure:
    """a/b. For a tensor b it is a·(1/b) with a relative error of 4u: one rounding of 1/b, one of the product."""
    if rounding_mode is not None:
        raise UnknownOperationError(f"div with rounding_mode={rounding_mode!r} has no enclosure: it has jumps")
    if isinstance(b, Enclosure):
        return mul(a, Enclosure.of(powers.inverse(b.model())))
    value = as_tensor(b)
    if bool(((value.abs() > LARGEST_DIVISOR) & value.isfinite()).any()):
        return div(mul(a, SHIFT), value * SHIFT)
    return Enclosure.of(mul(a, 1 / value).model().with_relative_error(4 * UNIT))


@rule(operators=("__rtruediv__", "__rdiv__"))
def reversed_div(a: Enclosure, b: Any) -> Enclosure:
    """b/a, as Tensor.__rtruediv__(a, b) has it."""
    return div(b, a)


@rule("matmul", "bmm", "mm", operators=("__matmul__",))
def matmul(a: Any, b: Any) -> Enclosure:
    """a @ b; of a constant with one axis, as torch has it, that axis is added before and removed after."""
    if isinstance(a, Enclosure) and isinstance(b, Enclosure):
        if min(a.ndim, b.ndim) < 3:
            raise UnknownOperationError("enclosure @ enclosure needs (cells, rows, columns) at least on both sides")
        left, right = of_same_rank(a, b, "a product of matrices")
        _check_inner(a.shape, b.shape)
        return Enclosure(left.matmul(right))
    if isinstance(a, Enclosure):
        return _times_weights(a, as_weights(b, "matmul"))
    return _weights_times(as_weights(a, "matmul"), b)


def _check_inner(left: torch.Size, right: torch.Size) -> None:
    if left[-1] != right[-2]:
        raise UnknownOperationError(
            f"a product of matrices needs equal inner sizes, got {tuple(left)} @ {tuple(right)}"
        )


def _times_weights(x: Enclosure, weights: Tensor) -> Enclosure:
    if weights.dim() == 1:
        column = _times_weights(x, weights[:, None])
        return Enclosure(rearrange_entries(column.ordered(), lambda t: t.squeeze(-1)))
    if x.ndim < 2 or (x.ndim == 2 and weights.dim() > 2):
        raise UnknownOperationError(
            f"{tuple(x.shape)} @ {tuple(weights.shape)}: the axis that counts cells is in the way"
        )
    weights = without_cells(weights, x) if weights.dim() > 2 else weights
    _check_inner(x.shape, weights.shape)
    return Enclosure(x.ordered().right_multiply(as_matrix(weights)))


def _weights_times(weights: Tensor, x: Enclosure) -> Enclosure:
    if weights.dim() == 1:
        row = _weights_times(weights[None], x)
        return Enclosure(rearrange_entries(row.ordered(), lambda t: t.squeeze(-2)))
    if x.ndim < 3:
        raise UnknownOperationError("matrix @ enclosure needs an enclosure of (cells, rows, columns) at least")
    weights = without_cells(weights, x) if weights.dim() > 2 else weights
    _check_inner(weights.shape, x.shape)
    return Enclosure(x.ordered().left_multiply(as_matrix(weights)))


@rule(operators=("__rmatmul__",))
def reversed_matmul(a: Enclosure, b: Any) -> Enclosure:
    """b @ a, as Tensor.__rmatmul__(a, b) has it."""
    return matmul(b, a)


@rule("linear")
def linear(x: Enclosure, weight: Tensor, bias: Tensor | None = None) -> Enclosure:
    """x Wᵀ + b; a weight with one axis gives one number."""
    weights = as_weights(weight, "linear")
    result = _times_weights(x, weights.mT if weights.dim() > 1 else weights)
    return result if bias is None else add(result, as_weights(bias, "linear"))


@rule("addmm")
def addmm(a: Any, b: Any, c: Any, *, beta: float = 1, alpha: float = 1) -> Enclosure:
    """beta·a + alpha·(b @ c)."""
    if not (isinstance(b, Enclosure) or isinstance(c, Enclosure)):
        raise UnknownOperationError("addmm of two constant factors has no enclosure: multiply them before")
    product = mul(matmul(b, c), alpha)
    return product if beta == 0 else add(product, a, alpha=beta)


@rule("addcmul")
def addcmul(a: Any, b: Any, c: Any, *, value: float = 1) -> Enclosure:
    """a + value·b·c."""
    if isinstance(b, Enclosure) or isinstance(c, Enclosure):
        return add(a, mul(mul(b, c), value))
    product = as_tensor(b) * as_tensor(c) * value
    rounded = Matrix(as_constant(product, a).value, gamma(4) * as_constant(product, a).absolute + TINY)
    return _as_before(_column(a).add_constant(rounded), a)


@rule("lerp")
def lerp(a: Any, b: Any, weight: Any) -> Enclosure:
    """a + weight·(b − a); of two constants a + weight·b − weight·a, in which nothing rounds unseen."""
    if isinstance(a, Enclosure) or isinstance(b, Enclosure):
        return add(a, mul(weight, sub(b, a)))
    return add(sub(mul(weight, b), mul(weight, a)), a)
