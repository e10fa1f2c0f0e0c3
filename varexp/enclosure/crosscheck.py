"""Every certificate beside plain torch: the function itself at points of every cell of the final cover.

An enclosure and plain torch run the same code, but share no arithmetic. A value above an upper end, or a lower end
above the value where it was taken, is an error of one of them, and is raised with the cell, the point and the numbers.

Ends hold in exact arithmetic, and plain torch rounds. A difference therefore counts only if rounding does not explain
it: `rounding_noise` measures, where it matters, how far rounding can move a value at a point.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from varexp.enclosure.cells import Box
from varexp.enclosure.norms import safe_norm
from varexp.enclosure.rounding import SMALLEST
from varexp.enclosure.sup import Sup
from varexp.errors import SoundnessError
from varexp.rounding_noise import EXPLAINED, rounding_noise

RANDOM_POINTS, MOST_POINTS = 16, 10_000  # of a cell; of all cells
MOST_EXTRA = 5_000  # middles and corners of cells
CHUNK = 1024  # points in one evaluation
CANDIDATES = 64  # points that are evaluated again

Values = Callable[[Tensor], Tensor]  # from points (points, parameters) to norms (points, objectives)


class Cover(NamedTuple):
    """The cells at the end of a search, and what it says about each.

    `upper` (cells, objectives) bounds every objective on the cell; `lower` (cells, last) is attained at the middle, for
    the last objectives.
    """

    middle: Tensor
    radius: Tensor
    upper: Tensor
    lower: Tensor


@torch.no_grad()
def check_cover(cover: Cover, values: Values, box: Box) -> int:
    """Raise SoundnessError if plain torch contradicts a bound of a cell; the number of points that were visited.

    Cells may reach beyond the box by rounding; points there are moved to its edge, or left out.
    """
    source = torch.Generator().manual_seed(len(cover.middle))
    cells, points = _visited(cover, source)
    points = box.nearest(points)
    inside = box.contains(points)
    cells, points = cells[inside], points[inside]
    _require(values, points, cover.upper[cells], cells, cover, above=False)
    last = cover.lower.shape[1]
    if last:
        middles = _spread(len(cover.middle), MOST_EXTRA)
        middles = middles[box.contains(cover.middle[middles])]
        bounds = torch.zeros(len(middles), cover.upper.shape[1], dtype=torch.float64)
        bounds[:, -last:] = cover.lower[middles]
        _require(values, cover.middle[middles], bounds, middles, cover, above=True)
    return len(points)


@torch.no_grad()
def check_attained(points: Tensor, lower: Tensor, values: Values) -> None:
    """Raise SoundnessError if a lower end (points, objectives) lies above the value of plain torch at its point."""
    _require(values, points, lower, torch.arange(len(points)), None, above=True)


def check_places(sups: Sequence[Sup], values: Values) -> None:
    """Raise SoundnessError if a lower end that a search found is not attained by plain torch at its place."""
    found = [(i, sup) for i, sup in enumerate(sups) if sup.place is not None]
    if not found:
        return
    lower = torch.zeros(len(found), len(sups), dtype=torch.float64)
    for row, (i, sup) in enumerate(found):
        lower[row, i] = sup.lower
    check_attained(torch.tensor([sup.place for _, sup in found], dtype=torch.float64), lower, values)


def plain_values(search: Any) -> Values:
    """The norms of all objectives of all stages of a `Search` at points, in plain torch."""

    def values(points: Tensor) -> Tensor:
        state, columns = search.start(points), []
        for stage in search.stages:
            state, found = stage.step(state)
            columns += [safe_norm(search.norm, value) for value in found]
        return torch.stack(columns, dim=-1) if columns else points.new_zeros(len(points), 0)

    return values


def _visited(cover: Cover, source: torch.Generator) -> tuple[Tensor, Tensor]:
    """Cells and points in them: random ones in every cell, and some cells' two far corners."""
    count = len(cover.middle)
    total = min(RANDOM_POINTS * count, MOST_POINTS)
    cells = torch.randperm(count, generator=source)[torch.arange(total) % count]
    share = torch.rand(total, cover.middle.shape[1], dtype=torch.float64, generator=source) * 2 - 1
    some = _spread(count, MOST_EXTRA // 2)
    cells = torch.cat([cells, some, some])
    share = torch.cat([share, torch.ones(len(some), share.shape[1]), -torch.ones(len(some), share.shape[1])])
    return cells, cover.middle[cells] + share * cover.radius[cells]


def _spread(count: int, most: int) -> Tensor:
    """At most so many places out of `count`, evenly."""
    return torch.arange(count) if count <= most else torch.linspace(0, count - 1, most).round().long()


def in_chunks(values: Values, points: Tensor) -> Tensor:
    """Values at points (1 or more), not too many at once."""
    return torch.cat([values(part) for part in points.split(CHUNK)])


def _require(
    values: Values, points: Tensor, bounds: Tensor, cells: Tensor, cover: Cover | None, *, above: bool
) -> None:
    """Values are at most their bounds; with `above`, at least."""
    if len(points) == 0:
        return
    found = in_chunks(values, points)
    excess = bounds - found if above else found - bounds
    claimed = bounds > 0 if above else bounds.isfinite()
    if bool((claimed & ~found.isfinite()).any()):
        place = int((claimed & ~found.isfinite()).any(dim=1).nonzero()[0])
        raise ValueError(
            f"the function is {found[place].tolist()} at {points[place].tolist()} in plain torch: expected finite "
            "values all over the box; it overflows, or has no value there"
        )
    excess = torch.where(claimed, excess, 0.0)
    suspects = (excess > 0).nonzero()
    if len(suspects) == 0:
        return
    worst = excess[excess > 0].argsort(descending=True)[:CANDIDATES]
    for place, objective in suspects[worst].tolist():
        noise = rounding_noise(values, points[place : place + 1], found[place : place + 1])
        allowed = EXPLAINED * noise[0, objective] + 64 * SMALLEST
        if not float(excess[place, objective]) <= float(allowed):
            raise _contradiction(
                points[place],
                bounds[place, objective],
                found[place, objective],
                objective,
                above,
                (None if cover is None else (cover.middle[cells[place]], cover.radius[cells[place]])),
            )


def _contradiction(
    point: Tensor, bound: Tensor, value: Tensor, objective: int, above: bool, cell: tuple[Tensor, Tensor] | None
) -> SoundnessError:
    where = "" if cell is None else f", in the cell {cell[0].tolist()} ± {cell[1].tolist()}"
    end = "a lower end" if above else "an upper end"
    return SoundnessError(
        f"plain torch contradicts {end}: at the point {point.tolist()}{where} quantity {objective + 1} is "
        f"{float(value)!r} in plain torch and {'at least' if above else 'at most'} {float(bound)!r} by its enclosure, "
        "and rounding does not explain it; an operation of the function is enclosed wrongly, or its answer depends on "
        "more than the point"
    )
