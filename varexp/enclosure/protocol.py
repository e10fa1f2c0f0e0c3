"""`Enclosure` stands in for a tensor and answers torch's functions, so that any forward code runs on it.

The first axis counts cells; the others are the axes of the value. Plain tensors and Python numbers that meet an
enclosure are taken as exact: what torch computes among them alone is part of the map's definition. An enclosure answers
what a batch of tensors would answer, or raises `UnknownOperationError`; there is no third way:

* a function or method of torch that has no rule in TABLE is refused by name, as are keywords that a rule does not know;
* what changes a value in place is refused, so that names can share an enclosure as they share a tensor;
* what branches on values (comparisons, bool, float, int, `in`) is refused;
* what looks at the number of cells, other than to keep the first axis, is refused (`CellCount`);
* `isinstance(x, torch.Tensor)` and `torch.is_tensor(x)` are true of an enclosure as they are of a tensor.

`coverage` lists what torch has and which of it is refused.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from varexp.enclosure.expression import AffineExpression, rearrange_entries
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.refusals import CellCount, UnknownOperationError, in_place, refusal


class AxisOrder(Enum):
    """How the axes of an enclosure lie in its expression."""

    SAME = "same"  # as in the enclosure
    HEADS_FIRST = "heads first"  # the enclosure's (..., tokens, heads, size) as (..., heads, tokens, size)


class StandIn(Tensor):
    """A tensor without memory: code that asks for a tensor finds one, and all that torch would do with it comes to
    `__torch_function__` of a subclass, or is refused."""

    dtype = property(lambda self: torch.float64)
    device = property(lambda self: torch.device("cpu"))
    layout = property(lambda self: torch.strided)
    requires_grad = is_cuda = is_sparse = is_quantized = is_nested = is_meta = property(lambda self: False)

    @property
    def ndim(self) -> int:  # type: ignore[override]
        return len(self.shape)

    def dim(self) -> int:
        return self.ndim

    def size(self, dim: int | None = None) -> Any:
        return self.shape if dim is None else self.shape[dim]

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]
        cls, func: Any, types: Sequence[type], args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        raise refusal(str(func))


class Enclosure(StandIn):
    """What a forward pass sees in place of a tensor (cells, ...): every value that the tensor can have on each cell.

    Attributes:
        expression: the affine expression of the value.
        order: the order of the expression's axes. Attention splits the last axis into heads and exchanges heads and
            tokens; while the exchange is only noted here, products with weights stay linear maps.
    """

    __array_ufunc__ = None  # numpy's operators leave the answer to the enclosure
    expression: AffineExpression
    order: AxisOrder

    @staticmethod
    def __new__(cls, expression: AffineExpression, order: AxisOrder = AxisOrder.SAME) -> "Enclosure":
        sizes = _logical(expression, order)
        self = Tensor._make_wrapper_subclass(cls, (expression.shape[0], *sizes), dtype=torch.float64)
        self.expression, self.order = expression, order
        return self

    def __init__(self, expression: AffineExpression, order: AxisOrder = AxisOrder.SAME) -> None:
        pass

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
    def cells(self) -> int:
        """The number of cells as a plain number, for rules."""
        return self.expression.shape[0]

    @property
    def logical(self) -> torch.Size:
        """The shape of the value, without the axis of cells."""
        return _logical(self.expression, self.order)

    @property
    def shape(self) -> torch.Size:  # type: ignore[override]
        return torch.Size((CellCount(self.cells), *self.logical))

    @classmethod
    def __torch_function__(
        cls, func: Any, types: Sequence[type], args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if func not in TABLE:
            raise refusal(getattr(func, "__name__", str(func)))
        return TABLE[func](*args, **(kwargs or {}))

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in ("expression", "order"):
            raise in_place(name)
        object.__setattr__(self, name, value)

    def __copy__(self) -> "Enclosure":
        return Enclosure(self.expression, self.order)

    def __deepcopy__(self, memo: Any) -> "Enclosure":
        return Enclosure(self.expression, self.order)

    def __repr__(self) -> str:  # type: ignore[override]
        return f"Enclosure(cells={self.cells}, shape={tuple(self.logical)})"


def _logical(expression: AffineExpression, order: AxisOrder) -> torch.Size:
    s = expression.shape[1:]
    return s if order is AxisOrder.SAME else torch.Size((*s[:-3], s[-2], s[-3], s[-1]))


# ---- the table of rules ----------------------------------------------------------------------------------------------

TABLE: dict[Any, Callable[..., Any]] = {}  # torch function or method -> rule
PLACES = (torch, Tensor, functional, torch.special, torch.linalg)
_SYNONYMS = {  # of keywords, as torch takes them
    "axis": "dim",
    "keepdims": "keepdim",
    "axis0": "dim0",
    "axis1": "dim1",
    "tensors": "xs",
    "split_size": "split_size_or_sections",
}
_SIZES = ("dims", "size", "shape", "repeats", "sizes")  # keywords of what can be given one by one


def rule(
    *names: str, operators: Sequence[str] = (), places: Sequence[Any] = PLACES
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function as the rule for torch.NAME, Tensor.NAME and functional.NAME, and as Enclosure's method NAME.

    A parameter that is annotated as `Enclosure` takes nothing else, one that is annotated as `Any` takes everything,
    and any other takes no enclosure.

    Args:
        names: of functions and methods.
        operators: of methods alone, such as __add__.
        places: where the names are looked up; fewer where torch has two functions of one name and other arguments.
    """

    def register(f: Callable[..., Any]) -> Callable[..., Any]:
        for name in (*names, *operators):
            answer = _checked(f, name)
            for place in places:
                if callable(getattr(place, name, None)) and (name not in operators or place is Tensor):
                    TABLE[getattr(place, name)] = answer
            if Tensor in places and hasattr(Tensor, name):
                setattr(Enclosure, name, answer)
        return f

    return register


def _checked(f: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The rule f, which refuses by name whatever it does not know."""
    parameters = inspect.signature(f).parameters
    listed = [p for p in parameters.values() if p.kind is not p.KEYWORD_ONLY]
    variadic = any(p.kind is p.VAR_POSITIONAL for p in listed)

    def answer(*args: Any, **kwargs: Any) -> Any:
        if kwargs:
            args, kwargs = _understood(name, args, kwargs, parameters)
        if len(args) > len(listed) and not variadic:
            raise UnknownOperationError(
                f"{name} with {len(args)} arguments has no enclosure: give at most {len(listed)}"
            )
        for parameter, value in zip(listed, args, strict=False):
            _check_argument(name, parameter, value)
        for key, value in kwargs.items():
            _check_argument(name, parameters[key], value)
        return f(*args, **kwargs)

    answer.__name__ = answer.__qualname__ = name
    answer.__doc__ = f.__doc__
    return answer


def _understood(
    name: str, args: tuple[Any, ...], kwargs: dict[str, Any], parameters: Mapping[str, inspect.Parameter]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments in the words of the rule, without keywords that ask for what an enclosure does anyway.

    Sizes that a rule takes one by one are given by keyword as one sequence.
    """
    known = [key for key, p in parameters.items() if p.kind is not p.VAR_POSITIONAL]
    if kwargs.get("out") is not None or kwargs.get("inplace"):
        raise in_place(f"{name}, {'out=' if 'out' in kwargs else 'inplace=True'}")
    rest = {_SYNONYMS.get(key, key): v for key, v in kwargs.items() if key not in ("out", "inplace")}
    if "dtype" in rest and "dtype" not in known:
        if rest["dtype"] not in (None, torch.float64):
            raise UnknownOperationError(f"{name} in {rest['dtype']} has no enclosure: enclosures are in float64")
        del rest["dtype"]
    for own, theirs in zip(known, ("input", "other"), strict=False):
        if theirs in rest and theirs not in known:
            rest[own] = rest.pop(theirs)
    if len(known) < len(parameters):
        args += tuple(rest.pop(key) for key in _SIZES if key in rest and key not in known)
    unknown = [key for key in rest if key not in known]
    if unknown:
        raise UnknownOperationError(
            f"{name} with {', '.join(f'{key}={kwargs.get(key)!r}' for key in unknown)} has no enclosure: leave it out"
        )
    return args, rest


def _check_argument(name: str, parameter: inspect.Parameter, value: Any) -> None:
    kind, given = parameter.annotation, isinstance(value, Enclosure)
    if kind is Enclosure and not given:
        raise UnknownOperationError(
            f"{name} has an enclosure only where {parameter.name} depends on the point; it got {type(value).__name__}"
        )
    if given and kind is not Enclosure and kind is not Any:
        raise UnknownOperationError(
            f"{name} has an enclosure only with a constant {parameter.name}: here it depends on the point"
        )
