"""Averages with softmax weights: contained at any spread, tight at small ones, and exact where nothing varies."""

import math

import pytest
import torch
from random_models import Points, new_symbols, random_model, violations

from varexp.enclosure import Enclosure, averaging
from varexp.enclosure.basis import ring
from varexp.enclosure.model import ChebyshevModel

VALUES = torch.randn(5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def averages(x, values=VALUES):
    """Of values that are a model too, so that weights are averaged with instead of evaluated."""
    return (torch.softmax(Enclosure.of(x), dim=-1) @ exactly(x.ring, values)).model()


def exactly(shape, values):
    return Enclosure.of(ChebyshevModel.constant(shape, values.expand(4, *values.shape)))


@pytest.mark.parametrize("symbols", [0, 4])
@pytest.mark.parametrize("variables", [1, 2])
@pytest.mark.parametrize("spread", [0.01, 0.3, 1.0, 2.5])
def test_averages_are_contained(spread, variables, symbols):
    symbols = new_symbols(symbols)
    for seed in range(8):
        x = random_model(seed, variables, 5, symbols, 0.1)
        x.polynomial[1 : variables + 1] *= spread * 10
        x.generators *= spread * 4
        x.remainder *= spread
        x.magnitude = x.magnitude + 40 * spread
        points = Points(seed + 1, variables, symbols)
        exact = torch.stack([torch.softmax(value, -1) @ VALUES for value in points.values(x)])
        assert violations(averages(x), points, exact) == 0


def test_two_scores_by_hand():
    """softmax(s, 0) = 1/(1 + e^{−s}) for s = c + wt + δ."""
    c, w, off = 0.4, 0.05, 1e-4
    P = torch.tensor([[c, 0.0], [w, 0.0]], dtype=torch.float64).reshape(2, 1, 1, 2)
    R = torch.tensor([off, 0.0], dtype=torch.float64).reshape(1, 1, 2)
    result = torch.softmax(Enclosure.of(ChebyshevModel(ring(1, 1), P, P[:0], R, P.abs().sum(0) + R)), dim=-1).model()
    reach = result.polynomial[0] + result.polynomial[1] + result.remainder
    exact = 1 / (1 + math.exp(-(c + w + off)))
    assert (
        exact <= float(reach[0, 0, 0]) <= exact + 4e-4
    )  # the remainder's own share is 2.4e-5, that of order 2 about 1e-4
    assert float(result.polynomial[1, 0, 0, 0]) == pytest.approx(w * math.exp(-c) / (1 + math.exp(-c)) ** 2, rel=1e-2)


def test_equal_values_average_to_themselves():
    result = averages(random_model(3, 1, 3, (), 0.5), torch.full((5, 2), 1.5, dtype=torch.float64))
    assert torch.equal(result.polynomial[0], torch.full_like(result.polynomial[0], 1.5))
    assert float(result.remainder.max()) < 1e-15


def test_the_control_a_bound_of_weights_that_is_too_small_is_noticed(monkeypatch):
    """Without what scores' remainders do to weights, values lie outside."""
    x = random_model(5, 1, 3, (), 0.05)
    x.remainder = torch.full_like(x.remainder, 0.3)
    points = Points(6, 1, ())
    exact = torch.stack([torch.softmax(value, -1) @ VALUES for value in points.values(x)])
    assert violations(averages(x), points, exact) == 0
    whole = averaging.average

    def blind(scores, values, middle):
        return whole(
            ChebyshevModel(scores.ring, scores.polynomial, scores.generators, 0 * scores.remainder, scores.magnitude),
            values,
            middle,
        )

    monkeypatch.setattr(averaging, "average", blind)
    assert violations(averages(x), points, exact) > 0
