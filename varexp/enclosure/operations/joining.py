"""Concatenation, stacking and padding."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from varexp.enclosure.combining import concatenate_entries
from varexp.enclosure.expression import rearrange_entries
from varexp.enclosure.operands import as_tensor, axis_from_last, new_axis_from_last, without_cells
from varexp.enclosure.operations.arithmetic import add
from varexp.enclosure.operations.constants import as_enclosure
from varexp.enclosure.operations.selecting import take
from varexp.enclosure.protocol import Enclosure, rule
from varexp.enclosure.refusals import UnknownOperationError


def _join(xs: Any, along: Callable[[list[Tensor]], Tensor]) -> Enclosure:
    like = next(x for x in xs if isinstance(x, Enclosure))
    return Enclosure.of(concatenate_entries([_member(x, like).model() for x in xs], along))


def _member(x: Any, like: Enclosure) -> Enclosure:
    """An enclosure, or a constant with the same axes, the same in every cell."""
    if isinstance(x, Enclosure):
        if x.ndim != like.ndim:
            raise UnknownOperationError(f"{tuple(x.shape)} cannot be joined to {tuple(like.shape)}: other axes")
        return x
    value = as_tensor(x)
    if value.dim() != like.ndim or len(value) != like.cells:
        raise UnknownOperationError(
            f"a constant of shape {tuple(value.shape)} cannot be joined to an enclosure of shape {tuple(like.shape)}: "
            "it needs as many axes and the same first one, such as c.expand(x.shape[0], *c.shape)"
        )
    return as_enclosure(without_cells(value, like), like)


@rule("cat", "concat", "concatenate")
def cat(xs: Any, dim: int = 0) -> Enclosure:
    like = next(x for x in xs if isinstance(x, Enclosure))
    return _join(xs, partial(torch.cat, dim=axis_from_last(like, dim)))


@rule("stack")
def stack(xs: Any, dim: int = 0) -> Enclosure:
    like = next(x for x in xs if isinstance(x, Enclosure))
    return _join(xs, partial(torch.stack, dim=new_axis_from_last(like, dim)))


@rule("pad")
def pad(x: Enclosure, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Enclosure:
    if len(pad) % 2 or len(pad) > 2 * (x.ndim - 1):
        raise UnknownOperationError(f"pad={tuple(pad)} needs pairs, and would reach the axis that counts cells")
    if mode != "constant":
        return _pad_by_index(x, pad, mode)
    padded = Enclosure(rearrange_entries(x.ordered(), lambda t: functional.pad(t, tuple(pad))))
    if not value:
        return padded
    border = functional.pad(torch.zeros(tuple(x.logical), dtype=torch.float64), tuple(pad), value=float(value))
    return add(padded, border)


def _pad_by_index(x: Enclosure, pad: Sequence[int], mode: str) -> Enclosure:
    """Reflected, repeated or circular padding: entries are repeated, axis by axis."""
    if mode not in ("reflect", "replicate", "circular"):
        raise UnknownOperationError(f"no enclosure is known for pad with mode={mode!r}")
    for i, ends in enumerate(zip(pad[::2], pad[1::2], strict=True)):
        places = torch.arange(x.logical[-1 - i], dtype=torch.float64).reshape(1, 1, -1)
        index = functional.pad(places, ends, mode=mode).reshape(-1).long()
        x = take(x, -1 - i, index)
    return x
