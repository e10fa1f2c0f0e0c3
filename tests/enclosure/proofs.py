"""Numbers that run through the code of `libm` and prove what it loses.

A `Rounded` stands for a set of numbers of float64: a ball that holds what exact arithmetic gives for them, and a bound
of how far the computed numbers are from that. Every operation rounds once, which costs UNIT relative to the result, or
SMALLEST. An operation that fuses a product and a sum rounds once less.
An `Exact` is a power series in one variable: the same code in exact arithmetic, with its derivatives.
"""

import math

import torch
from flint import arb, arb_series

from varexp.audit.functions import series_of
from varexp.enclosure.rounding import SMALLEST, UNIT


class _Number:
    """The methods of tensors that change them, as operations that return new numbers."""

    def add_(self, other):
        return self + other

    def mul_(self, other):
        return self * other

    def div_(self, other):
        return self / other

    def addcmul_(self, one, other):
        return self + one * other

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        """torch.add(constant, number, alpha=factor), which is the only function that the code calls."""
        constant, number = args
        assert function is torch.add
        return number * kwargs["alpha"] + float(constant)


class Rounded(_Number):
    def __init__(self, value, error=0):
        self.value, self.error = arb(value), arb(error)

    @staticmethod
    def of(x):
        return x if isinstance(x, Rounded) else Rounded(x)

    def rounded(self):
        size = (abs(self.value) + self.error).abs_upper()
        return Rounded(self.value, (self.error + size * UNIT + SMALLEST).abs_upper())

    def __add__(self, other):
        other = Rounded.of(other)
        return Rounded(self.value + other.value, self.error + other.error).rounded()

    def __mul__(self, other):
        other = Rounded.of(other)
        error = abs(self.value) * other.error + abs(other.value) * self.error + self.error * other.error
        return Rounded(self.value * other.value, error).rounded()

    def __sub__(self, other):
        other = Rounded.of(other)
        return self + Rounded(-other.value, other.error)

    def __truediv__(self, other):
        """|a'/b' − a/b| <= (|a' − a| + |a/b||b' − b|)/|b'|."""
        other = Rounded.of(other)
        quotient = self.value / other.value
        nearest = arb(abs(other.value).abs_lower()) - other.error
        return Rounded(quotient, (self.error + abs(quotient) * other.error) / nearest).rounded()

    __radd__, __rmul__ = __add__, __mul__

    def __rtruediv__(self, other):
        return Rounded.of(other) / self

    def off(self, exact_error=0):
        """A bound of |computed − exact| for a formula that is off by exact_error."""
        return (self.error + exact_error).abs_upper()


class Exact(_Number):
    def __init__(self, series):
        self.series = series

    @staticmethod
    def series_of(x):
        return x.series if isinstance(x, Exact) else x

    def __add__(self, other):
        return Exact(self.series + Exact.series_of(other))

    def __mul__(self, other):
        return Exact(self.series * Exact.series_of(other))

    def __sub__(self, other):
        return Exact(self.series - Exact.series_of(other))

    def __truediv__(self, other):
        return Exact(self.series / Exact.series_of(other))

    __radd__, __rmul__ = __add__, __mul__


def formula_error(formula, exact, middle, radius, order, pieces=1):
    """A bound of |formula − exact| on middle ± radius, by Taylor expansions of that order on so many pieces.

    Args:
        formula: from an `Exact` to an `Exact`.
        exact: from an arb_series to an arb_series.
    """
    worst, half = arb(0), arb(radius) / pieces
    for i in range(pieces):
        centre = arb(middle) - radius + half * (2 * i + 1)

        def difference(x):
            with series_of(order + 1):
                series = formula(Exact(arb_series([x, 1]))).series - exact(arb_series([x, 1]))
            assert series.prec == order + 1  # none of the coefficients below is a 0 that was cut off
            return series

        at_centre, anywhere = difference(centre), difference(centre + arb(0, 1) * half)
        total = sum((abs(at_centre[n]) * half**n for n in range(order)), arb(0)) + abs(anywhere[order]) * half**order
        worst = worst.max(total)
    return worst.abs_upper()


def largest_argument(step, largest_place):
    """How far an argument is from its nearest multiple of `step`, where multiples are at most `largest_place`.

    The place is the nearest whole number to x/step, computed with two roundings that are relative to it.
    """
    return arb(step) * (arb(0.5) + largest_place * 4 * UNIT)


def argument_error(step, split, largest_place):
    """A bound of the rounding of (x − k·high) − k·low with split = (high, low) and |k| <= largest_place.

    k·high is exact, and the difference is relative to what remains; k·low is rounded, and so is the second difference.
    """
    high, low = split
    assert int(largest_place) * _significant(high) < 2**53
    remains = largest_argument(step, largest_place) + 2 * largest_place * abs(low)
    return (remains * 3 * UNIT + largest_place * abs(arb(high) + low - step)).abs_upper()


def _significant(number):
    """The whole number that `number` is without its factors of 2."""
    mantissa, _ = math.frexp(number)
    whole = int(mantissa * 2**53)
    return whole // (whole & -whole)
