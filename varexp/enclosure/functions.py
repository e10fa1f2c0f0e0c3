"""The elementary functions: the bounds that are known of each, and its rule.

PyTorch's elementary functions are not correctly rounded, and no bound of their errors is published. The rules allow for
an error of ULPS units of 2^-53, relative to the value (exp) or absolutely (sin, cos, tanh, erf, which are at most 1).
This allowance is not proved: the tests measure at most half of it at points over the whole range.
"""

import math

import torch
from torch import Tensor

from varexp.enclosure.combining import add_all
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.nonlinear import ElementaryFunction, Values, between_parallel_lines, clip_to_range, compose
from varexp.enclosure.products import multiply
from varexp.enclosure.rounding import TINY, UNIT, gamma

ULPS = 8
UP = 1 + 64 * UNIT


def _absolute_error(x: Tensor, y: Tensor) -> Tensor:
    return torch.full_like(y, ULPS * UNIT)


def _interval(middle: Tensor, radius: Tensor, least: float, most: float) -> tuple[Tensor, Tensor]:
    """[middle − radius, middle + radius], rounded outwards, within [least, most]."""
    radius = radius * UP + 64 * UNIT
    return (middle - radius).clamp(least, most), (middle + radius).clamp(least, most)


def _trigonometric(value: Values, slope: Values) -> ElementaryFunction:
    """sin or cos: |f''| <= 1 on the real line, and |f| <= cosh H, |f'| <= cosh H where |Im z| <= H."""

    def slope_range(low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
        return _interval(slope((low + high) / 2), (high - low) / 2, -1.0, 1.0)

    def complex_variation(c: Tensor, U: Tensor, H: Tensor) -> Tensor:
        return torch.minimum(U, 1 + 1 / H.cosh()) * H.cosh() * UP

    return ElementaryFunction(
        value, _absolute_error, slope_range, complex_variation, lambda c, D: torch.full_like(D, 2.0)
    )


SIN = _trigonometric(torch.sin, torch.cos)
COS = _trigonometric(torch.cos, lambda x: -torch.sin(x))


def sin(x: ChebyshevModel) -> ChebyshevModel:
    return clip_to_range(compose(x, SIN), -1.0, 1.0)


def cos(x: ChebyshevModel) -> ChebyshevModel:
    return clip_to_range(compose(x, COS), -1.0, 1.0)


def _tanh_slopes(low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    """tanh' = 1 − tanh² falls with |x|."""
    far, near = torch.maximum(low.abs(), high.abs()), torch.maximum(low, -high).clamp_min(0)
    least, most = (1 - torch.tanh(x).square() for x in (far, near))
    return (least - 64 * UNIT).clamp_min(0), (most + 64 * UNIT).clamp_max(1)


def _tanh_variation(c: Tensor, U: Tensor, H: Tensor) -> Tensor:
    """|tanh(x + iy)| <= max(1, tan|y|) and |tanh'| <= 1/cos² y for |y| < π/2."""
    H = torch.where(H < 1.57, H, torch.nan)
    return torch.minimum(U / H.cos().square(), 1 + H.tan().clamp_min(1)) * UP


def _tanh(x: Tensor) -> Tensor:
    """tanh x = 1 − 2/(e^{2x} + 1). Its error keeps to the same allowance as torch.tanh, in two thirds of the time."""
    return x.mul(2).exp_().add_(1).reciprocal_().mul_(-2).add_(1)


TANH = ElementaryFunction(_tanh, _absolute_error, _tanh_slopes, _tanh_variation, lambda c, D: torch.full_like(D, 1.2))


def tanh(x: ChebyshevModel) -> ChebyshevModel:
    return clip_to_range(compose(x, TANH), -1.0, 1.0)


def _gelu_slopes(low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    """f' = Φ + xφ at the middle, and |f''| <= 0.798."""
    c = (low + high) / 2
    density = torch.exp(-c * c / 2) / math.sqrt(2 * math.pi)
    return _interval((1 + torch.erf(c / math.sqrt(2))) / 2 + c * density, 0.798 * (high - low) / 2, -0.13, 1.13)


def _gelu_variation(c: Tensor, U: Tensor, H: Tensor) -> Tensor:
    """|f'| = |Φ + zφ| <= 1 + 0.399 H e^{H²/2} + (0.242 + 0.399 H) e^{H²/2}."""
    return U * (1 + (0.242 + 0.798 * H) * (H * H / 2).exp()) * UP


GELU = ElementaryFunction(
    torch.nn.functional.gelu,
    lambda x, y: (ULPS + 8) * UNIT * (1 + x),
    _gelu_slopes,
    _gelu_variation,
    lambda c, D: torch.full_like(D, 2.0),
)


def gelu(x: ChebyshevModel) -> ChebyshevModel:
    """x·Φ(x), the exact form."""
    return compose(x, GELU)


EXP = ElementaryFunction(
    torch.exp,
    lambda x, y: (ULPS + 4) * UNIT * y,
    lambda low, high: (low.exp() * (1 - 2 * ULPS * UNIT), high.exp() * (1 + 2 * ULPS * UNIT)),
    lambda c, U, H: U * torch.exp(c + U) * (UP + 4 * UNIT * (c.abs() + U)),
    lambda c, D: D + 4.0,
    on_disc=True,
)


def exp(x: ChebyshevModel) -> ChebyshevModel:
    return compose(x, EXP)


def power_function(exponent: float) -> ElementaryFunction:
    """x^exponent for x > 0. Where x may be 0 or below, all bounds are nan, which ends as an infinite bound."""
    a = exponent

    def if_positive(x: Tensor) -> Tensor:
        return torch.where(x > 0, x, torch.nan)

    def slope_range(low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
        ends = [a * end ** (a - 1) for end in (if_positive(low), high)]
        error = gamma(32) * torch.maximum(ends[0].abs(), ends[1].abs())
        return torch.minimum(*ends) - error, torch.maximum(*ends) + error

    def complex_variation(c: Tensor, U: Tensor, H: Tensor) -> Tensor:  # |f'| = |a| |z|^{a−1}
        near = if_positive((c - U) * (1 - 8 * UNIT))
        far = c + U + 0 * near if a > 1 else near
        return U * abs(a) * far ** (a - 1) * (1 + gamma(64))

    return ElementaryFunction(
        lambda x: if_positive(x) ** a,
        lambda x, y: gamma(32) * y,
        slope_range,
        complex_variation,
        lambda c, D: (c.abs() + D) / 2,
        on_disc=True,
    )


def power(x: ChebyshevModel, exponent: float) -> ChebyshevModel:
    return compose(x, power_function(exponent))


def sqrt(x: ChebyshevModel) -> ChebyshevModel:
    return power(x, 0.5)


def rsqrt(x: ChebyshevModel) -> ChebyshevModel:
    return power(x, -0.5)


def _inverse_slopes(low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    near, far = torch.maximum(low, -high), torch.maximum(low.abs(), high.abs())
    near = torch.where(near > 0, near, torch.nan)
    return -1 / near.square() * (1 + gamma(16)), -1 / far.square() * (1 - gamma(16))


def _inverse_variation(c: Tensor, U: Tensor, H: Tensor) -> Tensor:
    away = (c.abs() - U) * (1 - 8 * UNIT)
    return U / (c.abs() * torch.where(away > 0, away, torch.nan)) * (1 + gamma(16))


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
    return multiply(x, x)


def relu(x: ChebyshevModel) -> ChebyshevModel:
    """max(x, 0): linear where x has one sign; elsewhere between its chord and the parallel line through 0."""
    low, high = _range(x)
    chord = high / (high - low)
    slope = torch.where(low >= 0, 1.0, torch.where(high <= 0, 0.0, chord))
    half = torch.where((low >= 0) | (high <= 0), 0.0, torch.maximum(high * (1 - slope), -slope * low) / 2)
    return between_parallel_lines(x, slope, half * (1 + 8 * UNIT))


def absolute(x: ChebyshevModel) -> ChebyshevModel:
    """|x|, in the same way: for a slope in [-1, 1], |x| − slope·x is between 0 and its larger value at the two ends."""
    low, high = _range(x)
    chord = (high + low) / (high - low)
    slope = torch.where(low >= 0, 1.0, torch.where(high <= 0, -1.0, chord))
    half = torch.where((low >= 0) | (high <= 0), 0.0, torch.maximum(high * (1 - slope), -low * (1 + slope)) / 2)
    return between_parallel_lines(x, slope, half * (1 + 8 * UNIT))


def _range(x: ChebyshevModel) -> tuple[Tensor, Tensor]:
    """An interval that holds every value of x."""
    centre, D = x.polynomial[0], x.deviation(x.uncertainty())
    D = D * (1 + 8 * UNIT) + 4 * UNIT * centre.abs() + TINY * (D > 0)
    return centre - D, centre + D


def minimum(a: ChebyshevModel, b: ChebyshevModel) -> ChebyshevModel:
    """min(a, b) = a − relu(a − b)."""
    return add_all([a, relu(add_all([a, b.negate()])).negate()])


def maximum(a: ChebyshevModel, b: ChebyshevModel) -> ChebyshevModel:
    """max(a, b) = a + relu(b − a)."""
    return add_all([a, relu(add_all([b, a.negate()]))])
