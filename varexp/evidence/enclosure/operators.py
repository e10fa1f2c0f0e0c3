"""`Enclosure`: a batch of Taylor models that answers torch's functions, so that any forward code runs on it.

The first axis counts cells; the others are the axes of the value. Plain tensors and Python numbers that meet an
enclosure are taken as exact: what torch computes among them alone is part of the map's definition. An operation that is
not in the table is refused by name.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from varexp.evidence.enclosure import functions
from varexp.evidence.enclosure.expression import Affine, Term, evaluated, rearranged
from varexp.evidence.enclosure.matrices import Matrix
from varexp.evidence.enclosure.nonlinear import multiply, softmax
from varexp.evidence.enclosure.taylor import TaylorModel
from varexp.maps.constants import UNIT


class UnknownOperationError(TypeError):
    """The enclosure arithmetic has no rule for an operation."""


TABLE: dict[Any, Callable[..., Any]] = {}  # torch function or method -> rule


class Enclosure:
    """What a forward pass sees in place of a tensor (cells, ...): everything the tensor could be on each cell."""

    dtype = torch.float64
    device = torch.device("cpu")
    requires_grad = False

    def __init__(self, affine: Affine, split: bool = False) -> None:
        self.affine = affine
        self.split = split  # the last axis was split into (heads, size) and the expression holds heads before tokens

    @classmethod
    def of(cls, model: TaylorModel) -> "Enclosure":
        """The enclosure of one Taylor model."""
        return cls(Affine.of(model))

    def model(self) -> TaylorModel:
        """The Taylor model of the value."""
        return self.settled().affine.model()

    def settled(self) -> "Enclosure":
        """Without a split that is still open."""
        if not self.split:
            return self
        return Enclosure(rearranged(self.affine, lambda t: t.movedim(-3, -2)))

    @property
    def shape(self) -> torch.Size:
        s = self.affine.shape
        return torch.Size((*s[:-3], s[-2], s[-3], s[-1])) if self.split else s

    @property
    def ndim(self) -> int:
        return len(self.affine.shape)

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


def _unknown(name: str) -> UnknownOperationError:
    known = sorted({f.__name__.strip("_") for f in TABLE if hasattr(f, "__name__")})
    return UnknownOperationError(
        f"no enclosure is known for the operation {name!r}; write the map with {', '.join(known)}, or register a rule"
    )


def rule(*names: str, operators: Sequence[str] = ()) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a function the rule for torch.NAME, Tensor.NAME, functional.NAME and the method of these names."""

    def register(f: Callable[..., Any]) -> Callable[..., Any]:
        for name in (*names, *operators):
            for place in (torch, torch.Tensor, functional):
                if callable(getattr(place, name, None)) and (name not in operators or place is torch.Tensor):
                    TABLE[getattr(place, name)] = f
            setattr(Enclosure, name, f)
        return f

    return register


# ---- arithmetic ------------------------------------------------------------------------------------------------------


def _scalar(x: Any) -> float | None:
    if isinstance(x, int | float):
        return float(x)
    return float(x) if isinstance(x, Tensor) and x.numel() == 1 and x.dim() == 0 else None


def _matrix(x: Any, like: Enclosure) -> Matrix:
    """A constant with at least two axes, none of which meets the cells."""
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
    return Matrix(value)


def _aligned(a: Enclosure, b: Enclosure) -> tuple[Affine, Affine]:
    """Of one rank: axes of size 1 after the cells, as torch's broadcasting would have them without cells."""
    rank = max(a.ndim, b.ndim)

    def raised(x: Enclosure) -> Affine:
        x = x.settled()
        while x.ndim < rank:
            x = Enclosure(rearranged(x.affine, lambda t, axis=-x.ndim: t.unsqueeze(axis)))  # type: ignore[misc]
        return x.affine

    return raised(a), raised(b)


@rule("add", operators=("__add__", "__radd__", "__iadd__"))
def add(a: Any, b: Any, *, alpha: float = 1) -> Enclosure:
    if alpha != 1:
        b = mul(b, alpha)
    if isinstance(a, Enclosure) and isinstance(b, Enclosure):
        x, y = _aligned(a, b)
        return Enclosure(x.plus(y))
    x, constant = (a, b) if isinstance(a, Enclosure) else (b, a)
    return Enclosure(x.settled().affine.shifted(_matrix(constant, x)))


@rule("neg", "negative", operators=("__neg__",))
def neg(a: Any) -> Any:
    return Enclosure(a.affine.times(-1.0), a.split) if isinstance(a, Enclosure) else -a


@rule("sub", "subtract", operators=("__sub__", "__isub__"))
def sub(a: Any, b: Any, *, alpha: float = 1) -> Enclosure:
    return add(a, neg(mul(b, alpha) if alpha != 1 else b))


@rule("rsub", operators=("__rsub__",))
def rsub(a: Any, b: Any) -> Enclosure:
    return sub(b, a)


@rule("mul", "multiply", operators=("__mul__", "__rmul__", "__imul__"))
def mul(a: Any, b: Any) -> Enclosure:
    if isinstance(a, Enclosure) and isinstance(b, Enclosure):
        x, y = _aligned(a, b)
        return Enclosure(evaluated(multiply, x, y))
    x, factor = (a, b) if isinstance(a, Enclosure) else (b, a)
    scalar = _scalar(factor)
    if scalar is not None:
        return Enclosure(x.affine.times(scalar), x.split)
    value = _matrix(factor, x).value
    if x.ndim == 2:
        value = value[0]
    return Enclosure.of(x.model().weighted(value))


@rule("div", "divide", "true_divide", operators=("__truediv__", "__rtruediv__"))
def div(a: Any, b: Any) -> Enclosure:
    if isinstance(b, Enclosure):
        return mul(a, Enclosure.of(functions.inverse(b.model())))
    value = torch.as_tensor(b, dtype=torch.float64)
    return Enclosure.of(mul(a, 1 / value).model().doubted(4 * UNIT))


def _rtruediv(a: Enclosure, b: Any) -> Enclosure:
    return div(b, a)


Enclosure.__rtruediv__ = _rtruediv  # type: ignore[attr-defined]
TABLE[torch.Tensor.__rtruediv__] = _rtruediv


@rule("matmul", operators=("__matmul__",))
def matmul(a: Any, b: Any) -> Enclosure:
    if isinstance(a, Enclosure) and isinstance(b, Enclosure):
        x, y = _aligned(a, b)
        return Enclosure(x.matmul(y))
    if isinstance(a, Enclosure):
        return Enclosure(a.settled().affine.right(Matrix(b.detach())))
    if b.ndim < 3:
        raise UnknownOperationError("matrix @ enclosure needs an enclosure of (cells, rows, columns) at least")
    return Enclosure(b.settled().affine.left(Matrix(a.detach())))


def _rmatmul(a: Enclosure, b: Any) -> Enclosure:
    return matmul(b, a)


Enclosure.__rmatmul__ = _rmatmul  # type: ignore[attr-defined]
TABLE[torch.Tensor.__rmatmul__] = _rmatmul


def linear(x: Enclosure, weight: Tensor, bias: Tensor | None = None) -> Enclosure:
    result = matmul(x, weight.mT)
    return result if bias is None else add(result, bias)


TABLE[functional.linear] = linear


# ---- entrywise functions ---------------------------------------------------------------------------------------------


def _entrywise(f: Callable[[TaylorModel], TaylorModel], *names: str) -> None:
    rule(*names)(lambda x, **_: Enclosure.of(f(x.model())))


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
def softmax_rule(x: Enclosure, dim: int, *_: Any, **__: Any) -> Enclosure:
    model = x.model()
    if dim in (-1, x.ndim - 1):
        return Enclosure.of(softmax(model))
    return Enclosure.of(softmax(model.map(lambda t: t.transpose(_back(x, dim), -1))).map(_swap_last(_back(x, dim))))


def _swap_last(dim: int) -> Callable[[Tensor], Tensor]:
    return lambda t: t.transpose(dim, -1)


@rule("minimum")
def minimum(a: Any, b: Any) -> Enclosure:
    return _extremum(functions.minimum, a, b)


@rule("maximum")
def maximum(a: Any, b: Any) -> Enclosure:
    return _extremum(functions.maximum, a, b)


def _extremum(f: Callable[..., TaylorModel], a: Any, b: Any) -> Enclosure:
    x = a if isinstance(a, Enclosure) else b
    pair = [v if isinstance(v, Enclosure) else mul(x, 0.0) + v for v in (a, b)]
    return Enclosure(evaluated(f, *_aligned(pair[0], pair[1])))


# ---- axes ------------------------------------------------------------------------------------------------------------


def _back(x: Enclosure, dim: int) -> int:
    """An axis counted from the last; the cells' own axis is refused."""
    back = dim if dim < 0 else dim - x.ndim
    if not -x.ndim < back < 0:
        raise ValueError(f"axis {dim} of an enclosure of shape {tuple(x.shape)} counts cells, or does not exist")
    return back


def _pick(axis: int, i: int) -> Callable[[Tensor], Tensor]:
    return lambda t: t.select(axis, i)


def _reduce(x: Enclosure, dim: int, keepdim: bool, f: Callable[..., TaylorModel]) -> Enclosure:
    """Fold along an axis by halves."""
    model = x.model()
    axis = _back(x, dim)
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
    for axis in sorted(_back(x, d) for d in dims):  # farthest first: the others keep their distance
        n = x.shape[axis]
        if keepdim and axis == -1:
            x = Enclosure(x.settled().affine.right(Matrix(torch.ones(n, 1, dtype=torch.float64))))
        elif keepdim and axis == -2 and x.ndim > 2:
            x = Enclosure(x.settled().affine.left(Matrix(torch.ones(1, n, dtype=torch.float64))))
        else:
            x = Enclosure.of(x.model().summed(axis))
            x = unsqueeze(x, axis) if keepdim else x
    return x


@rule("mean")
def mean(x: Enclosure, dim: int | Sequence[int] | None = None, keepdim: bool = False) -> Enclosure:
    dims = [dim] if isinstance(dim, int) else list(range(1, x.ndim)) if dim is None else list(dim)
    if keepdim and len(dims) == 1 and _back(x, dims[0]) in (-1, -2) and x.ndim > 2:
        axis = _back(x, dims[0])
        n = x.shape[axis]
        row = torch.full((1, n), 1 / n, dtype=torch.float64)
        matrix = Matrix(row, None if n & (n - 1) == 0 else UNIT * row)
        affine = x.settled().affine
        return Enclosure(affine.left(matrix) if axis == -2 else affine.right(matrix.mT))
    count = 1
    for d in dims:
        count *= x.shape[d]
    return div(sum_(x, dims, keepdim), float(count))


@rule("transpose", "swapaxes")
def transpose(x: Enclosure, dim0: int, dim1: int) -> Enclosure:
    axes = {_back(x, dim0), _back(x, dim1)}
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
    axis = _back(x, dim)
    affine = x.settled().affine
    if axis != -1 or x.ndim != 3 or len(sizes) != 2:
        return Enclosure(rearranged(affine, lambda t: t.unflatten(axis, tuple(sizes))))

    def heads(matrix: Matrix) -> Matrix:  # (rows, heads*size) -> (heads, rows, size)
        return matrix.map(lambda t: t.unflatten(-1, tuple(sizes)).movedim(-2, -3))

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


def _once(model: TaylorModel, name: str, f: Callable[[Tensor], Tensor]) -> TaylorModel:
    if name not in model.derived:
        model.derived[name] = model.map(f)
        model.derived[name].stochastic = model.stochastic
    return model.derived[name]


@rule("flatten")
def flatten(x: Enclosure, start_dim: int = 0, end_dim: int = -1) -> Enclosure:
    start, end = _back(x, start_dim), _back(x, end_dim)
    affine = x.affine
    if x.split and (start, end) == (-2, -1) and affine.shape[-3] == 1 and all(not t.flipped for t in affine.terms):

        def first(matrix: Matrix | None) -> Matrix | None:
            return None if matrix is None else matrix.map(lambda t: t.squeeze(-3) if t.dim() > 2 else t)

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
    axis = _back(x, dim)
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


Enclosure.__getitem__ = _getitem  # type: ignore[attr-defined]
TABLE[torch.Tensor.__getitem__] = _getitem


@rule("cat", "concat", "concatenate")
def cat(xs: Sequence[Any], dim: int = 0) -> Enclosure:
    like = next(x for x in xs if isinstance(x, Enclosure))
    axis = _back(like, dim)
    return Enclosure.of(TaylorModel.joined([_value(x, like) for x in xs], lambda parts: torch.cat(parts, dim=axis)))


@rule("stack")
def stack(xs: Sequence[Any], dim: int = 0) -> Enclosure:
    like = next(x for x in xs if isinstance(x, Enclosure))
    axis = dim if dim < 0 else dim - like.ndim - 1
    if axis <= -like.ndim - 1:
        raise ValueError("the first axis of an enclosure counts cells: stack along a later one, such as dim=-3")
    return Enclosure.of(TaylorModel.joined([_value(x, like) for x in xs], lambda parts: torch.stack(parts, dim=axis)))


def _value(x: Any, like: Enclosure) -> TaylorModel:
    if isinstance(x, Enclosure):
        return x.model()
    value = torch.as_tensor(x, dtype=torch.float64)
    return TaylorModel.constant(like.affine.ring, value.expand(like.shape[0], *value.shape[-(like.ndim - 1) :]))


@rule("pad")
def pad(x: Enclosure, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Enclosure:
    if mode != "constant" or value not in (None, 0, 0.0) or len(pad) > 2 * (x.ndim - 1):
        raise UnknownOperationError(f"no enclosure is known for pad with mode={mode!r}, value={value!r} beyond zeros")
    return Enclosure(rearranged(x.settled().affine, lambda t: functional.pad(t, tuple(pad))))
