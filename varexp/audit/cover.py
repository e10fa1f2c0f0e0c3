"""The upper end: the norm of a difference is at most a limit on the whole curve, cell by cell of an adaptive cover."""

from dataclasses import dataclass, field
from typing import NamedTuple

from flint import arb, arb_poly

from varexp.audit.kinks import Kink
from varexp.audit.network import Network
from varexp.audit.norms import at_point, claims, heights, of_rest
from varexp.audit.taylor import Taylor

TURN = 6.283185307179587  # a little more than 2π
ORDERS = 12
FIRST_CELLS = 40  # if all were as wide as the first
FEWEST_CELLS = 12
GROWTH = 1.25  # of the next cell after one that is done
MOST_CELLS = 6000
NARROWEST = 1e-11  # of a cell
SLIVER = 1e-5  # half the width of the piece around a kink, by that of its cell
PIECES = 400  # into which a polynomial is cut to bound it
SAMPLES = 16  # pieces of a cell at whose ends its polynomials are evaluated in floats


class Peak(NamedTuple):
    """About how high the norm is in a cell, how far off that may be, where, and how far away the next places are."""

    height: float
    off_by: float
    place: float
    spacing: float
    cell: tuple[float, float]


@dataclass
class Covered:
    """What a cover found: whether the limit holds everywhere, a place where it does not, how many cells, and peaks."""

    holds: bool = True
    broken_at: float | None = None
    cells: int = 0
    peaks: list[Peak] = field(default_factory=list)


def norm_at(network: Network, norm: str, place: arb) -> arb:
    """A ball that holds the norm of the difference at a point."""
    return at_point(network.difference(place, arb(0), 1)[0], norm)


def cover(network: Network, norm: str, limit: float, budget: int = MOST_CELLS) -> Covered:
    """Try to prove that the norm is at most a limit on [0, 2π]; stop at a point where it is proved to be above."""
    found, end, step = Covered(), 0.0, TURN / FIRST_CELLS
    cells: list[tuple[float, float]] = []
    while cells or end < TURN:
        if not cells:
            cells, end = [(end, min(end + step, TURN))], min(end + step, TURN)
        low, high = cells.pop()
        found.cells += 1
        middle, radius = (arb(low) + arb(high)) / 2, (arb(high) - arb(low)) / 2
        difference, kinks = network.difference(middle.mid(), radius.upper() + middle.rad(), ORDERS)
        if all(below(polynomial, bound) for polynomial, bound in claims(difference, norm, arb(limit))):
            found.peaks.append(peak(difference, norm, (low, high)))
            step = min(max(GROWTH * (high - low), step / 2), TURN / FEWEST_CELLS)
            continue
        if norm_at(network, norm, middle.mid()) > limit:
            found.holds, found.broken_at = False, float(middle)
            return found
        if found.cells >= budget or high - low < NARROWEST:
            found.holds = False
            return found
        cells += reversed(parts(low, high, kinks))
    return found


def below(polynomial: arb_poly, bound: arb) -> bool:
    """Whether a polynomial is proved to be at most a number on [-1, 1]."""
    if not (bound.is_finite() and bound > 0):
        return False
    pieces, left = [(arb(0), arb(1))], PIECES
    while pieces:
        middle, half = pieces.pop()
        first, *others = polynomial(arb_poly([middle, half])).coeffs() or [arb(0)]
        if first + sum(map(abs, others), arb(0)) <= bound:
            continue
        left -= 1
        if not first <= bound or left == 0:
            return False
        pieces += [(middle - half / 2, half / 2), (middle + half / 2, half / 2)]
    return True


def peak(difference: Taylor, norm: str, cell: tuple[float, float]) -> Peak:
    """The highest place of a cell, by its polynomials in floats; no proof makes use of it."""
    low, high = cell
    found = heights(difference, norm, [2 * i / SAMPLES - 1 for i in range(SAMPLES + 1)])
    best = max(range(SAMPLES + 1), key=found.__getitem__)
    place = low + (high - low) * best / SAMPLES
    return Peak(found[best], float(of_rest(difference, norm)), place, (high - low) / SAMPLES, cell)


def parts(low: float, high: float, kinks: list[Kink]) -> list[tuple[float, float]]:
    """The parts of a cell: halves, or three with a sliver around the kink that costs most."""
    middle, radius = (low + high) / 2, (high - low) / 2
    if kinks:
        worst = max(kinks, key=lambda kink: kink.cost)
        half = max(SLIVER, worst.accuracy)
        ends = [middle + radius * (worst.place - half), middle + radius * (worst.place + half)]
        if half < 0.1 and low < ends[0] < ends[1] < high:
            return [(low, ends[0]), (ends[0], ends[1]), (ends[1], high)]
    return [(low, middle), (middle, high)]
