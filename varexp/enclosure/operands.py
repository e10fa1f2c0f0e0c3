"""How operands meet: numbers, constants and enclosures, without touching the axis of cells."""

from typing import Any

import torch
from torch import Tensor

from varexp.enclosure.expression import AffineExpression
from varexp.enclosure.matrices import Matrix, as_matrix
from varexp.enclosure.protocol import Enclosure
from varexp.enclosure.refusals import UnknownOperationError


def as_number(x: Any) -> float | None:
    """The value of a real number or of a tensor without axes; None for anything else."""
    if isinstance(x, Enclosure):
        return None
    if isinstance(x, int | float):
        return float(x)
    if isinstance(x, Tensor) and x.dim() == 0 and not x.is_complex():
        return float(x)
    return None


def as_tensor(x: Any) -> Tensor:
    """A constant in float64, as torch would promote it beside a tensor in float64.

    Raises:
        UnknownOperationError: it is complex, or no numbers at all.
    """
    try:
        value = x if isinstance(x, Tensor | complex) else torch.as_tensor(x, dtype=torch.float64)
    except (TypeError, ValueError, RuntimeError):
        raise UnknownOperationError(
            f"an enclosure meets numbers, tensors and enclosures: got {type(x).__name__}"
        ) from None
    if isinstance(value, complex) or value.is_complex():
        raise UnknownOperationError("complex numbers have no enclosure: write the map with real numbers")
    return value.detach().to(torch.float64)


def without_cells(value: Tensor, like: Enclosure) -> Tensor:
    """A constant that broadcasts against an enclosure, without the axis that meets the axis of cells.

    Raises:
        UnknownOperationError: that axis holds different entries, or the constant has more axes.
    """
    if value.dim() < like.ndim:
        return value
    same = value.dim() == like.ndim and len(value) in (1, like.cells) and bool((value == value[:1]).all())
    if not same:
        raise UnknownOperationError(
            f"a constant of shape {tuple(value.shape)} cannot meet an enclosure of shape {tuple(like.shape)}: its axes "
            "must not reach the first one, which counts cells"
        )
    return value[0]


def as_constant(x: Any, like: Enclosure) -> Matrix:
    """A number or tensor as a matrix with at least two axes that broadcasts against an enclosure.

    Raises:
        UnknownOperationError: an axis of the constant would meet the axis of cells, or it is complex.
    """
    value = without_cells(as_tensor(x), like)
    while value.dim() < 2:
        value = value[None]
    return as_matrix(value)


def as_weights(x: Any, name: str) -> Tensor:
    """A factor of a product of matrices, which torch takes in the dtype of the other factor alone."""
    if not isinstance(x, Tensor) or x.dtype != torch.float64:
        found = x.dtype if isinstance(x, Tensor) else type(x).__name__
        raise UnknownOperationError(f"{name} of an enclosure needs tensors in float64, got {found}: call .double()")
    return x.detach()


def of_same_rank(a: Enclosure, b: Enclosure, name: str) -> tuple[AffineExpression, AffineExpression]:
    """The expressions of two enclosures with equally many axes.

    Raises:
        UnknownOperationError: one has fewer axes: torch would let its axis of cells meet another axis.
    """
    if a.ndim != b.ndim:
        raise UnknownOperationError(
            f"{name} of values of shape {tuple(a.shape)} and {tuple(b.shape)}: the axis that counts cells would meet "
            "another one; insert an axis, such as x[:, None] or x.unsqueeze(-1)"
        )
    return a.ordered(), b.ordered()


def axis_from_last(x: Enclosure, dim: Any) -> int:
    """An axis counted from the last, as a negative number.

    Raises:
        UnknownOperationError: the axis counts cells.
        IndexError: there is no such axis.
    """
    if dim is None or isinstance(dim, bool) or not isinstance(dim, int):
        raise UnknownOperationError(
            f"an enclosure is reduced along axes that are named, got dim={dim!r}: all axes would hold that of cells"
        )
    axis = dim if dim < 0 else dim - x.ndim
    if axis == -x.ndim:
        raise UnknownOperationError(f"axis {dim} of an enclosure of shape {tuple(x.shape)} counts cells")
    if not -x.ndim < axis < 0:
        raise IndexError(f"an enclosure of shape {tuple(x.shape)} has no axis {dim}")
    return axis


def new_axis_from_last(x: Enclosure, dim: int) -> int:
    """The place of a new axis, counted from the last, as a negative number: behind the axis of cells."""
    axis = dim if dim < 0 else dim - x.ndim - 1
    if not -x.ndim - 1 < axis < 0:
        raise UnknownOperationError(
            f"the first axis of an enclosure of shape {tuple(x.shape)} counts cells: no axis comes before it, got {dim}"
        )
    return axis
