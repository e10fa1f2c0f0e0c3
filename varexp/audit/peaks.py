"""The lower end: a point at which the norm is proved to be at least what is claimed."""

from collections.abc import Callable, Sequence
from itertools import chain

from flint import arb

from varexp.audit.cover import SAMPLES, Peak, norm_at
from varexp.audit.network import Network

STEPS = 110  # of golden section: a bracket of a cell's width shrinks to 1e-23 of it
TRIED = 3  # peaks
SAMPLED = 40  # cells
GOLDEN = (arb(5).sqrt() - 1) / 2


def reached(network: Network, norm: str, claimed: float, places: Sequence[float], peaks: Sequence[Peak]) -> arb | None:
    """A place where the norm is at least `claimed`: one of `places`, or found from peaks. None without one."""

    def value(place: arb) -> arb:
        return norm_at(network, norm, place)

    for place in places:
        if value(arb(place)) >= claimed:
            return arb(place)
    known = sorted(peaks, key=lambda peak: -peak.height)[:TRIED]
    high = sorted((p for p in peaks if 1.001 * (p.height + p.off_by) >= claimed), key=lambda p: -p.height)[:SAMPLED]
    for peak in chain(known, (sampled(value, peak) for peak in high)):
        if (found := climb(value, peak, claimed)) is not None:
            return found
    return None


def sampled(value: Callable[[arb], arb], peak: Peak) -> Peak:
    """The highest of evenly spaced places of a cell whose polynomials are not accurate enough to tell."""
    low, high = peak.cell
    places = [low + (high - low) * i / SAMPLES for i in range(SAMPLES + 1)]
    return peak._replace(place=max(places, key=lambda place: float(value(arb(place)))))


def climb(value: Callable[[arb], arb], peak: Peak, claimed: float) -> arb | None:
    """Golden section around a peak, up to a point whose value is proved to be at least `claimed`."""
    low, high = arb(peak.place) - peak.spacing, arb(peak.place) + peak.spacing
    left, right = _inside(low, high)
    at_left, at_right = value(left), value(right)
    for step in range(STEPS):
        for place, found in ((left, at_left), (right, at_right)):
            if found >= claimed:
                return place
        best, change = max(at_left.mid(), at_right.mid()), abs(at_left.mid() - at_right.mid())
        if step > 20 and claimed - best > 100 * change:
            return None  # out of reach
        if at_left.mid() > at_right.mid():
            high, right, at_right = right, left, at_left
            left = _inside(low, high)[0]
            at_left = value(left)
        else:
            low, left, at_left = left, right, at_right
            right = _inside(low, high)[1]
            at_right = value(right)
    return None


def _inside(low: arb, high: arb) -> tuple[arb, arb]:
    """The two points of golden section, as exact numbers."""
    width = GOLDEN * (high - low)
    return (high - width).mid(), (low + width).mid()
