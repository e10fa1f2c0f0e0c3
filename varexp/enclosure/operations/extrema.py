"""Minima, maxima and clamping, of two values or along axes."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor

from varexp.enclosure import kinks
from varexp.enclosure.expression import apply_to_models
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.operands import as_number, axis_from_last, of_same_rank
from varexp.enclosure.operations.axes import unsqueeze
from varexp.enclosure.operations.constants import as_enclosure
from varexp.enclosure.protocol import Enclosure, rule
from varexp.enclosure.refusals import UnknownOperationError

Pairwise = Callable[[ChebyshevModel, ChebyshevModel], ChebyshevModel]


def _of_two(f: Pairwise, a: Any, b: Any) -> Enclosure:
    like = a if isinstance(a, Enclosure) else b
    x, y = as_enclosure(a, like), as_enclosure(b, like)
    return Enclosure(apply_to_models(f, *of_same_rank(x, y, "an extremum")))


@rule("minimum", "fmin")
def minimum(a: Any, b: Any) -> Enclosure:
    return _of_two(kinks.minimum, a, b)


@rule("maximum", "fmax")
def maximum(a: Any, b: Any) -> Enclosure:
    return _of_two(kinks.maximum, a, b)


@rule("clamp", "clip")
def clamp(x: Enclosure, min: Any = None, max: Any = None) -> Enclosure:  # torch's names
    """min(max(x, lower), upper), as torch has it where the ends cross."""
    if min is None and max is None:
        raise UnknownOperationError("clamp needs min or max")
    raised = x if min is None or as_number(min) == -math.inf else maximum(x, min)
    return raised if max is None or as_number(max) == math.inf else minimum(raised, max)


@rule("clamp_min")
def clamp_min(x: Enclosure, min: Any) -> Enclosure:
    return maximum(x, min)


@rule("clamp_max")
def clamp_max(x: Enclosure, max: Any) -> Enclosure:
    return minimum(x, max)


@rule("hardtanh")
def hardtanh(x: Enclosure, min_val: float = -1.0, max_val: float = 1.0) -> Enclosure:
    return clamp(x, min_val, max_val)


@rule("relu6")
def relu6(x: Enclosure) -> Enclosure:
    return clamp(x, 0.0, 6.0)


def along(x: Enclosure, dim: int | Sequence[int], keepdim: bool, f: Pairwise) -> Enclosure:
    """The entries along axes, combined by f pair by pair."""
    dims = [dim] if isinstance(dim, int) else list(dim)
    model = x.model()
    for axis in sorted(axis_from_last(x, d) for d in dims):  # those after it keep their distance from the last
        parts = [model.rearrange(_select(axis, i)) for i in range(model.remainder.shape[axis])]
        while len(parts) > 1:
            halves = [f(a, b) for a, b in zip(parts[::2], parts[1::2], strict=False)]
            parts = halves + parts[2 * len(halves) :]
        model = parts[0]
        if keepdim:
            model = unsqueeze(Enclosure.of(model), axis).model()
    return Enclosure.of(model)


def _select(axis: int, i: int) -> Callable[[Tensor], Tensor]:
    return lambda t: t.select(axis, i)


@rule("amin")
def amin(x: Enclosure, dim: int | Sequence[int] = (), keepdim: bool = False) -> Enclosure:
    return along(x, _named(dim), keepdim, kinks.minimum)


@rule("amax")
def amax(x: Enclosure, dim: int | Sequence[int] = (), keepdim: bool = False) -> Enclosure:
    return along(x, _named(dim), keepdim, kinks.maximum)


def _named(dim: int | Sequence[int]) -> int | Sequence[int]:
    if not isinstance(dim, int) and len(dim) == 0:
        raise UnknownOperationError("an extremum over all axes would meet the axis that counts cells: give dim=")
    return dim
