"""|x|, max(x, 0) and min of entries of Taylor models. Where an argument changes its sign, a line and a ball hold |x|.

A cell on which that ball is too wide is best cut where the argument vanishes: such places are collected as `Kink`s.
"""

from collections.abc import Sequence
from typing import NamedTuple

from flint import arb

from varexp.audit.functions import Entry, ball
from varexp.audit.taylor import Taylor, matrix_of


class Kink(NamedTuple):
    """Where in [-1, 1] an argument vanishes, to what accuracy, and how wide a ball it costs."""

    place: float
    accuracy: float
    cost: float


def spread(coefficients: Sequence[arb]) -> arb:
    """A bound of |Σ_{k >= 1} c_k u^k|."""
    return sum((abs(c) for c in coefficients[1:]), arb(0))


def hull(coefficients: Sequence[arb], rest: arb) -> arb:
    """A ball that holds all values of an entry."""
    return coefficients[0] + ball(spread(coefficients)) + rest


def ends(coefficients: Sequence[arb], rest: arb) -> tuple[arb, arb]:
    """The lower and the upper end of an entry's values. Where the polynomial is monotone they are its values at ±1."""
    slopes = sum((k * abs(c) for k, c in enumerate(coefficients[2:], start=2)), arb(0))
    if len(coefficients) > 1 and abs(coefficients[1]) > slopes:
        sides = [value(coefficients, arb(-1)), value(coefficients, arb(1))]
        both = [side + rest for side in (sides if coefficients[1] > 0 else sides[::-1])]
        return both[0].lower(), both[1].upper()
    values = hull(coefficients, rest)
    return values.lower(), values.upper()


def value(coefficients: Sequence[arb], u: arb) -> arb:
    """The polynomial at u, by Horner's rule."""
    found = arb(0)
    for c in reversed(coefficients):
        found = found * u + c
    return found


def absolute(coefficients: list[arb], rest: arb, kinks: list[Kink]) -> Entry:
    """|x|. For x in [a, b] with a < 0 < b it is within [0, max(|a| − σa, |b| − σb)] of σx, for every |σ| <= 1."""
    values = hull(coefficients, rest)
    if values > 0:
        return coefficients, rest
    if values < 0:
        return [-c for c in coefficients], -rest
    low, high = ends(coefficients, rest)
    if low >= 0:
        return coefficients, rest
    if high <= 0:
        return [-c for c in coefficients], -rest
    slope = ((low + high) / (high - low)).mid()
    slope = slope if abs(slope) <= 1 else slope.sgn()
    above = max_of(-low - slope * low, high - slope * high)
    kinks.append(kink(coefficients, rest, float(above)))
    middle = (above / 2).mid()
    changed = [slope * c for c in coefficients]
    return [changed[0] + middle, *changed[1:]], slope * rest + ball(max_of(middle, above - middle))


def max_of(a: arb, b: arb) -> arb:
    """An upper bound of two numbers."""
    return max(a.upper(), b.upper())


def kink(coefficients: Sequence[arb], rest: arb, cost: float) -> Kink:
    """The place where an entry vanishes, by bisection in floats: a hint, of which no proof makes use."""
    numbers = [float(c) for c in coefficients]

    def at(u: float) -> float:
        found = 0.0
        for c in reversed(numbers):
            found = found * u + c
        return found

    low, high = -1.0, 1.0
    if at(low) * at(high) > 0:
        return Kink(0.0, 1.0, cost)
    rising = at(high) > 0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if (at(middle) > 0) == rising else (middle, high)
    slope = abs(at(min(low + 1e-4, 1.0)) - at(low - 1e-4)) / 2e-4
    return Kink(low, min(1.0, 2 * float(rest.abs_upper()) / slope) if slope else 1.0, cost)


def rectified(coefficients: list[arb], rest: arb, kinks: list[Kink]) -> Entry:
    """max(x, 0) = (x + |x|)/2."""
    sizes, ball_of_size = absolute(coefficients, rest, kinks)
    if sizes is coefficients:
        return coefficients, rest
    return [(a + b) / 2 for a, b in zip(coefficients, sizes, strict=True)], (rest + ball_of_size) / 2


def smaller(a: Entry, b: Entry, kinks: list[Kink]) -> Entry:
    """min(x, y) = (x + y − |x − y|)/2."""
    difference, rest = [x - y for x, y in zip(a[0], b[0], strict=True)], a[1] - b[1]
    low, high = ends(difference, rest)
    if high <= 0:
        return a
    if low >= 0:
        return b
    sizes, ball_of_size = absolute(difference, rest, kinks)
    found = [(x + y - s) / 2 for x, y, s in zip(a[0], b[0], sizes, strict=True)]
    return found, (a[1] + b[1] - ball_of_size) / 2


def smallest(entries: Sequence[Entry], kinks: list[Kink]) -> Entry:
    """min over several entries. Those that are above another one everywhere are left out."""
    uppers = [ends(*entry)[1] for entry in entries]
    least = min(uppers)
    near = [entry for entry in entries if not entry[0][0] - ball(spread(entry[0])) + entry[1] > least]
    found = near[0]
    for entry in near[1:]:
        found = smaller(found, entry, kinks)
    return found


def absolute_matrix(x: Taylor, kinks: list[Kink]) -> Taylor:
    """|X|, entry by entry."""
    return x.entrywise(lambda coefficients, rest: absolute(coefficients, rest, kinks))


def smallest_matrix(matrices: Sequence[Taylor], kinks: list[Kink]) -> Taylor:
    """The smallest of several matrices, entry by entry."""
    entries = zip(*(x.columns() for x in matrices), strict=True)
    first = matrices[0].rest
    return matrix_of([smallest(list(found), kinks) for found in entries], first.nrows(), first.ncols())
