"""Softmax weights as an expression: averages instead of weights."""

import torch
from random_models import escapes, new_symbols, random_model
from tolerances import ROUNDING

from varexp.enclosure import Enclosure
from varexp.enclosure.averaging import SoftmaxExpression

VALUES = torch.randn(5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def test_a_product_with_weights_does_not_evaluate_them():
    weights = torch.softmax(Enclosure.of(random_model(1, 1, 3, (), 0.3)), dim=-1)
    assert isinstance(weights.expression, SoftmaxExpression)
    values = Enclosure.of(random_model(2, 1, 3, (), 0.3, shape=(4, 5, 2)))
    _ = weights @ values
    assert weights.expression._model is None
    assert torch.equal(weights.expression.terms[0].model.polynomial, weights.model().polynomial)


def test_averages_of_sums_of_models_and_constants_are_contained():
    x = random_model(3, 1, 3, new_symbols(2), 0.1)

    def f(v):
        return torch.softmax(v[..., :3], dim=-1) @ (v @ VALUES + torch.sin(v) @ VALUES + 2)

    assert escapes(f, x) == 0


def test_averages_are_sharper_than_products_with_weights():
    scores, values = random_model(3, 1, 3, (), 0.05), random_model(4, 1, 3, (), 0.3, shape=(4, 5, 2))
    average = (torch.softmax(Enclosure.of(scores), dim=-1) @ Enclosure.of(values)).model()
    weights = Enclosure.of(torch.softmax(Enclosure.of(scores), dim=-1).model())
    product = (weights @ Enclosure.of(values)).model()
    assert float(average.uncertainty().sum()) < float(product.uncertainty().sum())


def test_weights_of_a_row_without_further_axes():
    assert escapes(lambda v: torch.softmax(v[:, 0], dim=-1), random_model(3, 1, 3, (), 0.1)) == 0


def test_weights_of_scores_of_which_little_is_known_reach_from_0_to_1():
    x = random_model(5, 1, 3, (), 0.1)
    x.remainder = torch.full_like(x.remainder, 30.0)
    x.magnitude = x.magnitude + 30.0
    assert escapes(lambda v: torch.softmax(v, dim=-1), x) == 0
    weights = SoftmaxExpression(x).model()
    assert float((weights.polynomial[0] + weights.remainder).max()) <= 1 + ROUNDING
    assert float((weights.polynomial[0] - weights.remainder).min()) >= -ROUNDING


def test_symbols_by_row_stay_symbols_of_the_weights_of_several_rows():
    x = random_model(6, 1, 3, new_symbols(2), 0.1)
    assert SoftmaxExpression(x).model().symbols == x.symbols
