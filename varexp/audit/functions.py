"""exp, sin, tanh and quotients of Taylor models, entry by entry.

The orders of exp and sin that are cut off are bounded by a majorant: the series of exp in the largest coefficients, at
u = 1, less the part that is kept. A quotient is bounded by what it leaves: p/s − q = (p − q·s)/s. The ball of an
argument is passed on by a bound of the derivative.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from flint import arb, arb_mat, arb_series, ctx

from varexp.audit.taylor import Taylor, matrix_of

Entry = tuple[list[arb], arb]


@contextmanager
def series_of(n: int) -> Iterator[None]:
    """Inside, flint keeps n coefficients of every series; what it kept before comes back at the end."""
    before, ctx.cap = ctx.cap, n
    try:
        yield
    finally:
        ctx.cap = before


def padded(series: arb_series, n: int) -> list[arb]:
    """The n coefficients of a series."""
    found = series.coeffs()
    return found + [arb(0)] * (n - len(found))


def ball(bound: arb) -> arb:
    """The ball around 0 of a radius that is at least |bound|."""
    return arb(0, bound.abs_upper())


def flat(value: arb, n: int) -> Entry:
    """An entry known by a ball of its values alone."""
    return [value.mid(), *[arb(0)] * (n - 1)], value - value.mid()


def largest(x: Taylor) -> list[arb]:
    """For every order from 1 up a bound of the coefficients of all entries."""
    return [max(c.abs_upper() for c in order.entries()) for order in x.orders[1:]]


def beyond(sizes: Sequence[arb]) -> arb:
    """The orders that are cut off of exp(Σ_k sizes[k−1]·u^k), at u = 1."""
    kept = arb_series([arb(0), *sizes]).exp()
    return sum(sizes, arb(0)).exp() - sum(kept.coeffs(), arb(0))


def exponential(x: Taylor) -> Taylor:
    """exp, its own majorant. exp(p + ρ) − exp(p) = exp(p)(exp(ρ) − 1)."""
    n, sizes = len(x.orders), largest(x)
    lost, top = beyond(sizes).abs_upper(), sum(sizes, arb(0)).exp()

    def change(coefficients: list[arb], rest: arb) -> Entry:
        left = coefficients[0].exp() * (lost + top * rest.abs_upper().expm1())
        return padded(arb_series(coefficients).exp(), n), ball(left)

    return x.entrywise(change)


def sine(x: Taylor) -> Taylor:
    """sin: every derivative is at most 1, so that exp is a majorant."""
    lost = ball(beyond(largest(x)))
    return x.entrywise(lambda c, rest: (padded(arb_series(c).sin(), len(c)), lost + ball(rest)))


class Divisor(NamedTuple):
    """An entry that is divided by: its coefficients, its ball, its lower end, and what `Taylor.tails` has of it."""

    coefficients: list[arb]
    rest: arb
    low: arb
    tails: Sequence[arb]


def divisors(x: Taylor, lows: Sequence[arb]) -> list[Divisor]:
    """The entries of a matrix as divisors."""
    tails = zip(*(tail.entries() for tail in x.tails()), strict=True)
    return [Divisor(*entry, low, bounds) for entry, low, bounds in zip(x.columns(), lows, tails, strict=True)]


def quotient(entry: Entry, by: Divisor) -> Entry:
    """An entry divided: (p + ρ)/(s + σ) − q = (p − q·s + ρ − q·σ)/(s + σ).

    p − q·s has no orders but those that are cut off, of which q·s has some and p none.
    """
    (p, rest), n = entry, len(entry[0])
    q = padded(arb_series(p) / arb_series(by.coefficients), n)
    missed = rest + by.rest * sum(map(abs, q), arb(0))
    for i in range(1, n):
        missed += q[i] * by.tails[n - i - 1]
    return q, ball(missed / by.low)


def softmax(x: Taylor) -> Taylor:
    """Of every row. A number that the row is lowered by changes nothing but the size of numbers."""
    n, columns = len(x.orders), x.rest.ncols()
    tops = [max(line, key=float).mid() for line in x.orders[0].tolist()]
    lowered = x.shifted(arb_mat([[-top] * columns for top in tops]))
    powers, ones = exponential(lowered), arb_mat([[1]] * columns)
    lows = [sum((reached.lower().exp() for reached in line), arb(0)) for line in lowered.reach().tolist()]
    sums = divisors(powers.times(ones), [low.lower() for low in lows])
    found = [quotient(entry, sums[i // columns]) for i, entry in enumerate(powers.columns())]
    half = arb(0.5, 0.5)
    bounded = [(share, left) if left.abs_upper() <= 0.5 else flat(half, n) for share, left in found]
    return matrix_of(bounded, x.rest.nrows(), columns)


def tangent(x: Taylor) -> Taylor:
    """±tanh x = 1 − 2/(1 + exp(±2x)), with the sign for which exp is small. Its slope is 1 − tanh².

    Where that is no better than the range of tanh, the range is taken.
    """
    n, (rows, columns) = len(x.orders), (x.rest.nrows(), x.rest.ncols())
    signs = [-1 if c > 0 else 1 for c in x.orders[0].entries()]
    turned = [
        (entry if sign > 0 else [-c for c in entry], arb(0))
        for sign, (entry, _) in zip(signs, x.columns(), strict=True)
    ]
    powers = exponential(matrix_of(turned, rows, columns).scaled(arb(2))).shifted(arb_mat([[1] * columns] * rows))
    two, found = ([arb(2), *[arb(0)] * (n - 1)], arb(0)), []
    shares = divisors(powers, [arb(1)] * rows * columns)
    for sign, by, reached, rest in zip(signs, shares, x.reach().entries(), x.rest.entries(), strict=True):
        values = reached.lower().tanh().union(reached.upper().tanh())
        share, left = quotient(two, by)
        if left.abs_upper() <= values.rad():
            series = [sign * (1 - share[0]), *(-sign * c for c in share[1:])]
            found.append((series, left + ball(1 - values**2) * rest))
        else:
            found.append(flat(values, n))
    return matrix_of(found, rows, columns)
