"""Linear terms: evaluation, merging, and what is remembered."""

import torch
from random_models import random_model
from tolerances import ROUNDING

from varexp.enclosure.matrices import as_matrix
from varexp.enclosure.terms import LinearTerm

SOURCE = torch.Generator().manual_seed(1)
LEFT = torch.randn(2, 3, dtype=torch.float64, generator=SOURCE)
RIGHT = torch.randn(5, 4, dtype=torch.float64, generator=SOURCE)
X = random_model(1, 1, 2, (), 0.3)


def close(model, expected):
    return torch.allclose(model.polynomial, expected, rtol=ROUNDING, atol=ROUNDING)


def test_a_term_is_its_formula_and_so_is_its_transpose():
    term = LinearTerm(X, as_matrix(LEFT), as_matrix(RIGHT), factor=-1.0)
    expected = -(LEFT @ X.polynomial @ RIGHT)
    assert close(term.evaluate(), expected)
    assert close(term.transpose().evaluate(), expected.mT)
    assert close(term.transpose().transpose().evaluate(), expected)


def test_terms_merge_if_they_share_a_matrix_and_only_then():
    left, right = as_matrix(LEFT), as_matrix(RIGHT)
    one, two = LinearTerm(X, left, right), LinearTerm(X, left, right * 2.0)
    merged = one.merge_with(two)
    assert merged is not None
    assert close(merged.evaluate(), 3 * LEFT @ X.polynomial @ RIGHT)
    assert one.merge_with(LinearTerm(X, left * 2.0, right * 2.0)) is None
    assert one.merge_with(LinearTerm(random_model(1, 1, 2, (), 0.3), left, right)) is None
    assert LinearTerm(X).merge_with(LinearTerm(X, transposed=True)) is None


def test_terms_that_cancel_are_exactly_zero():
    merged = LinearTerm(X, None, as_matrix(RIGHT)).merge_with(LinearTerm(X, None, as_matrix(RIGHT), factor=-1.0))
    assert merged is not None
    assert merged.is_zero
    assert not LinearTerm(X, None, as_matrix(RIGHT)).is_zero


def test_a_product_with_the_rows_is_formed_once_and_not_for_another_matrix():
    x, left = random_model(1, 1, 2, (), 0.3), as_matrix(LEFT)
    first = LinearTerm(x, left).apply_row_matrix().model
    assert LinearTerm(x, left, as_matrix(RIGHT)).apply_row_matrix().model is first
    assert LinearTerm(x, as_matrix(LEFT)).apply_row_matrix().model is not first


def test_factors_are_kept_or_given_to_a_matrix():
    term = LinearTerm(X, None, as_matrix(RIGHT))
    assert term.scale(-1.0).factor == -1.0
    assert term.scale(3.0).factor == 1.0
    assert close(term.scale(3.0).evaluate(), 3 * X.polynomial @ RIGHT)
