"""The elementary functions: their values, slopes, and sizes in the complex plane.

PyTorch's elementary functions are not correctly rounded. ULPS units of 2^-53 are allowed for, relative to the value
(exp) or absolutely (sin, cos, tanh, erf, which are at most 1); the tests measure less over the whole range.
"""

import math

import torch
from torch import Tensor

from varexp.enclosure.combining import total
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.nonlinear import Function, compose, multiply, strip, within
from varexp.enclosure.rounding import TINY, UNIT, gamma

ULPS = 8
UP = 1 + 64 * UNIT


def _off(x: Tensor, y: Tensor) -> Tensor:
    return torch.full_like(y, ULPS * UNIT)


def _around(value: Tensor, by: Tensor, least: float, most: float) -> tuple[Tensor, Tensor]:
    """value ± by, and what rounding may have done to it, between two bounds."""
    by = by * UP + 64 * UNIT
    return (value - by).clamp(least, most), (value + by).clamp(least, most)


def _trigonometric(value, slope) -> Function:  # type: ignore[no-untyped-def]
    def slopes(low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
        return _around(slope((low + high) / 2), (high - low) / 2, -1.0, 1.0)

    def size(c: Tensor, U: Tensor, H: Tensor) -> Tensor:  # |f'| <= cosh H, |f| <= cosh H
        return torch.minimum(U, 1 + 1 / H.cosh()) * H.cosh() * UP

    return Function(value, _off, slopes, size, lambda c, D: torch.full_like(D, 2.0))


SIN = _trigonometric(torch.sin, torch.cos)
COS = _trigonometric(torch.cos, lambda x: -torch.sin(x))


def sin(x: ChebyshevModel) -> ChebyshevModel:
    return within(compose(x, SIN), -1.0, 1.0)


def cos(x: ChebyshevModel) -> ChebyshevModel:
    return within(compose(x, COS), -1.0, 1.0)


def _tanh_slopes(low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    """1 − tanh² falls with |x|."""
    far, near = torch.maximum(low.abs(), high.abs()), torch.maximum(low, -high).clamp_min(0)
    least, most = (1 - torch.tanh(x).square() for x in (far, near))
    return (least - 64 * UNIT).clamp_min(0), (most + 64 * UNIT).clamp_max(1)


def _tanh_size(c: Tensor, U: Tensor, H: Tensor) -> Tensor:
    """|tanh(x + iy)| <= max(1, tan|y|) and |tanh'| <= 1/cos² y for |y| < π/2."""
    H = torch.where(H < 1.57, H, torch.nan)
    return torch.minimum(U / H.cos().square(), 1 + H.tan().clamp_min(1)) * UP


def _tanh(x: Tensor) -> Tensor:
    """1 − 2/(e^{2x} + 1): within as many units of 1 as torch's own, in two thirds of its time."""
    return x.mul(2).exp_().add_(1).reciprocal_().mul_(-2).add_(1)


TANH = Function(_tanh, _off, _tanh_slopes, _tanh_size, lambda c, D: torch.full_like(D, 1.2))


def tanh(x: ChebyshevModel) -> ChebyshevModel:
    return within(compose(x, TANH), -1.0, 1.0)


def _gelu_slopes(low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    """Φ(x) + xφ(x) at the middle, and |f''| <= 0.798."""
    c = (low + high) / 2
    density = torch.exp(-c * c / 2) / math.sqrt(2 * math.pi)
    return _around((1 + torch.erf(c / math.sqrt(2))) / 2 + c * density, 0.798 * (high - low) / 2, -0.13, 1.13)


def _gelu_size(c: Tensor, U: Tensor, H: Tensor) -> Tensor:
    """|f'| = |Φ + zφ| <= 1 + 0.399 H e^{H²/2} + (0.242 + 0.399 H) e^{H²/2}."""
    return U * (1 + (0.242 + 0.798 * H) * (H * H / 2).exp()) * UP


GELU = Function(
    torch.nn.functional.gelu,
    lambda x, y: (ULPS + 8) * UNIT * (1 + x),
    _gelu_slopes,
    _gelu_size,
    lambda c, D: torch.full_like(D, 2.0),
)


def gelu(x: ChebyshevModel) -> ChebyshevModel:
    """x·Φ(x), the exact form."""
    return compose(x, GELU)


EXP = Function(
    torch.exp,
    lambda x, y: (ULPS + 4) * UNIT * y,
    lambda low, high: (low.exp() * (1 - 2 * ULPS * UNIT), high.exp() * (1 + 2 * ULPS * UNIT)),
    lambda c, U, H: U * torch.exp(c + U) * (UP + 4 * UNIT * (c.abs() + U)),
    lambda c, D: D + 4.0,
    round=True,
)


def exp(x: ChebyshevModel) -> ChebyshevModel:
    return compose(x, EXP)


def power_function(exponent: float) -> Function:
    """x^exponent for x above 0; where that is not sure, not a number, which ends as an infinite bound."""
    a = exponent

    def above(x: Tensor) -> Tensor:
        return torch.where(x > 0, x, torch.nan)

    def slopes(low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
        ends = [a * end ** (a - 1) for end in (above(low), high)]
        off = gamma(32) * torch.maximum(ends[0].abs(), ends[1].abs())
        return torch.minimum(*ends) - off, torch.maximum(*ends) + off

    def size(c: Tensor, U: Tensor, H: Tensor) -> Tensor:  # |f'| = |a| |z|^{a−1}
        near = above((c - U) * (1 - 8 * UNIT))
        far = c + U + 0 * near if a > 1 else near
        return U * abs(a) * far ** (a - 1) * (1 + gamma(64))

    return Function(
        lambda x: above(x) ** a, lambda x, y: gamma(32) * y, slopes, size, lambda c, D: (c.abs() + D) / 2, round=True
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


def _inverse_size(c: Tensor, U: Tensor, H: Tensor) -> Tensor:
    away = (c.abs() - U) * (1 - 8 * UNIT)
    return U / (c.abs() * torch.where(away > 0, away, torch.nan)) * (1 + gamma(16))


INVERSE = Function(
    torch.reciprocal,
    lambda x, y: gamma(4) * y,
    _inverse_slopes,
    _inverse_size,
    lambda c, D: (c.abs() + D) / 2,
    round=True,
)


def inverse(x: ChebyshevModel) -> ChebyshevModel:
    """1/x where x keeps away from 0, else nothing."""
    return compose(x, INVERSE)


def square(x: ChebyshevModel) -> ChebyshevModel:
    return multiply(x, x)


def relu(x: ChebyshevModel) -> ChebyshevModel:
    """Linear where the sign is settled; else between the chord and its parallel through the kink."""
    low, high = _range(x)
    chord = high / (high - low)
    slope = torch.where(low >= 0, 1.0, torch.where(high <= 0, 0.0, chord))
    half = torch.where((low >= 0) | (high <= 0), 0.0, torch.maximum(high * (1 - slope), -slope * low) / 2)
    return strip(x, slope, half * (1 + 8 * UNIT))


def absolute(x: ChebyshevModel) -> ChebyshevModel:
    """Likewise: for any slope in [-1, 1], |x| − slope·x lies between 0 and its larger value at the two ends."""
    low, high = _range(x)
    chord = (high + low) / (high - low)
    slope = torch.where(low >= 0, 1.0, torch.where(high <= 0, -1.0, chord))
    half = torch.where((low >= 0) | (high <= 0), 0.0, torch.maximum(high * (1 - slope), -low * (1 + slope)) / 2)
    return strip(x, slope, half * (1 + 8 * UNIT))


def _range(x: ChebyshevModel) -> tuple[Tensor, Tensor]:
    _, _, D = x.spread()
    D = D * (1 + 8 * UNIT) + 4 * UNIT * x.P[0].abs() + TINY * (D > 0)
    return x.P[0] - D, x.P[0] + D


def minimum(a: ChebyshevModel, b: ChebyshevModel) -> ChebyshevModel:
    """min(a, b) = a − relu(a − b)."""
    return total([a, relu(total([a, b.negate()])).negate()])


def maximum(a: ChebyshevModel, b: ChebyshevModel) -> ChebyshevModel:
    """max(a, b) = a + relu(b − a)."""
    return total([a, relu(total([b, a.negate()]))])
