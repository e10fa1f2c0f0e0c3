"""Expansions of the elementary functions: Taylor coefficients, and bounds of the next derivative.

PyTorch's elementary functions are not correctly rounded. ULPS units of 2^-53 are allowed for, relative to the value
(exp) or absolutely (sin, cos, tanh, erf, which are at most 1); the tests measure less over the whole range.

The bound of the next derivative is the smaller of the global sup and the value at the centre plus D times the global
sup of the derivative after it. Sups of |f^(m)|/m! are stated as decimals rounded up, and proved by ball arithmetic over
the whole line in the tests.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from varexp.evidence.enclosure.matrices import TINY
from varexp.evidence.enclosure.nonlinear import compose, multiply, reciprocal, strip, within
from varexp.evidence.enclosure.taylor import Expansion, TaylorModel, total
from varexp.maps.constants import UNIT, gamma

ULPS = 8
LARGEST_ORDER = 8
TANH_SUPS = (1.0, 1.0, 0.3850, 0.3334, 0.1703, 0.1334, 0.07260, 0.05397, 0.03036, 0.02187, 0.01256)  # of |f^(m)|/m!
GELU_SUPS = (math.inf, 1.129, 0.3990, 0.1298, 0.06650, 0.02369, 0.009974, 0.003264, 0.001188, 0.0003559, 0.0001155)


def _sine_sups(m: int) -> float:
    return math.nextafter(1 / math.factorial(m), math.inf)


def _local(coefficients: list[Tensor], errors: list[Tensor], sups: Callable[[int], float]) -> Expansion:
    """`coefficients` and `errors` for m <= k+1; the last of them is the value at the centre of what bounds the rest."""
    k = len(coefficients) - 2
    at_centre = (coefficients[-1].abs() + errors[-1]) * (1 + 8 * UNIT)
    slope = (k + 2) * sups(k + 2) * (1 + 8 * UNIT)

    def beyond(D: Tensor) -> Tensor:
        return ((at_centre + slope * D) * (1 + 8 * UNIT)).clamp_max(sups(k + 1))

    return Expansion(coefficients[:-1], errors[:-1], beyond)


def _trigonometric(x: TaylorModel, phase: int) -> TaylorModel:
    s, c = torch.sin(x.P[0]), torch.cos(x.P[0])
    derivatives = [s, c, -s, -c]
    factorials = [math.factorial(m) for m in range(x.ring.order + 2)]
    coefficients = [derivatives[(m + phase) % 4] / factorial for m, factorial in enumerate(factorials)]
    errors = [torch.full_like(s, (ULPS + 2) * UNIT / factorial) for factorial in factorials]
    return within(compose(x, _local(coefficients, errors, _sine_sups)), -1.0, 1.0)


def sin(x: TaylorModel) -> TaylorModel:
    return _trigonometric(x, 0)


def cos(x: TaylorModel) -> TaylorModel:
    return _trigonometric(x, 1)


def exp(x: TaylorModel) -> TaylorModel:
    k, value = x.ring.order, torch.exp(x.P[0])
    coefficients = [value / math.factorial(m) for m in range(k + 1)]
    errors = [(ULPS + 4) * UNIT * c + TINY for c in coefficients]
    scale = value * (1 + (2 * ULPS + 8) * UNIT) / math.factorial(k + 1)
    return compose(x, Expansion(coefficients, errors, lambda D: scale * torch.exp(D) * (1 + 2 * ULPS * UNIT) + TINY))


def tanh(x: TaylorModel) -> TaylorModel:
    """f^(m) is a polynomial in tanh: p_0 = t, p_{m+1} = (1 − t²) p_m'."""
    t = torch.tanh(x.P[0])
    coefficients, errors = _polynomials(t, [_tanh_polynomial(m) for m in range(x.ring.order + 2)], ULPS * UNIT)
    return within(compose(x, _local(coefficients, errors, TANH_SUPS.__getitem__)), -1.0, 1.0)


def _tanh_polynomial(m: int) -> list[float]:
    p = [0, 1]
    for _ in range(m):
        d = [i * c for i, c in enumerate(p)][1:]
        p = [a - b for a, b in zip([*d, 0, 0], [0, 0, *d], strict=True)]
    return [c / math.factorial(m) for c in p]


def _polynomials(t: Tensor, polynomials: list[list[float]], off: float) -> tuple[list[Tensor], list[Tensor]]:
    """Values at t, |t| <= 1, which is off by `off`, and bounds of their error: |p'|·off and γ Σ|p_i| of Horner.

    The polynomials are odd or even, and evaluated in t².
    """
    values, errors = [], []
    square = t * t
    for p in polynomials:
        parity = (len(p) - 1) % 2
        terms = p[parity::2]
        value = torch.full_like(t, terms[-1])
        for c in reversed(terms[:-1]):
            value = value.mul_(square).add_(c)
        slope = sum(i * abs(c) for i, c in enumerate(p))
        rounding = 2 * slope * off + gamma(4 * len(p) + 8) * sum(map(abs, p))
        values.append(value.mul_(t) if parity else value)
        errors.append(t.new_full((), rounding).expand_as(t))
    return values, errors


def gelu(x: TaylorModel) -> TaylorModel:
    """x·Φ(x), the exact form: f' = Φ + xφ, f^(m) = q_m φ for m >= 2 with q_2 = 2 − x², q_{m+1} = q_m' − x q_m."""
    c = x.P[0]
    density = torch.exp(-c * c / 2) / math.sqrt(2 * math.pi)
    cumulative = (1 + torch.erf(c / math.sqrt(2))) / 2
    # erf within ULPS units, its argument within 4 relative, where |x erf'(x)| < 1; exp's argument within 4 relative
    size, density_off = 1 + c.abs(), (ULPS + 8 + 4 * c * c) * UNIT * density + TINY
    coefficients = [c * cumulative, cumulative + c * density]
    errors = [(ULPS + 8) * UNIT * size, (ULPS + 8) * UNIT * (1 + 0 * c) + c.abs() * density_off + 4 * UNIT]
    for m in range(2, x.ring.order + 2):
        q = [value / math.factorial(m) for value in _gelu_polynomial(m)]
        value, majorant = torch.zeros_like(c), torch.zeros_like(c)
        for a in reversed(q):
            value, majorant = value * c + a, majorant * c.abs() + abs(a)
        coefficients.append(value * density)
        errors.append(majorant * (2 * density_off + gamma(2 * len(q) + 8) * density))
    return compose(x, _local(coefficients, errors, GELU_SUPS.__getitem__))


def _gelu_polynomial(m: int) -> list[int]:
    q = [2, 0, -1]
    for _ in range(m - 2):
        d = [i * c for i, c in enumerate(q)][1:]
        q = [a - b for a, b in zip([*d, 0, 0], [0, *q], strict=True)]
    return q


def power(x: TaylorModel, exponent: float) -> TaylorModel:
    """x^exponent for x above 0; where that is not sure, nothing."""
    k, c = x.ring.order, x.P[0]
    base = c**exponent
    binomials = [1.0]
    for m in range(k + 1):
        binomials.append(binomials[-1] * (exponent - m) / (m + 1))
    coefficients = [b * base / c**m for m, b in enumerate(binomials[:-1])]
    errors = [gamma(4 * m + 16) * a.abs() + TINY for m, a in enumerate(coefficients)]

    def beyond(D: Tensor) -> Tensor:
        low = (c - D) * (1 - 8 * UNIT)
        low = torch.where(low > 0, low, torch.nan)
        return abs(binomials[-1]) * low ** (exponent - k - 1) * (1 + gamma(4 * k + 32))

    return compose(x, Expansion(coefficients, errors, beyond))


def sqrt(x: TaylorModel) -> TaylorModel:
    return power(x, 0.5)


def rsqrt(x: TaylorModel) -> TaylorModel:
    return power(x, -0.5)


def inverse(x: TaylorModel) -> TaylorModel:
    return compose(x, reciprocal(x))


def square(x: TaylorModel) -> TaylorModel:
    return multiply(x, x)


def relu(x: TaylorModel) -> TaylorModel:
    """Linear where the sign is settled; else between the chord and its parallel through the kink."""
    low, high = _range(x)
    chord = high / (high - low)
    slope = torch.where(low >= 0, 1.0, torch.where(high <= 0, 0.0, chord))
    half = torch.where((low >= 0) | (high <= 0), 0.0, torch.maximum(high * (1 - slope), -slope * low) / 2)
    return strip(x, slope, half * (1 + 8 * UNIT))


def absolute(x: TaylorModel) -> TaylorModel:
    """Likewise: for any slope in [-1, 1], |x| − slope·x lies between 0 and its larger value at the two ends."""
    low, high = _range(x)
    chord = (high + low) / (high - low)
    slope = torch.where(low >= 0, 1.0, torch.where(high <= 0, -1.0, chord))
    half = torch.where((low >= 0) | (high <= 0), 0.0, torch.maximum(high * (1 - slope), -low * (1 + slope)) / 2)
    return strip(x, slope, half * (1 + 8 * UNIT))


def _range(x: TaylorModel) -> tuple[Tensor, Tensor]:
    _, _, D = x.spread()
    D = D * (1 + 8 * UNIT) + 4 * UNIT * x.P[0].abs() + TINY * (D > 0)
    return x.P[0] - D, x.P[0] + D


def minimum(a: TaylorModel, b: TaylorModel) -> TaylorModel:
    """min(a, b) = a − relu(a − b)."""
    return total([a, relu(total([a, b.negate()])).negate()])


def maximum(a: TaylorModel, b: TaylorModel) -> TaylorModel:
    """max(a, b) = a + relu(b − a)."""
    return total([a, relu(total([b, a.negate()]))])
