"""Powers, roots and logarithms, whose derivatives have a singularity at 0.

Where all values are well above 0 they are analytic functions like any other. Close to 0 a power lies between two
parallel lines, which hold up to 0 itself where values below 0 are known not to occur (`ChebyshevModel.least`).
"""

import torch
from torch import Tensor

from varexp.enclosure import libm
from varexp.enclosure.kinks import range_of
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.nonlinear import ElementaryFunction, at_least, between_lines, compose
from varexp.enclosure.products import multiply
from varexp.enclosure.rounding import SMALLEST, TINY, UNIT, gamma

PARTS = ("polynomial", "generators", "remainder", "magnitude")


def _if_positive(x: Tensor) -> Tensor:
    return torch.where(x > 0, x, torch.nan)


def _log_variation(c: Tensor, U: Tensor, H: Tensor) -> Tensor:
    """|log z − log c| <= U/(c − U) on the disc."""
    return U / _if_positive((c - U) * (1 - 8 * UNIT)) * (1 + gamma(16))


LOG = ElementaryFunction(
    lambda x: libm.log(_if_positive(x)),
    lambda x, y: libm.LOG_ERROR * (1 + y),
    lambda low, high: (1 / high * (1 - gamma(16)), 1 / _if_positive(low) * (1 + gamma(16))),
    _log_variation,
    lambda c, D: (c.abs() + D) / 2,
    on_disc=True,
)


def log(x: ChebyshevModel) -> ChebyshevModel:
    """log x where all values are above 0; elsewhere an infinite bound."""
    return compose(x, LOG)


def power_function(exponent: float) -> ElementaryFunction:
    """x^exponent for x > 0. Where x may be 0 or below, all bounds are nan, which ends as an infinite bound."""
    a, error_of_power = exponent, libm.power_error(exponent) + gamma(64)

    def slope_range(low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
        ends = [a * libm.power(end, a) / end for end in (_if_positive(low), high)]
        error = error_of_power * torch.maximum(ends[0].abs(), ends[1].abs())
        return torch.minimum(*ends) - error, torch.maximum(*ends) + error

    def complex_variation(c: Tensor, U: Tensor, H: Tensor) -> Tensor:
        """U·|a|·|z|^{a−1} at the end of the disc where that is largest, in an order that does not underflow."""
        near = _if_positive((c - U) * (1 - 8 * UNIT))
        far = c + U + 0 * near if a > 1 else near
        return U / far * (abs(a) * (libm.power(far, a) + libm.SMALLEST_EXP)) * (1 + error_of_power)

    return ElementaryFunction(
        lambda x: libm.power(x, a),
        lambda x, y: error_of_power * y + libm.SMALLEST_EXP,
        slope_range,
        complex_variation,
        lambda c, D: (c.abs() + D) / 2,
        on_disc=True,
    )


def power(x: ChebyshevModel, exponent: float) -> ChebyshevModel:
    """x^exponent where no value is below 0; where a value may be close to 0, between two parallel lines."""
    return at_least(_sharper(compose(x, power_function(exponent)), _power_between_lines(x, exponent)), 0.0)


def _power_between_lines(x: ChebyshevModel, a: float) -> ChebyshevModel:
    """x^a between a chord's line and a tangent's: x^a is concave for 0 < a < 1 and else convex on [low, high].

    For any slope s, f(v) − s·v has one of its extremes at an end; the other is bounded by the tangent at any w, which
    lies above a concave function and below a convex one. `least` says which values below 0 do not occur.
    """
    low, high = range_of(x)
    low = low if x.least is None else torch.maximum(low, x.least)
    low = torch.where((low > 0) | ((low == 0) & (a > 0)), low, torch.nan)
    ends = [_power_from_zero(end, a) for end in (low, high)]
    slope = (ends[1] - ends[0]) / (high - low)
    slope = torch.where(slope.isfinite(), slope, 0.0)
    w = torch.minimum(torch.maximum(libm.power((slope / a).abs(), 1 / (a - 1)), low), high)
    w = torch.where(w > 0, w, high)
    at = libm.power(w, a)
    tangent = a * at / w
    chords = [f - slope * v for f, v in zip(ends, (low, high), strict=True)]
    rest = [at * (1 - a) + (tangent - slope) * v for v in (low, high)]
    below, above = (chords, rest) if 0 < a < 1 else (rest, chords)
    sizes = at * (1 + abs(a)) + ends[0] + ends[1] + (slope.abs() + tangent.abs()) * high
    error = (libm.power_error(a) + gamma(128)) * sizes + TINY + 16 * SMALLEST * high  # slopes can underflow
    return between_lines(x, slope, torch.minimum(*below) - error, torch.maximum(*above) + error)


def _power_from_zero(x: Tensor, a: float) -> Tensor:
    """x^a for x >= 0; nan where that is not a number."""
    return torch.where((x == 0) & (a > 0), 0.0, libm.power(x, a))


def _sharper(a: ChebyshevModel, b: ChebyshevModel) -> ChebyshevModel:
    """Entry by entry the model with the smaller uncertainty; both enclose the same values over the same symbols."""
    better = ~(a.uncertainty() <= b.uncertainty()) & b.remainder.isfinite()
    if not bool(better.any()):
        return a
    P, G, R, M = (torch.where(better, getattr(b, name), getattr(a, name)) for name in PARTS)
    return ChebyshevModel(a.ring, P, G, R, M, a.symbols)


def sqrt(x: ChebyshevModel) -> ChebyshevModel:
    return power(x, 0.5)


def rsqrt(x: ChebyshevModel) -> ChebyshevModel:
    return power(x, -0.5)


def _inverse_slopes(low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    near, far = torch.maximum(low, -high), torch.maximum(low.abs(), high.abs())
    near = torch.where(near > 0, near, torch.nan)
    return -(1 / near) / near * (1 + gamma(16)), -(1 / far) / far * (1 - gamma(16))


def _inverse_variation(c: Tensor, U: Tensor, H: Tensor) -> Tensor:
    """U/(|c|(|c| − U)), divided one after the other: the product can overflow."""
    away = (c.abs() - U) * (1 - 8 * UNIT)
    return U / c.abs() / torch.where(away > 0, away, torch.nan) * (1 + gamma(16))


INVERSE = ElementaryFunction(
    torch.reciprocal,
    lambda x, y: gamma(4) * y,
    _inverse_slopes,
    _inverse_variation,
    lambda c, D: (c.abs() + D) / 2,
    on_disc=True,
)


def inverse(x: ChebyshevModel) -> ChebyshevModel:
    """1/x where no value of x is 0; elsewhere an infinite bound."""
    return compose(x, INVERSE)


def square(x: ChebyshevModel) -> ChebyshevModel:
    return at_least(multiply(x, x), 0.0)
