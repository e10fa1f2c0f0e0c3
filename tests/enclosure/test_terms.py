"""Linear terms: evaluation, merging, and what is remembered."""

from fractions import Fraction

import pytest
import torch
from random_models import random_model
from tolerances import ROUNDING

from varexp.enclosure.matrices import as_matrix
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.rounding import UNIT
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


SIDES = {"left": LEFT, "right": RIGHT}


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("given", [(), ("left",), ("right",), ("left", "right")])
@pytest.mark.parametrize("factor", [1.0, -1.0, 0.5])
def test_a_term_of_any_form_is_its_formula_when_scaled_and_when_added_to_its_like(given, transposed, factor):
    """For the transposed model LEFT stands on its right and RIGHT on its left, both transposed."""
    names = {"left": "right", "right": "left"} if transposed else {"left": "left", "right": "right"}
    matrices = {names[side]: as_matrix(SIDES[side].mT if transposed else SIDES[side]) for side in given}
    term = LinearTerm(X, **matrices, transposed=transposed, factor=factor)
    expected = X.polynomial
    expected = LEFT @ expected if "left" in given else expected
    expected = expected @ RIGHT if "right" in given else expected
    expected = factor * (expected.mT if transposed else expected)
    assert close(term.evaluate(), expected)
    assert close(term.transpose().evaluate(), expected.mT)
    assert close(term.apply_row_matrix().evaluate(), expected)
    for further in (1.0, -1.0, 3.0):
        scaled = term.scale(further)
        assert close(scaled.evaluate(), further * expected)
        assert close(scaled.scale(-1.0).evaluate(), -further * expected)
        assert close(scaled.scale(0.25).evaluate(), 0.25 * further * expected)
        merged = term.merge_with(scaled)
        assert merged is not None
        assert close(merged.evaluate(), (1 + further) * expected)


@pytest.mark.parametrize("transposed", [False, True])
def test_terms_merge_if_their_left_matrices_alone_differ(transposed):
    x = X.polynomial.mT if transposed else X.polynomial
    left = torch.randn(2, x.shape[-2], dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    right = torch.randn(x.shape[-1], 4, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    known = {"right": as_matrix(right), "transposed": transposed}
    one, two = (
        LinearTerm(X, as_matrix(left), factor=0.5, **known),
        LinearTerm(X, as_matrix(3 * left), factor=4, **known),
    )
    merged = one.merge_with(two)
    assert merged is not None
    assert close(merged.evaluate(), 12.5 * left @ x @ right)
    square = torch.randn(x.shape[-2], x.shape[-2], dtype=torch.float64, generator=torch.Generator().manual_seed(4))
    merged = LinearTerm(X, as_matrix(square), factor=0.5, **known).merge_with(LinearTerm(X, factor=-1.0, **known))
    assert merged is not None
    assert close(merged.evaluate(), (0.5 * square - torch.eye(len(square))) @ x @ right)


def test_the_matrix_on_the_rows_of_a_transposed_model_is_applied_to_the_model():
    term = LinearTerm(X, right=as_matrix(LEFT.mT), transposed=True)
    assert term.apply_row_matrix().right is None
    assert term.apply_row_matrix().model is LinearTerm(X, term.right.mT).apply_row_matrix().model
    assert LinearTerm(X, as_matrix(RIGHT.mT), transposed=True).apply_row_matrix().left is not None


def test_what_many_factors_round_is_in_the_remainder():
    """0.89^60 against fractions, the first factor being the term's own: off by more than eight roundings."""
    value = torch.ones(1, 1, 1, dtype=torch.float64)
    term = LinearTerm(ChebyshevModel.constant(X.ring, value), factor=0.89)
    for _ in range(59):
        term = term.scale(0.89)
    found, exact = term.evaluate(), Fraction(0.89) ** 60
    lost = abs(exact - Fraction(float(found.polynomial[0])))
    assert 8 * UNIT * exact < lost <= Fraction(float(found.remainder))
    assert float(found.remainder) < 1e-12 * exact


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
