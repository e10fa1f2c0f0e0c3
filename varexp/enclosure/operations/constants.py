"""Constants shaped like an enclosure, and what torch calls to copy or convert a tensor."""

from typing import Any

import torch
from torch.nn import functional

from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.operands import as_tensor, without_cells
from varexp.enclosure.protocol import Enclosure, rule
from varexp.enclosure.refusals import UnknownOperationError


def as_enclosure(x: Any, like: Enclosure) -> Enclosure:
    """An enclosure itself, or a constant on the cells of `like` with as many axes."""
    if isinstance(x, Enclosure):
        return x
    value = without_cells(as_tensor(x), like)
    value = value.reshape((1,) * (like.ndim - 1 - value.dim()) + tuple(value.shape))
    value = value.expand(like.cells, *value.shape)
    return Enclosure.of(ChebyshevModel.constant(like.expression.ring, value))


def _filled(x: Enclosure, value: float) -> Enclosure:
    full = torch.full((x.cells, *x.logical), float(value), dtype=torch.float64)
    return Enclosure.of(ChebyshevModel.constant(x.expression.ring, full))


@rule("zeros_like")
def zeros_like(x: Enclosure) -> Enclosure:
    return _filled(x, 0.0)


@rule("ones_like")
def ones_like(x: Enclosure) -> Enclosure:
    return _filled(x, 1.0)


@rule("full_like")
def full_like(x: Enclosure, fill_value: float) -> Enclosure:
    return _filled(x, fill_value)


@rule("new_zeros")
def new_zeros(x: Enclosure, *size: Any) -> Any:
    return _new(size, 0.0)


@rule("new_ones")
def new_ones(x: Enclosure, *size: Any) -> Any:
    return _new(size, 1.0)


@rule("new_full")
def new_full(x: Enclosure, size: Any, fill_value: float) -> Any:
    return _new((size,), fill_value)


@rule("new_tensor")
def new_tensor(x: Enclosure, data: Any) -> Any:
    return torch.as_tensor(data, dtype=torch.float64)


def _new(size: tuple[Any, ...], value: float) -> torch.Tensor:
    """A tensor, as torch makes one; its first size may be the number of cells."""
    shape = size[0] if len(size) == 1 and not isinstance(size[0], int) else size
    return torch.full(tuple(shape), float(value), dtype=torch.float64)


@rule("clone", "detach", "contiguous", "double", "cpu")
def copy(x: Enclosure, *, memory_format: Any = None) -> Enclosure:
    return Enclosure(x.expression, x.order)


@rule("to")
def to(x: Enclosure, *what: Any, dtype: Any = None, device: Any = None, copy: bool = False) -> Enclosure:
    """The same value: only float64 on the processor can be asked for."""
    for asked in (*what, dtype, device):
        kinds = (asked.dtype, asked.device) if isinstance(asked, torch.Tensor) else (asked,)
        if any(not _is_here(kind) for kind in kinds):
            raise UnknownOperationError(
                f"a conversion to {kinds} has no enclosure: enclosures are in float64 on the cpu"
            )
    return Enclosure(x.expression, x.order)


def _is_here(kind: Any) -> bool:
    """Whether a conversion to this dtype or device leaves a value as it is."""
    return kind is None or isinstance(kind, bool) or kind is torch.float64 or str(kind) == "cpu"


@rule("type_as")
def type_as(x: Enclosure, other: Any) -> Enclosure:
    return to(x, dtype=other.dtype)


@rule("dropout", "alpha_dropout", "feature_alpha_dropout", "dropout1d", "dropout2d", "dropout3d", places=(functional,))
def dropout(x: Enclosure, p: float = 0.5, training: bool = True) -> Enclosure:
    """The value itself outside training."""
    if training and p > 0:
        raise UnknownOperationError("dropout in training depends on chance: call .eval() on the model")
    return Enclosure(x.expression, x.order)


@rule("is_floating_point")
def is_floating_point(x: Enclosure) -> bool:
    return True


@rule("is_complex")
def is_complex(x: Enclosure) -> bool:
    return False
