"""The sums whose quotient is an average: interpolated, and off by no more than said."""

import pytest
import torch
from random_models import escapes, random_model
from tolerances import ROUNDING

from varexp.enclosure import aliasing, softmax_sums
from varexp.enclosure.softmax_sums import bound_values, dot, interpolate_sums, normalise_scores


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
