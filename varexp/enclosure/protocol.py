"""`Enclosure`: a batch of Chebyshev models that answers torch's functions, so that any forward code runs on it.

The first axis counts cells; the others are the axes of the value. Plain tensors and Python numbers that meet an
enclosure are taken as exact: what torch computes among them alone is part of the map's definition. An operation that is
not in the table is refused by name.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from varexp.enclosure.expression import Affine, rearranged
from varexp.enclosure.matrices import Matrix, exact
from varexp.enclosure.model import ChebyshevModel


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
    def of(cls, model: ChebyshevModel) -> "Enclosure":
        """The enclosure of one Chebyshev model."""
        return cls(Affine.of(model))

    def model(self) -> ChebyshevModel:
        """The Chebyshev model of the value."""
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


def scalar(x: Any) -> float | None:
    if isinstance(x, int | float):
        return float(x)
    return float(x) if isinstance(x, Tensor) and x.numel() == 1 and x.dim() == 0 else None


def matrix(x: Any, like: Enclosure) -> Matrix:
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
    return exact(value)


def aligned(a: Enclosure, b: Enclosure) -> tuple[Affine, Affine]:
    """Of one rank: axes of size 1 after the cells, as torch's broadcasting would have them without cells."""
    rank = max(a.ndim, b.ndim)

    def raised(x: Enclosure) -> Affine:
        x = x.settled()
        while x.ndim < rank:
            x = Enclosure(rearranged(x.affine, lambda t, axis=-x.ndim: t.unsqueeze(axis)))  # type: ignore[misc]
        return x.affine

    return raised(a), raised(b)


def back(x: Enclosure, dim: int) -> int:
    """An axis counted from the last; the cells' own axis is refused."""
    back = dim if dim < 0 else dim - x.ndim
    if not -x.ndim < back < 0:
        raise ValueError(f"axis {dim} of an enclosure of shape {tuple(x.shape)} counts cells, or does not exist")
    return back
