"""Rules for arithmetic, for functions of entries, and for softmax."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from varexp.enclosure import functions
from varexp.enclosure.averaging import SoftmaxExpression
from varexp.enclosure.expression import apply_to_models
from varexp.enclosure.matrices import as_matrix
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.products import multiply
from varexp.enclosure.protocol import (
    TABLE,
    Enclosure,
    UnknownOperationError,
    as_constant,
    as_number,
    axis_from_last,
    rule,
    to_same_rank,
)
from varexp.enclosure.rounding import UNIT


@rule("add", operators=("__add__", "__radd__"))
def add(a: Any, b: Any, *, alpha: float = 1) -> Enclosure:
    if alpha != 1:
        b = mul(b, alpha)
    if isinstance(a, Enclosure) and isinstance(b, Enclosure):
        left, right = to_same_rank(a, b)
        return Enclosure(left.add(right))
    x, constant = (a, b) if isinstance(a, Enclosure) else (b, a)
    return Enclosure(x.ordered().add_constant(as_constant(constant, x)))


@rule("neg", "negative", operators=("__neg__",))
def neg(a: Any) -> Any:
    return Enclosure(a.expression.scale(-1.0), a.order) if isinstance(a, Enclosure) else -a


@rule("sub", "subtract", operators=("__sub__",))
def sub(a: Any, b: Any, *, alpha: float = 1) -> Enclosure:
    return add(a, neg(mul(b, alpha) if alpha != 1 else b))


@rule("rsub", operators=("__rsub__",))
def rsub(a: Any, b: Any) -> Enclosure:
    return sub(b, a)


@rule("mul", "multiply", operators=("__mul__", "__rmul__"))
def mul(a: Any, b: Any) -> Enclosure:
    if isinstance(a, Enclosure) and isinstance(b, Enclosure):
        left, right = to_same_rank(a, b)
        return Enclosure(apply_to_models(multiply, left, right))
    x, factor = (a, b) if isinstance(a, Enclosure) else (b, a)
    number = as_number(factor)
    if number is not None:
        return Enclosure(x.expression.scale(number), x.order)
    value = as_constant(factor, x).value
    if x.ndim == 2:
        value = value[0]
    return Enclosure.of(x.model().scale_entries(value))


@rule("div", "divide", "true_divide", operators=("__truediv__",))
def div(a: Any, b: Any) -> Enclosure:
    """a/b. For a tensor b it is a·(1/b) with a relative error of 4u: one rounding of 1/b, one of the product."""
    if isinstance(b, Enclosure):
        return mul(a, Enclosure.of(functions.inverse(b.model())))
    value = torch.as_tensor(b, dtype=torch.float64)
    return Enclosure.of(mul(a, 1 / value).model().with_relative_error(4 * UNIT))


@rule(operators=("__rtruediv__",))
def reversed_div(a: Enclosure, b: Any) -> Enclosure:
    """b/a, as Tensor.__rtruediv__(a, b) has it."""
    return div(b, a)


@rule("matmul", operators=("__matmul__",))
def matmul(a: Any, b: Any) -> Enclosure:
    if isinstance(a, Enclosure) and isinstance(b, Enclosure):
        x, y = to_same_rank(a, b)
        return Enclosure(x.matmul(y))
    if isinstance(a, Enclosure):
        return Enclosure(a.ordered().right_multiply(as_matrix(b)))
    if b.ndim < 3:
        raise UnknownOperationError("matrix @ enclosure needs an enclosure of (cells, rows, columns) at least")
    return Enclosure(b.ordered().left_multiply(as_matrix(a)))


@rule(operators=("__rmatmul__",))
def reversed_matmul(a: Enclosure, b: Any) -> Enclosure:
    """b @ a, as Tensor.__rmatmul__(a, b) has it."""
    return matmul(b, a)


def linear(x: Enclosure, weight: Tensor, bias: Tensor | None = None) -> Enclosure:
    result = matmul(x, weight.mT)
    return result if bias is None else add(result, bias)


TABLE[functional.linear] = linear


# ---- functions of entries --------------------------------------------------------------------------------------------


def _entrywise(f: Callable[[ChebyshevModel], ChebyshevModel], *names: str) -> None:
    def apply(x: Enclosure, inplace: bool = False) -> Enclosure:
        if inplace:
            raise UnknownOperationError(f"{names[0]} in place has no enclosure: leave out inplace=True")
        return Enclosure.of(f(x.model()))

    rule(*names)(apply)


for _name in ("sin", "cos", "exp", "tanh", "relu", "sqrt", "rsqrt", "square"):
    _entrywise(getattr(functions, _name), _name)
_entrywise(functions.absolute, "abs", "absolute")
_entrywise(functions.inverse, "reciprocal")


@rule("gelu")
def gelu(x: Enclosure, approximate: str = "none") -> Enclosure:
    if approximate != "none":
        raise UnknownOperationError(f"no enclosure is known for gelu with approximate={approximate!r}: use 'none'")
    return Enclosure.of(functions.gelu(x.model()))


@rule("pow", operators=("__pow__",))
def power(x: Enclosure, exponent: float) -> Enclosure:
    if exponent == 2:
        return Enclosure.of(functions.square(x.model()))
    if isinstance(exponent, int) and exponent > 0:
        return mul(x, power(x, exponent - 1)) if exponent > 1 else x
    return Enclosure.of(functions.power(x.model(), float(exponent)))


@rule("softmax")
def softmax_rule(x: Enclosure, dim: int, *, dtype: torch.dtype | None = None, _stacklevel: int = 3) -> Enclosure:
    if dtype not in (None, torch.float64):
        raise UnknownOperationError(f"softmax in {dtype} has no enclosure: enclosures are in float64")
    model = x.model()
    if dim in (-1, x.ndim - 1):
        return Enclosure(SoftmaxExpression(model))
    swap = _swap_with_last(axis_from_last(x, dim))
    return Enclosure.of(SoftmaxExpression(model.rearrange(swap)).model().rearrange(swap))


def _swap_with_last(dim: int) -> Callable[[Tensor], Tensor]:
    return lambda t: t.transpose(dim, -1)


@rule("minimum")
def minimum(a: Any, b: Any) -> Enclosure:
    return _extremum(functions.minimum, a, b)


@rule("maximum")
def maximum(a: Any, b: Any) -> Enclosure:
    return _extremum(functions.maximum, a, b)


def _extremum(f: Callable[..., ChebyshevModel], a: Any, b: Any) -> Enclosure:
    x = a if isinstance(a, Enclosure) else b
    pair = [v if isinstance(v, Enclosure) else mul(x, 0.0) + v for v in (a, b)]  # a constant as an enclosure
    return Enclosure(apply_to_models(f, *to_same_rank(pair[0], pair[1])))
