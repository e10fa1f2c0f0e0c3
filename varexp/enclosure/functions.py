"""The elementary functions: the bounds that are known of each, and its rule.

PyTorch's elementary functions are not correctly rounded, and no bound of their errors is published. The rules allow for
an error of ULPS units of 2^-53, relative to the value (exp) or absolutely (sin, cos, tanh, erf, which are at most 1).
This allowance is not proved: the tests measure at most half of it at points over the whole range.
"""

import math
from dataclasses import replace

import torch
from torch import Tensor

from varexp.enclosure.kinks import range_of
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.nonlinear import ElementaryFunction, Values, at_least, clip_to_range, compose
from varexp.enclosure.rounding import UNIT

ULPS = 8
UP = 1 + 64 * UNIT
HALF_PI = math.nextafter(math.pi / 2, 2)


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
    return at_least(compose(x, EXP), 0.0)


def _erf_slopes(low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    """erf' = (2/√π) e^{−x²} falls with |x|."""
    far, near = torch.maximum(low.abs(), high.abs()), torch.maximum(low, -high).clamp_min(0)
    least, most = (torch.exp(-x.square()) * (2 / math.sqrt(math.pi)) for x in (far, near))
    return least * (1 - 64 * UNIT * (1 + far.square())).clamp_min(0), most * (1 + 64 * UNIT * (1 + near.square()))


ERF = ElementaryFunction(
    torch.erf,
    _absolute_error,
    _erf_slopes,
    lambda c, U, H: U * (1.1284 * (H * H).exp()) * UP,  # |erf'| <= (2/√π) e^{(Im z)²}
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
    torch.atan, _absolute_error, _atan_slopes, _atan_variation, lambda c, D: torch.full_like(D, 0.8)
)


def atan(x: ChebyshevModel) -> ChebyshevModel:
    return clip_to_range(compose(x, ATAN), -HALF_PI, HALF_PI)


def _softplus_slopes(low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    """softplus' = 1/(1 + e^{−x}) rises."""
    return (low.sigmoid() - 64 * UNIT).clamp_min(0), (high.sigmoid() + 64 * UNIT).clamp_max(1)


SOFTPLUS = ElementaryFunction(
    lambda x: torch.logaddexp(x, torch.zeros_like(x)),
    lambda x, y: 2 * ULPS * UNIT * (1 + x),
    _softplus_slopes,
    lambda c, U, H: torch.where(H < 1.57, U, torch.nan) * UP,  # |1 + e^{−z}| >= 1 where Re e^{−z} >= 0
    lambda c, D: torch.full_like(D, 1.5),
)


def softplus(x: ChebyshevModel, threshold: float) -> ChebyshevModel:
    """log(1 + e^x), or x where x exceeds the threshold: off by log(1 + e^{−threshold}) <= e^{−threshold} there."""
    result = compose(x, SOFTPLUS)
    _, high = range_of(x)
    jump = math.exp(-threshold) * (1 + 8 * UNIT)
    remainder = torch.where(high >= threshold, (result.remainder + jump) * (1 + 4 * UNIT), result.remainder)
    magnitude = (result.magnitude + jump) * (1 + 4 * UNIT)
    return replace(result, remainder=remainder, magnitude=magnitude, least=torch.zeros_like(remainder), derived={})
