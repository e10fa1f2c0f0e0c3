"""Functions of one entry of a Taylor model, each from coefficients and a ball to coefficients and a ball.

The coefficients that are cut off are bounded by a majorant: a series whose coefficients are at least as large, evaluated
at u = 1, less the part that is kept. The ball of the argument is passed on by a bound of the derivative.
"""

from collections.abc import Sequence

from flint import arb, arb_series

Entry = tuple[list[arb], arb]


def padded(series: arb_series, n: int) -> list[arb]:
    """The n coefficients of a series."""
    found = series.coeffs()
    return found + [arb(0)] * (n - len(found))


def ball(bound: arb) -> arb:
    """The ball around 0 of a radius that is at least |bound|."""
    return arb(0, bound.abs_upper())


def spread(coefficients: Sequence[arb]) -> arb:
    """A bound of |Σ_{k >= 1} c_k u^k|."""
    return sum((abs(c) for c in coefficients[1:]), arb(0))


def hull(coefficients: Sequence[arb], rest: arb) -> arb:
    """A ball that holds all values of an entry."""
    return coefficients[0] + ball(spread(coefficients)) + rest


def flat(value: arb, n: int) -> Entry:
    """An entry known by a ball of its values alone."""
    return [value.mid(), *[arb(0)] * (n - 1)], value - value.mid()


def majorant(coefficients: Sequence[arb]) -> arb_series:
    """The series of the |c_k|, k >= 1."""
    return arb_series([arb(0), *(abs(c) for c in coefficients[1:])])


def beyond(value: arb, kept: arb_series) -> arb:
    """What a majorant has at u = 1 beside the coefficients that are kept."""
    return value - sum(kept.coeffs(), arb(0))


def exponential(coefficients: list[arb], rest: arb) -> Entry:
    """exp: its own majorant. exp(p + ρ) − exp(p) = exp(p)(exp(ρ) − 1)."""
    n, width = len(coefficients), spread(coefficients)
    tail = coefficients[0].exp() * beyond(width.exp(), majorant(coefficients).exp())
    passed = (coefficients[0] + width).exp() * rest.abs_upper().expm1()
    return padded(arb_series(coefficients).exp(), n), ball(tail) + ball(passed)


def sine(coefficients: list[arb], rest: arb) -> Entry:
    """sin: every derivative is at most 1, so that exp is a majorant."""
    tail = beyond(spread(coefficients).exp(), majorant(coefficients).exp())
    return padded(arb_series(coefficients).sin(), len(coefficients)), ball(tail) + ball(rest)


def inverse(coefficients: list[arb], rest: arb) -> Entry:
    """1/w for w that stays away from 0: the geometric series in Σ_{k >= 1} |w_k/w_0| u^k is a majorant."""
    n, first = len(coefficients), coefficients[0]
    ratio = spread(coefficients) / abs(first)
    low = abs(first) - spread(coefficients)
    if not (ratio < arb(0.9) and low > rest.abs_upper()):
        return flat(1 / hull(coefficients, rest), n)
    tail = beyond(1 / (1 - ratio), 1 / (1 - majorant(coefficients) / abs(first))) / first
    passed = rest.abs_upper() / (low * (low - rest.abs_upper()))
    return padded(1 / arb_series(coefficients), n), ball(tail) + ball(passed)


def tangent(coefficients: list[arb], rest: arb) -> Entry:
    """tanh(c + v) − T = (1 − T²)·tanh v/(1 + T tanh v) with T = tanh c; tan v/(1 − |T| tan v) is a majorant."""
    n, width, level = len(coefficients), spread(coefficients), coefficients[0].tanh()
    reached = hull(coefficients, rest)
    values = reached.lower().tanh().union(reached.upper().tanh())
    slope = 1 - values**2
    if not (width < arb(1.5) and abs(level) * width.tan() < arb(0.9)):
        return flat(values, n)
    wave, most = majorant(coefficients).tan(), width.tan()
    tail = (1 - level**2) * beyond(most / (1 - abs(level) * most), wave / (1 - abs(level) * wave))
    series = 1 - 2 / ((2 * arb_series(coefficients)).exp() + 1)
    return padded(series, n), ball(tail) + ball(slope) * rest


def multiplied(a: Entry, b: Entry) -> Entry:
    """The product of two entries."""
    (p, rest_p), (q, rest_q) = a, b
    n = len(p)
    tails, tail = [arb(0)] * n, arb(0)
    for k in range(n - 1, 0, -1):
        tail = tail + abs(q[k])
        tails[k] = tail  # of Σ_{j >= k} |q_j|
    lost = sum((abs(p[i]) * tails[n - i] for i in range(1, n)), arb(0))
    rest = ball(lost) + hull(p, arb(0)) * rest_q + rest_p * hull(q, rest_q)
    return padded(arb_series(p) * arb_series(q), n), rest
