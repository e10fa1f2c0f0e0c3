"""`Enclosure` stands in for a tensor and answers torch's functions, so that any forward code runs on it.

The first axis counts cells; the others are the axes of the value. Plain tensors and Python numbers that meet an
enclosure are taken as exact: what torch computes among them alone is part of the map's definition. An operation that
has no rule in the table is refused by name.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from varexp.enclosure.expression import AffineExpression, rearrange_entries
from varexp.enclosure.matrices import Matrix, as_matrix
from varexp.enclosure.model import ChebyshevModel


class UnknownOperationError(TypeError):
    """The enclosure arithmetic has no rule for an operation."""


TABLE: dict[Any, Callable[..., Any]] = {}  # torch function or method -> rule


class AxisOrder(Enum):
    """How the axes of an enclosure lie in its expression."""

    SAME = "same"  # as in the enclosure
    HEADS_FIRST = "heads first"  # the enclosure's (..., tokens, heads, size) as (..., heads, tokens, size)


class Enclosure:
    """What a forward pass sees in place of a tensor (cells, ...): every value that the tensor can have on each cell.

    Attributes:
        expression: the affine expression of the value.
        order: the order of the expression's axes. Attention splits the last axis into heads and exchanges heads and
            tokens; while the exchange is only noted here, products with weights stay linear maps.
    """

    dtype = torch.float64
    device = torch.device("cpu")
    requires_grad = False

    def __init__(self, expression: AffineExpression, order: AxisOrder = AxisOrder.SAME) -> None:
        self.expression = expression
        self.order = order

    @classmethod
    def of(cls, model: ChebyshevModel) -> "Enclosure":
        """The enclosure of one Chebyshev model."""
        return cls(AffineExpression.of(model))

    def model(self) -> ChebyshevModel:
        """The Chebyshev model of the value."""
        return self.ordered().model()

    def ordered(self) -> AffineExpression:
        """The expression with its axes in the order of the enclosure's."""
        if self.order is AxisOrder.SAME:
            return self.expression
        return rearrange_entries(self.expression, lambda t: t.movedim(-3, -2))

    @property
    def shape(self) -> torch.Size:
        s = self.expression.shape
        return s if self.order is AxisOrder.SAME else torch.Size((*s[:-3], s[-2], s[-3], s[-1]))

    @property
    def ndim(self) -> int:
        return len(self.expression.shape)

    def dim(self) -> int:
        return self.ndim

    def size(self, dim: int | None = None) -> Any:
        return self.shape if dim is None else self.shape[dim]

    def __len__(self) -> int:
        return self.shape[0]

    @classmethod
    def __torch_function__(
        cls, func: Any, types: Sequence[type], args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if func not in TABLE:
            raise _unknown(getattr(func, "__name__", str(func)))
        return TABLE[func](*args, **(kwargs or {}))

    def __getattr__(self, name: str) -> Any:
        if hasattr(torch.Tensor, name):
            raise _unknown(name)
        raise AttributeError(name)


# Python would answer these by identity, by length or by making a new object, and not as torch does
REFUSED = (
    "__eq__ __ne__ __lt__ __le__ __gt__ __ge__ __bool__ __float__ __int__ __complex__ __index__ __contains__ __iter__ "
    "__iadd__ __isub__ __imul__ __itruediv__ __ifloordiv__ __imatmul__ __ipow__ __imod__ __iand__ __ior__ __ixor__ "
    "__setitem__ __delitem__ __floordiv__ __mod__ __divmod__ __and__ __or__ __xor__ __invert__"
).split()


def _refuse(name: str) -> Callable[..., Any]:
    reason = (
        "changes its argument in place" if name.startswith("__i") and name[3:-2] in _IN_PLACE else "branches on values"
    )

    def refused(self: Enclosure, *_: Any) -> Any:
        raise UnknownOperationError(
            f"an enclosure has no {name}: it stands for many values, and a map that {reason} cannot be enclosed; write "
            "it out of place, with maximum, minimum, relu or abs for branches"
        )

    return refused


_IN_PLACE = ("add", "sub", "mul", "truediv", "floordiv", "matmul", "pow", "mod", "and", "or", "xor")
for _name in REFUSED:
    setattr(Enclosure, _name, _refuse(_name))
Enclosure.__hash__ = object.__hash__  # type: ignore[method-assign]


def _unknown(name: str) -> UnknownOperationError:
    known = sorted({f.__name__.strip("_") for f in TABLE if hasattr(f, "__name__")})
    return UnknownOperationError(
        f"no enclosure is known for the operation {name!r}; write the map with {', '.join(known)}, or register a rule"
    )


def rule(*names: str, operators: Sequence[str] = ()) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function as the rule for torch.NAME, Tensor.NAME and functional.NAME, and as Enclosure's method NAME.

    Args:
        names: of functions and methods.
        operators: of methods alone, such as __add__.
    """

    def register(f: Callable[..., Any]) -> Callable[..., Any]:
        for name in (*names, *operators):
            for place in (torch, torch.Tensor, functional):
                if callable(getattr(place, name, None)) and (name not in operators or place is torch.Tensor):
                    TABLE[getattr(place, name)] = f
            setattr(Enclosure, name, f)
        return f

    return register


def as_number(x: Any) -> float | None:
    """The value of a number or of a tensor without axes; None for anything else."""
    if isinstance(x, int | float):
        return float(x)
    return float(x) if isinstance(x, Tensor) and x.numel() == 1 and x.dim() == 0 else None


def as_constant(x: Any, like: Enclosure) -> Matrix:
    """A number or tensor as a matrix with at least two axes that broadcasts against an enclosure.

    Raises:
        ValueError: an axis of the constant would meet the axis of cells.
    """
    value = torch.as_tensor(x, dtype=torch.float64).detach()
    if value.dim() >= like.ndim and all(n == 1 for n in value.shape[: value.dim() - like.ndim + 1]):
        value = value.reshape(value.shape[value.dim() - like.ndim + 1 :])
    if value.dim() >= like.ndim:
        raise ValueError(
            f"a constant of shape {tuple(value.shape)} cannot meet an enclosure of shape {tuple(like.shape)}: its "
            "axes must not reach the first one, which counts cells"
        )
    while value.dim() < 2:
        value = value[None]
    return as_matrix(value)


def to_same_rank(a: Enclosure, b: Enclosure) -> tuple[AffineExpression, AffineExpression]:
    """The expressions of two enclosures with equally many axes, where broadcasting needs them: axes of size 1 are
    inserted after that of cells."""
    rank = max(a.ndim, b.ndim)

    def raise_rank(x: AffineExpression) -> AffineExpression:
        while len(x.shape) < rank:
            x = rearrange_entries(x, partial(torch.unsqueeze, dim=-len(x.shape)))
        return x

    return raise_rank(a.ordered()), raise_rank(b.ordered())


def axis_from_last(x: Enclosure, dim: int) -> int:
    """An axis counted from the last, as a negative number.

    Raises:
        ValueError: the axis counts cells, or does not exist.
    """
    axis = dim if dim < 0 else dim - x.ndim
    if not -x.ndim < axis < 0:
        raise ValueError(f"axis {dim} of an enclosure of shape {tuple(x.shape)} counts cells, or does not exist")
    return axis
