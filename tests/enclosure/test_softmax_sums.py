"""The sums whose quotient is an average: interpolated, and off by no more than said."""

import math

import pytest
import torch
from numpy.polynomial import chebyshev
from random_models import Points, escapes, random_model
from tolerances import ROUNDING

from varexp.enclosure import aliasing, softmax_sums
from varexp.enclosure.basis import ring
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.node_choice import LOG_RHOS, SOFTMAX_ELLIPSES
from varexp.enclosure.softmax_sums import Scores, bound_values, dot, interpolate_sums, normalise_scores


def test_scores_keep_their_weights_when_they_are_normalised():
    x = random_model(1, 2, 3, (), 0.3)
    scores = normalise_scores(x)
    assert torch.allclose(scores.p, torch.softmax(x.polynomial[0], dim=-1), rtol=ROUNDING, atol=ROUNDING)
    assert torch.allclose(dot(scores.p, scores.exponents[1:]), torch.zeros(()).double(), atol=ROUNDING)
    assert torch.allclose(scores.log_p.exp() * scores.scale, scores.p, rtol=ROUNDING, atol=ROUNDING)


def test_values_are_bounded_as_said():
    v = random_model(2, 2, 3, (), 0.3)
    values = bound_values(v)
    assert bool((values.reach >= v.polynomial.abs().sum(dim=0)).all())
    assert bool((values.farthest >= (v.polynomial.abs().sum(dim=0) + v.remainder).amax(dim=-2, keepdim=True)).all())


def test_the_sum_of_the_weights_is_close_to_one():
    x, v = random_model(1, 1, 5, (), 0.05), random_model(2, 1, 5, (), 0.05, shape=(4, 5, 2))
    sums, _ = interpolate_sums(normalise_scores(x), bound_values(v), x.ring)
    assert float((sums.polynomial[0, ..., -1] - 1).abs().max()) < float(x.polynomial[1:].abs().sum(dim=0).max())


@pytest.mark.parametrize("count", [4, 6])
def test_what_interpolation_loses_is_needed(monkeypatch, count):
    monkeypatch.setattr(softmax_sums, "node_counts", lambda ring: (count,))
    x = random_model(11, 1, 3, (), 0.8)
    x.remainder = torch.zeros_like(x.remainder)

    def weights(scores):
        return torch.softmax(scores / 5, dim=-1)

    assert escapes(weights, x) == 0
    if count == 4:
        factors = aliasing.aliasing_factors
        monkeypatch.setattr(softmax_sums, "aliasing_factors", lambda *sizes: factors(*sizes) * 1e-200)
        assert escapes(weights, x) > 0


@pytest.mark.parametrize("variables", [1, 2])
def test_the_sum_of_a_constant_is_off_by_as_much_as_the_constant_says(variables):
    """Σ p_j e^{u_j}·(−3) is off by three times what Σ p_j e^{u_j} is off by."""
    x, v = random_model(3, variables, 3, (), 0.8), random_model(4, variables, 3, (), 0.0, shape=(4, 5, 1))
    v.polynomial[0], v.polynomial[1:] = -3.0, 0.0
    sums, _ = interpolate_sums(normalise_scores(x), bound_values(v), x.ring)
    of_values, of_weights = sums.interpolation_error[..., 0], sums.interpolation_error[..., 1]
    assert float(of_weights.min()) > 0
    assert torch.allclose(of_values, 3 * of_weights, rtol=ROUNDING, atol=0)


def at(points, coefficients):
    """The values of polynomials at points."""
    model = ChebyshevModel(ring(1, len(coefficients) - 1), coefficients, coefficients[:0], *[coefficients[0].abs()] * 2)
    return points.known(model)


@pytest.mark.parametrize("spread", [0.05, 0.8])
def test_the_sums_and_the_level_are_those_of_the_scores(spread):
    """Σ p_j e^{S_j − c − ℓ} V_j and the sum of the weights, from the scores themselves, at points of the cell."""
    x, v = random_model(1, 1, 5, (), spread), random_model(2, 1, 5, (), 0.3, shape=(4, 5, 2))
    sums, level = interpolate_sums(normalise_scores(x), bound_values(v), x.ring)
    points = Points(3, 1, ())
    S, V, weights = at(points, x.polynomial), at(points, v.polynomial), torch.softmax(x.polynomial[0], dim=-1)
    centre = (weights * (S - x.polynomial[0])).sum(dim=-1, keepdim=True)
    terms = weights * (S - x.polynomial[0] - centre - at(points, level)).exp()
    exact = torch.cat([terms @ V, terms.sum(dim=-1, keepdim=True)], dim=-1)
    off = (exact - at(points, sums.polynomial)).abs()
    assert bool((off <= sums.above_order + sums.interpolation_error + 1e-13).all())
    assert float((exact[..., -1] - 1).abs().max()) <= (1e-3 if spread < 0.1 else 2.0)


def given_scores(shifts):
    """Scores of p = 1/4 and 3/4 whose exponents are these polynomials (coefficients, 2)."""
    p = torch.tensor([[[0.25, 0.75]]], dtype=torch.float64)
    exponents = torch.tensor(shifts, dtype=torch.float64)[:, None, None]
    exponents[0] = (p * 2.0).log()
    return Scores(exponents[0], p, exponents, torch.full((1, 1, 1), 0.5, dtype=torch.float64))


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_sums_of_exponentials_are_bounded_on_ellipses(sign):
    """Σ p_j e^{S_j − c_j} on the real axis, where it is largest on an ellipse."""
    rows = [[0.0, 0.0], [0.3, sign * 0.5], [0.2, 0.1]]
    bounds = softmax_sums._bound_exponential_sums(given_scores(rows), ring(1, 2))[0].flatten().tolist()
    for place, bound in zip(SOFTMAX_ELLIPSES, bounds, strict=True):
        z = math.cosh(LOG_RHOS[place])
        sums = [chebyshev.chebval(z * t, rows) for t in (1, -1)]
        largest = max(0.25 * math.exp(a) + 0.75 * math.exp(b) for a, b in sums)
        apart = 0.25 * math.exp(sums[0][0]) + 0.75 * math.exp(max(sums[0][1], sums[1][1]))
        assert largest <= bound
        assert apart <= bound <= apart * (1 + 1e-8)


@pytest.mark.parametrize("slope", [5000.0, math.nan])
def test_sums_of_exponentials_that_overflow_or_are_unknown_are_not_bounded(slope):
    bounds = softmax_sums._bound_exponential_sums(given_scores([[0.0, 0.0], [slope, 0.0]]), ring(1, 1))
    assert bool((bounds == math.inf).all())
    x, v = random_model(1, 1, 1, (), 0.1), random_model(2, 1, 1, (), 0.1, shape=(4, 5, 2))
    x.polynomial[1] = slope * torch.tensor([1.0, -1.0, 0.0, 1.0, 0.0], dtype=torch.float64)
    sums, level = interpolate_sums(normalise_scores(x), bound_values(v), x.ring)
    assert bool(level.isfinite().all())
    assert not bool(sums.interpolation_error.isfinite().any())


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_error_of_interpolation_is_relative_to_the_largest_term_on_the_ellipse(sign):
    """e^{−ℓ}·V_j for the value that is largest, and e^{−ℓ} for the weights, again on the real axis."""
    level = [-0.4, -0.3, -0.1]
    values = [[0.5, 1.5], [0.2, sign * 0.7], [0.1, 0.3]]
    polynomial = torch.tensor(values, dtype=torch.float64).reshape(3, 1, 2, 1)
    zero = torch.zeros_like(polynomial[0])
    v = bound_values(ChebyshevModel(ring(1, 2), polynomial, polynomial[:0], zero, polynomial.abs().sum(dim=0)))
    for i, place in enumerate(SOFTMAX_ELLIPSES):
        factors = torch.full((1, len(SOFTMAX_ELLIPSES)), math.inf, dtype=torch.float64)
        factors[0, i] = 0.5
        known = torch.tensor(level, dtype=torch.float64).reshape(3, 1, 1, 1)
        sums = torch.full((1, len(SOFTMAX_ELLIPSES), 1, 1, 1), 2.0, dtype=torch.float64)
        error = softmax_sums._interpolation_error(ring(1, 2), factors, sums, known, v).flatten().tolist()
        z = math.cosh(LOG_RHOS[place])
        weight = max(math.exp(-chebyshev.chebval(z * t, level)) for t in (1, -1))
        largest = max(abs(x) for t in (1, -1) for x in chebyshev.chebval(z * t, values))
        assert weight * largest <= error[0]
        assert weight * largest * (1 + 1e-9) >= error[0] or sign < 0
        assert weight <= error[1] <= weight * (1 + 1e-9)


def test_scores_of_any_size_have_weights():
    x = random_model(1, 1, 1, (), 0.0)
    for shift in (1000.0, -1000.0):
        x.polynomial[0] = shift + torch.tensor([0.0, -700.0, 1.0, 0.0, 0.0], dtype=torch.float64)
        scores = normalise_scores(x)
        assert torch.allclose(scores.p, torch.softmax(x.polynomial[0], dim=-1), rtol=1e-13, atol=0)
        assert float(scores.log_p.max()) == 0.0
