"""Every rule is right from 1e-300 to 1e300 and at infinities: an infinite bound is an answer, a finite wrong one not.

Values are x = c·(1 + t/1000) for |t| <= 1, compared with balls of 300 bits.
"""

import math

import pytest
import torch
from flint import arb, ctx

from varexp.enclosure import Enclosure
from varexp.enclosure.basis import ring
from varexp.enclosure.cells import point
from varexp.enclosure.halving import halve_state
from varexp.enclosure.matrices import as_matrix
from varexp.enclosure.model import ChebyshevModel
from varexp.maps.norms import NORMS

EXPONENTS = (-300, -250, -200, -161, -155, -110, -50, 0, 50, 110, 154, 160, 200, 250, 300)
D = torch.float64


@pytest.fixture(autouse=True)
def _precision():
    with ctx.workprec(300):
        yield


def spread(c, order=3, remainder=0.0):
    """c·(1 + t/1000), as (1 cell, 1 row, 2 columns), with part of the spread in the remainder."""
    polynomial = torch.zeros(order + 1, 1, 1, 2, dtype=D)
    polynomial[0] = c
    polynomial[1] = c * 1e-3 * (1 - remainder)
    R = torch.full((1, 1, 2), abs(c) * 1e-3 * remainder, dtype=D)
    magnitude = polynomial.abs().sum(dim=0) + R
    return Enclosure.of(ChebyshevModel(ring(1, order), polynomial, polynomial[:0], R, magnitude * (1 + 1e-15)))


FUNCTIONS = {  # in plain torch, and of a ball
    "inverse": (lambda x: 1 / x, lambda x: 1 / x),
    "x**-2": (lambda x: x**-2, lambda x: 1 / x**2),
    "x**-2.5": (lambda x: x**-2.5, lambda x: 1 / (x * x * x.sqrt())),
    "x**-0.5": (lambda x: x.rsqrt(), lambda x: 1 / x.sqrt()),
    "sqrt": (lambda x: x.sqrt(), lambda x: x.sqrt()),
    "x**1.5": (lambda x: x**1.5, lambda x: x * x.sqrt()),
    "square": (lambda x: x.square(), lambda x: x * x),
    "cube": (lambda x: x**3, lambda x: x**3),
    "product": (lambda x: x * x * 1e-300, lambda x: x * x * arb(1e-300)),
    "scaled down and up": (
        lambda x: ((x * 1e-200) * 1e-200) * 1e300 * 1e100,
        lambda x: x * arb(1e-200) ** 2 * arb(1e300) * arb(1e100),
    ),
    "quotient of large": (lambda x: x / 1e307, lambda x: x / arb(1e307)),
    "quotient of small": (lambda x: x / 1e-307, lambda x: x / arb(1e-307)),
    "ratio": (lambda x: x / (x + x), lambda x: arb(0.5)),
    "relu": (torch.relu, lambda x: x),
    "abs": (lambda x: (-x).abs(), lambda x: x),
    "tanh": (torch.tanh, lambda x: x.tanh()),
    "sin": (torch.sin, lambda x: x.sin()),
    "atan": (torch.atan, lambda x: x.atan()),
    "erf": (torch.erf, lambda x: x.erf()),
    "gelu": (torch.nn.functional.gelu, lambda x: x * (1 + (x / arb(2).sqrt()).erf()) / 2),
    "softplus": (torch.nn.functional.softplus, None),
    "log": (torch.log, lambda x: x.log()),
    "exp(-x)": (lambda x: torch.exp(-x), lambda x: (-x).exp()),
    "sum": (lambda x: x.sum(dim=-1, keepdim=True), lambda x: 2 * x),
    "mean": (lambda x: x.mean(dim=-1, keepdim=True), lambda x: x),
    "matmul": (lambda x: (x @ torch.full((2, 1), 1e-170, dtype=D)) * 1e170, lambda x: 2 * x * arb(1e-170) * arb(1e170)),
    "difference": (lambda x: x - x * 0.5, lambda x: x / 2),
    "clamp": (lambda x: x.clamp(max=1e-20), lambda x: x.min(arb(1e-20))),
    "halved twice": (lambda x: Enclosure.of(halve_state(halve_state(x.model()))), None),
}


@pytest.mark.parametrize("remainder", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("exponent", EXPONENTS)
@pytest.mark.parametrize("name", [name for name, (_, exactly) in FUNCTIONS.items() if exactly is not None])
def test_values_of_every_size_are_contained(name, exponent, remainder):
    torch_function, exactly = FUNCTIONS[name]
    c = 10.0**exponent
    result = torch_function(spread(c, remainder=remainder)).model().drop_symbols()
    P, R = result.polynomial[:, 0, 0, 0].tolist(), float(result.remainder[0, 0, 0])
    if not math.isfinite(R) or not all(map(math.isfinite, P)):
        return  # nothing is said
    for t in (-1.0, -0.4, 0.0, 0.7, 1.0):
        for share in (-1, 0, 1):
            x = arb(c) + arb(c * 1e-3 * (1 - remainder)) * arb(t) + share * arb(abs(c) * 1e-3 * remainder)
            known = sum((arb(p) * arb(t).chebyshev_t(i) for i, p in enumerate(P)), arb(0))
            assert abs(exactly(x) - known) <= arb(R), (name, exponent, t, share)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_of_middle_size_have_a_finite_bound(name):
    assert bool(FUNCTIONS[name][0](spread(2.0)).model().uncertainty().isfinite().all())


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("lost", [math.inf, math.nan])
def test_what_is_not_known_stays_unknown_or_has_a_known_range(name, lost):
    x = spread(2.0).model()
    x.remainder[...] = lost
    bound = NORMS["max"].upper_bound(FUNCTIONS[name][0](Enclosure.of(x)).model())
    assert float(bound.min()) >= {"tanh": 1, "sin": 1, "erf": 1, "atan": 1.57}.get(name, math.inf)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("exponent", [*EXPONENTS, -307, -170, -158, -150, -145, 140, 155, 307])
def test_norms_of_every_size(norm, exponent):
    """Both ends, for entries of which all are c·(1 + t/1000)."""
    c = 10.0**exponent
    x = spread(c, order=2).model()
    factor = math.sqrt(2) if norm == "frobenius" else 1.0
    upper, lower = float(NORMS[norm].upper_bound(x)), float(NORMS[norm].lower_bound(x))
    assert arb(upper) >= arb(c) * arb(1.001) * arb(factor) * (1 - arb(1e-15))
    assert arb(lower) <= arb(c) * arb(factor) * (1 + arb(1e-15))
    assert upper < 1.01 * lower


def test_handwritten_softmax_at_large_scores():
    """exp(z)/Σ exp(z) at scores near 400 overflows nowhere in float64; its reciprocal's slopes do."""
    x = spread(1.0, remainder=0.5)
    scores = torch.cat([x * 3.0, x * 0.0], dim=-1) + 400.0
    e = torch.exp(scores)
    plain = (e / e.sum(dim=-1, keepdim=True)).model()
    safe = torch.softmax(torch.cat([x * 3.0, x * 0.0], dim=-1), dim=-1).model()
    gap = (plain.polynomial[0] - safe.polynomial[0]).abs()
    assert bool((gap <= plain.deviation(plain.uncertainty()) + safe.deviation(safe.uncertainty())).all())


def test_a_matrix_keeps_what_underflows():
    m = ((as_matrix(torch.ones(2, 2, dtype=D)) @ as_matrix(torch.ones(2, 2, dtype=D))) * 1e-200 * 1e-200) * 1e300
    assert not m.is_zero
    x = point(torch.ones(1, 2, dtype=D)).unsqueeze(1)
    y = (((x @ torch.ones(2, 2, dtype=D)) * 1e-200) * 1e-200) * 1e300 * 1e100
    result = y.model()
    assert bool(((result.polynomial[0] - 2.0).abs() <= result.remainder).all())


def test_nothing_is_made_of_nothing():
    """Exact zeros stay exact: structure is not lost by allowances for underflow."""
    zero = as_matrix(torch.zeros(2, 2, dtype=D))
    assert (zero * 1e-300).is_zero
    assert (zero + zero).is_zero
