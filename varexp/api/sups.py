"""`sup_norm`: a certified sup norm of a plain torch function over a box."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.enclosure import Box, Enclosure, Goal, Search, State, Transition, UnknownOperationError, point
from varexp.enclosure.crosscheck import Cover, check_attained
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.norms import safe_norm
from varexp.enclosure.policy import FIRST_CELLS, ORDERS
from varexp.errors import bad_value
from varexp.maps.norms import NORMS, TokenNorm
from varexp.measurement.attack import ascend
from varexp.pointwise import require_pointwise
from varexp.theory import Interval
from varexp.torch_state import controlled_torch

SAMPLES = {1: 512, 2: 2048, **dict.fromkeys(range(3, 9), 4096)}  # points from which ascent starts
STARTS, ASCENT_STEPS = 4, 12
LARGEST = 1e300  # of an end of a box: beyond it widths overflow

Function = Callable[[Any], Any]


@dataclass(frozen=True)
class SupNorm(Interval):
    """A sup norm between two ends, in exact arithmetic.

    Attributes:
        lower: attained at `place`, less what rounding may have added.
        upper: no point of the box exceeds it; inf where the function could not be bounded.
        place: coordinates of the point that gives `lower`.
        gap: upper/lower − 1. It can exceed the gap asked for where a sup is below 1e-10 or the budget ended.
        evaluations: how many cells were evaluated.
        cover: the cells that prove `upper`: `cover.middle` and `cover.radius` (cells, coordinates), and `cover.upper`
            (cells, 1), which no point of the cell exceeds.
    """

    place: tuple[float, ...] = ()
    gap: float = math.inf
    evaluations: int = 0
    cover: Cover | None = field(default=None, compare=False)

    def __repr__(self) -> str:
        return f"SupNorm(lower={self.lower:.8g}, upper={self.upper:.8g}, gap={self.gap:.2%}, place={self.place})"


def sup_norm(
    f: Function,
    box: Sequence[tuple[float, float]],
    norm: str = "rms",
    gap: float = 0.01,
    evaluations: int = 20_000,
) -> SupNorm:
    """Enclose sup ‖f(x)‖ over a box of up to eight coordinates.

    Args:
        f: a function of points (..., coordinates), in float64, that answers (..., any shape) by plain torch, out of
            place; a `torch.nn.Module` is one. Operations that enclosures do not know are refused by name.
        box: the ends (low, high) of every coordinate.
        norm: rms (root of the mean square), max or frobenius, over all axes that follow the leading ones.
        gap: relative distance of the two ends at which the search stops.
        evaluations: cells after which no cell is refined; the ends are then further apart, and still hold. The first
            cells, 48 to 324, are always evaluated.

    Returns:
        Both ends, where the lower one is attained, the gap, the number of evaluations.

    Raises:
        ValueError: a box, norm, gap or budget out of range, or a function that answers something else.
        UnknownOperationError: an operation that has no enclosure.
        SoundnessError: plain torch contradicts an end; every cell is visited.

    Examples:
        >>> import torch, varexp
        >>> found = varexp.sup_norm(lambda x: 2 * torch.sin(3 * x), [(0.0, 1.0)])
        >>> found.lower <= 2.0 <= found.upper, found.gap <= 0.01
        (True, True)

    Reference:
        varexp/enclosure/ALGEBRA.md: the arithmetic, rule by rule.
    """
    lows, highs = _checked_box(box)
    goal, chosen = Goal(gap=gap, evaluations=evaluations), NORMS[norm]
    with controlled_torch(default_dtype=None):  # f may rely on the caller's
        entries = _entries(f, lows, highs)
        flat = _flattened(f, entries)
        with torch.no_grad():
            flat(point(torch.tensor([lows], dtype=torch.float64)))  # what has no rule is refused before any work
        known = _attained(flat, chosen, lows, highs)
        return _search(flat, chosen, lows, highs, goal, known, entries)


def _checked_box(box: Sequence[tuple[float, float]]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    try:
        ends = [tuple(float(end) for end in pair) for pair in box]
    except (TypeError, ValueError):
        raise bad_value("box", box, f"a list of 1 to {max(ORDERS)} pairs (low, high), one a coordinate") from None
    if not 1 <= len(ends) <= max(ORDERS):
        raise bad_value("box", box, f"a list of 1 to {max(ORDERS)} pairs (low, high), one a coordinate")
    for pair in ends:
        if len(pair) != 2 or not -LARGEST <= pair[0] <= pair[1] <= LARGEST:
            raise bad_value("box", box, f"made of pairs (low, high) of finite numbers up to {LARGEST:g}, low <= high")
    return tuple(pair[0] for pair in ends), tuple(pair[1] for pair in ends)


def _entries(f: Function, lows: Sequence[float], highs: Sequence[float]) -> int:
    """How many numbers f gives at a point. ValueError if it is no function of each point alone, or not in float64."""
    low, high = (torch.tensor(ends, dtype=torch.float64) for ends in (lows, highs))
    points = torch.stack([low + (high - low) * share for share in (0.5, 0.0, 0.3)])
    expected = f"f must take points (..., {len(lows)}) and answer (..., any shape) in float64"
    try:
        value = require_pointwise(f, points, "f")
    except (RuntimeError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"{expected}: a network's weights by .double(); it raised: {reason}") from error
    if value.dtype != torch.float64:
        raise ValueError(f"{expected}, got {value.dtype}: convert its weights by .double()")
    if value[0].numel() == 0:
        raise ValueError(f"{expected}; it answered {tuple(value.shape)}, which holds no numbers")
    return value[0].numel()


def _flattened(f: Function, entries: int) -> Function:
    """f with its answer as (..., entries, 1), a token map of one channel."""

    def flat(x: Any) -> Any:
        value = f(x)
        leading = x.ndim - 1
        if value.ndim == leading:
            value = value[..., None]
        return (value.flatten(leading) if value.ndim > leading + 1 else value)[..., None]

    return flat


def _attained(
    flat: Function, norm: TokenNorm, lows: Sequence[float], highs: Sequence[float]
) -> Float[Tensor, "points coordinates"]:
    """Points where the norm is large, by ascent from a grid."""
    low, high = (torch.tensor(ends, dtype=torch.float64) for ends in (lows, highs))
    count = round(SAMPLES[len(lows)] ** (1 / len(lows)))
    axes = [torch.linspace(a, b, count, dtype=torch.float64) for a, b in zip(lows, highs, strict=True)]
    points = torch.cartesian_prod(*axes).reshape(-1, len(lows))
    with torch.no_grad():
        values = norm(flat(points)).nan_to_num(-1.0)
    best = points[values.topk(min(STARTS, len(points))).indices]
    spacing = float(((high - low) / max(count - 1, 1)).max())

    def project(x: Tensor) -> Tensor:
        return torch.minimum(torch.maximum(x, low), high)

    return ascend(lambda x: norm(flat(x.clone())), best, project, spacing, ASCENT_STEPS)


def _search(
    flat: Function,
    norm: TokenNorm,
    lows: tuple[float, ...],
    highs: tuple[float, ...],
    goal: Goal,
    places: Float[Tensor, "points coordinates"],
    entries: int,
) -> SupNorm:
    with torch.no_grad():
        at = point(places)
        bounds = norm.lower_bound(_as_enclosure(flat(at), at).model())
        check_attained(places, bounds[:, None], lambda x: safe_norm(norm, flat(x))[:, None])
    best = int(bounds.argmax())

    def step(state: State) -> tuple[State, list[Any]]:
        (column,) = state  # cells coordinates 1
        return state, [_as_enclosure(flat(column.squeeze(-1)), column)]

    def start(u: Any) -> State:
        return (u.unsqueeze(-1),)

    count = len(lows)
    transition = Transition(step, lambda state: state, entries)
    search = Search(start, [transition], Box(lows, highs, FIRST_CELLS[count]), norm, ORDERS[count], goal)
    ((sup,),) = search.run([[float(bounds[best])]])
    place = tuple(places[best].tolist()) if sup.place is None else sup.place
    gap = sup.upper / sup.lower - 1 if sup.lower > 0 else 0.0 if sup.upper == 0 else math.inf
    return SupNorm(sup.lower, sup.upper, place, gap, sum(search.evaluated), search.cover)


def _as_enclosure(value: Any, like: Any) -> Any:
    """The value of f on cells, or at points. A function that ignores its argument answers a tensor, which is exact."""
    if isinstance(value, Enclosure) or not isinstance(like, Enclosure):
        return value
    if len(value) != like.cells or not bool((value == value[:1]).all()):
        raise UnknownOperationError("f answers a tensor that differs from point to point, and does not depend on them")
    ring = like.model().ring
    return Enclosure.of(ChebyshevModel.constant(ring, value.double()))
