"""The elementary functions: the bounds that are known of each, and its rule.

Values come from `libm`, whose errors are proved: relative to the value for exp, and absolutely for the others.
"""

import math
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from varexp.enclosure import libm
from varexp.enclosure.kinks import range_of
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.nonlinear import ElementaryFunction, Values, at_least, clip_to_range, compose
from varexp.enclosure.rounding import UNIT

UP = 1 + 64 * UNIT  # more than the errors of libm and of a few operations
HALF_PI = math.nextafter(math.pi / 2, 2)


def _absolute_error(error: float) -> Callable[[Tensor, Tensor], Tensor]:
    """An error of values that does not depend on the argument."""
    return lambda x, y: torch.full_like(y, error)


def _trigonometric_error(x: Tensor, y: Tensor) -> Tensor:
    return torch.full_like(y, libm.SIN_ERROR) + 2.0 * ~(x <= libm.SIN_LIMIT)


def _exp_from_above(x: Tensor) -> Tensor:
    return libm.exp(x) * (1 + 2 * libm.EXP_ERROR) + 2 * libm.SMALLEST_EXP


def _exp_from_below(x: Tensor) -> Tensor:
    return libm.exp(x) * (1 - 2 * libm.EXP_ERROR)  # what is below SMALLEST_EXP is 0


def _exp_of_square(x: Tensor, factor: float) -> Tensor:
    """At least e^{factor·x²}: the exponent is rounded twice."""
    exponent = factor * x.square()
    return _exp_from_above(exponent * (1 + 4 * UNIT))


def _interval(middle: Tensor, radius: Tensor, least: float, most: float) -> tuple[Tensor, Tensor]:
    """[middle − radius, middle + radius], rounded outwards, within [least, most]."""
    radius = radius * UP + 64 * UNIT
    return (middle - radius).clamp(least, most), (middle + radius).clamp(least, most)


def _trigonometric(value: Values, slope: Values) -> ElementaryFunction:
    """sin or cos: |f''| <= 1 on the real line, and |f| <= cosh H, |f'| <= cosh H where |Im z| <= H."""

    def slope_range(low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
        c, size = (low + high) / 2, torch.maximum(low.abs(), high.abs())
        reach = (high - low) / 2 + 4 * UNIT * size  # the middle is off by u|c|
        return _interval(slope(c), reach + _trigonometric_error(c.abs(), c), -1.0, 1.0)

    def complex_variation(c: Tensor, U: Tensor, H: Tensor) -> Tensor:
        cosh = libm.cosh(H)
        return torch.minimum(U, 1 + 1 / cosh) * cosh * UP

    return ElementaryFunction(
        value, _trigonometric_error, slope_range, complex_variation, lambda c, D: torch.full_like(D, 2.0)
    )


SIN = _trigonometric(libm.sin, libm.cos)
COS = _trigonometric(libm.cos, lambda x: -libm.sin(x))


def sin(x: ChebyshevModel) -> ChebyshevModel:
    return clip_to_range(compose(x, SIN), -1.0, 1.0)


def cos(x: ChebyshevModel) -> ChebyshevModel:
    return clip_to_range(compose(x, COS), -1.0, 1.0)


def _tanh_slopes(low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    """tanh' = 1 − tanh² falls with |x|."""
    far, near = torch.maximum(low.abs(), high.abs()), torch.maximum(low, -high).clamp_min(0)
    least, most = (1 - libm.tanh(x).square() for x in (far, near))
    return (least - 64 * UNIT).clamp_min(0), (most + 64 * UNIT).clamp_max(1)


def _tanh_variation(c: Tensor, U: Tensor, H: Tensor) -> Tensor:
    """|tanh(x + iy)| <= max(1, tan|y|) and |tanh'| <= 1/cos² y for |y| < π/2."""
    H = torch.where(H < 1.57, H, torch.nan)
    cos, sin = libm.cos(H) - libm.SIN_ERROR, libm.sin(H) + libm.SIN_ERROR
    return torch.minimum(U / cos.square(), 1 + (sin / cos).clamp_min(1)) * UP


TANH = ElementaryFunction(
    libm.tanh,
    _absolute_error(libm.TANH_ERROR),
    _tanh_slopes,
    _tanh_variation,
    lambda c, D: torch.full_like(D, 1.2),
)


def tanh(x: ChebyshevModel) -> ChebyshevModel:
    return clip_to_range(compose(x, TANH), -1.0, 1.0)


def _gelu_slopes(low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    """f' = Φ + xφ at the middle, and |f''| <= 0.798."""
    c = (low + high) / 2
    density = libm.exp(-c * c / 2) / math.sqrt(2 * math.pi)
    return _interval((1 + libm.erf(c / math.sqrt(2))) / 2 + c * density, 0.798 * (high - low) / 2, -0.13, 1.13)


def _gelu_variation(c: Tensor, U: Tensor, H: Tensor) -> Tensor:
    """|f'| = |Φ + zφ| <= 1 + 0.399 H e^{H²/2} + (0.242 + 0.399 H) e^{H²/2}."""
    return U * (1 + (0.242 + 0.798 * H) * _exp_of_square(H, 0.5)) * UP


GELU = ElementaryFunction(
    libm.gelu,
    lambda x, y: libm.GELU_ERROR * (1 + x),
    _gelu_slopes,
    _gelu_variation,
    lambda c, D: torch.full_like(D, 2.0),
)


def gelu(x: ChebyshevModel) -> ChebyshevModel:
    """x·Φ(x), the exact form."""
    return compose(x, GELU)


EXP = ElementaryFunction(
    libm.exp,
    lambda x, y: (libm.EXP_ERROR + 4 * UNIT) * y + libm.SMALLEST_EXP,
    lambda low, high: (_exp_from_below(low), _exp_from_above(high)),
    lambda c, U, H: U * _exp_from_above(c + U) * (UP + 4 * UNIT * (c.abs() + U)),
    lambda c, D: D + 4.0,
    on_disc=True,
)


def exp(x: ChebyshevModel) -> ChebyshevModel:
    return at_least(compose(x, EXP), 0.0)


def _erf_slopes(low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    """erf' = (2/√π) e^{−x²} falls with |x|."""
    far, near = torch.maximum(low.abs(), high.abs()), torch.maximum(low, -high).clamp_min(0)
    least, most = (libm.exp(-x.square()) * (2 / math.sqrt(math.pi)) for x in (far, near))
    most = most * (1 + 64 * UNIT * (1 + near.square())) + 2 * libm.SMALLEST_EXP
    return least * (1 - 64 * UNIT * (1 + far.square())).clamp_min(0), most


ERF = ElementaryFunction(
    libm.erf,
    _absolute_error(libm.ERF_ERROR),
    _erf_slopes,
    lambda c, U, H: U * (1.1284 * _exp_of_square(H, 1.0)) * UP,  # |erf'| <= (2/√π) e^{(Im z)²}
    lambda c, D: torch.full_like(D, 1.5),
)


def erf(x: ChebyshevModel) -> ChebyshevModel:
    return clip_to_range(compose(x, ERF), -1.0, 1.0)


def _atan_slopes(low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    """atan' = 1/(1 + x²) falls with |x|."""
    far, near = torch.maximum(low.abs(), high.abs()), torch.maximum(low, -high).clamp_min(0)
    return 1 / (1 + far.square()) * (1 - 16 * UNIT), 1 / (1 + near.square()) * (1 + 16 * UNIT)


def _atan_variation(c: Tensor, U: Tensor, H: Tensor) -> Tensor:
    """|1 + z²| = |z − i||z + i| >= (1 − H)(1 + H) for |Im z| <= H < 1."""
    H = torch.where(H < 0.999, H, torch.nan)
    return U / ((1 - H) * (1 + H)) * UP


ATAN = ElementaryFunction(
    libm.atan, _absolute_error(libm.ATAN_ERROR), _atan_slopes, _atan_variation, lambda c, D: torch.full_like(D, 0.8)
)


def atan(x: ChebyshevModel) -> ChebyshevModel:
    return clip_to_range(compose(x, ATAN), -HALF_PI, HALF_PI)


def _softplus_slopes(low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    """softplus' = 1/(1 + e^{−x}) rises."""
    return (libm.sigmoid(low) - 64 * UNIT).clamp_min(0), (libm.sigmoid(high) + 64 * UNIT).clamp_max(1)


SOFTPLUS = ElementaryFunction(
    libm.softplus,
    lambda x, y: libm.SOFTPLUS_ERROR * (1 + x),
    _softplus_slopes,
    lambda c, U, H: torch.where(H < 1.57, U, torch.nan) * UP,  # |1 + e^{−z}| >= 1 where Re e^{−z} >= 0
    lambda c, D: torch.full_like(D, 1.5),
)


def softplus(x: ChebyshevModel, threshold: float) -> ChebyshevModel:
    """log(1 + e^x), or x where x exceeds the threshold: off by log(1 + e^{−threshold}) <= e^{−threshold} there."""
    result = compose(x, SOFTPLUS)
    _, high = range_of(x)
    jump = float(_exp_from_above(torch.tensor([-threshold], dtype=torch.float64)))
    remainder = torch.where(high >= threshold, (result.remainder + jump) * (1 + 4 * UNIT), result.remainder)
    magnitude = (result.magnitude + jump) * (1 + 4 * UNIT)
    return replace(result, remainder=remainder, magnitude=magnitude, least=torch.zeros_like(remainder), derived={})
