"""Powers, roots and logarithms up to their singularity. Their slopes and sizes are in test_functions.py."""

import math

import pytest
import torch
from flint import arb, ctx
from random_models import random_model

from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.nonlinear import at_least
from varexp.enclosure.powers import inverse, power


@pytest.fixture(autouse=True)
def _precision():
    with ctx.workprec(200):
        yield


ROOTS = {"sqrt": 0.5, "cube root": 1 / 3, "0.9": 0.9, "1.5": 1.5, "rsqrt": -0.5, "inverse": -1.0}


@pytest.mark.parametrize("name", ROOTS)
@pytest.mark.parametrize("low", [0.0, 1e-300, 1e-12, 0.01, 0.3])
def test_powers_lie_between_their_lines_up_to_where_they_are_singular(name, low):
    """x = low + (1 + t)/2, of which only values from `low` on occur."""
    exponent = ROOTS[name]
    model = random_model(1, 1, 3, (), 0.0, shape=(1, 1))
    polynomial = torch.zeros_like(model.polynomial)
    polynomial[0], polynomial[1] = low + 0.5, 0.5 * (1 + 1e-9)  # reaches a little below `low`
    zero = torch.zeros_like(model.remainder)
    model = ChebyshevModel(model.ring, polynomial, polynomial[:0], zero, polynomial.abs().sum(dim=0), (), zero + low)
    result = power(model, exponent)
    if low == 0.0 and exponent < 0:
        assert not bool(result.remainder.isfinite().any())
        return
    P, R = result.polynomial[:, 0, 0].tolist(), float(result.remainder)
    assert math.isfinite(R)
    assert R <= 0.2 or exponent < 0
    for t in [-1 + 2 * (i / 400) ** 3 for i in range(401)]:
        x = (arb(low) + arb(0.5)) + arb(polynomial[1].item()) * arb(t)
        if x < low:
            x = arb(low)
            t = float((x - arb(low) - arb(0.5)) / arb(polynomial[1].item()))
        known = sum(arb(c) * arb(t).chebyshev_t(i) for i, c in enumerate(P))
        assert abs(x ** arb(exponent) - known) <= R * (1 + 1e-12) + 1e-300


def test_roots_of_what_may_be_below_zero_are_unbounded():
    model = random_model(1, 1, 1, (), 1.0, centre=0.0)
    assert not bool(power(model, 0.5).remainder.isfinite().any())
    assert bool(power(at_least(model, 0.0), 0.5).remainder.isfinite().all())
    assert not bool(inverse(at_least(model, 0.0)).remainder.isfinite().any())
