"""Affine expressions: merging before rounding, and products that keep their outer matrices."""

import torch
from random_models import Points, escapes, new_symbols, random_model
from tolerances import ROUNDING

from varexp.enclosure import Enclosure
from varexp.enclosure.expression import AffineExpression, expand_constant
from varexp.enclosure.matrices import as_matrix
from varexp.enclosure.symbols import Symbol

W = torch.randn(5, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(7))
B = torch.randn(3, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(8))


def test_a_merged_linear_map_loses_nothing_where_terms_cancel():
    x = Enclosure.of(random_model(8, 1, 2, (), 0.5))
    zero = (x @ W) @ W.T - x @ (W @ W.T)
    apart = (x @ W) - (x @ W)
    assert float(zero.model().uncertainty().max()) < 1e-12
    assert float(apart.model().uncertainty().max()) == 0.0  # a structural zero is exact


def test_linear_maps_change_matrices_and_evaluate_nothing():
    x = AffineExpression.of(random_model(1, 1, 2, (), 0.3))
    y = x.right_multiply(as_matrix(W)).add_constant(as_matrix(B)).scale(2.0).transpose()
    (term,) = y.terms
    assert term.model is x.model()
    assert y.shape == (4, 6, 3)
    assert y.constant is not None
    assert torch.allclose(y.constant.value, 2 * B.mT, rtol=ROUNDING, atol=ROUNDING)
    y.model()
    assert y.terms[0].model is y.model()  # evaluated, it is its value
    assert y.constant is None


def test_sums_merge_terms_of_one_model():
    x = AffineExpression.of(random_model(1, 1, 2, (), 0.3))
    y = AffineExpression.of(random_model(2, 1, 2, (), 0.3))
    assert len(x.right_multiply(as_matrix(W)).add(x.right_multiply(as_matrix(2 * W))).terms) == 1
    assert len(x.add(y).terms) == 2
    assert len(x.add(x.scale(-1.0)).terms) == 0


def test_a_product_keeps_the_outer_matrix_of_its_second_factor():
    x = AffineExpression.of(random_model(1, 1, 2, (), 0.3))
    product = x.matmul(x.transpose()).matmul(x.right_multiply(as_matrix(W)))
    (term,) = product.terms
    assert term.right is not None
    assert torch.equal(term.right.value, W)


def test_products_with_constants_are_contained():
    symbols = new_symbols(2)
    x = random_model(3, 2, 3, symbols, 0.3)

    def f(x):
        return (x + B[:, :5]) @ ((x + W[:3, :5]).transpose(-1, -2))

    assert escapes(f, x) == 0
    assert len(Points(0, 2, symbols).y) == 2


def test_a_constant_is_repeated_to_the_shape():
    row = as_matrix(torch.ones(1, 1, dtype=torch.float64))
    assert expand_constant(row, torch.Size((4, 3, 5))).value.shape == (3, 5)
    assert expand_constant(row, torch.Size((4, 5))).value.shape == (1, 5)
    assert expand_constant(row, torch.Size((4, 1, 1))) is row


def test_rows_are_repeated_in_sums():
    x = random_model(4, 1, 3, (), 0.3)
    assert escapes(lambda v: v[..., :1, :] @ W + v @ W, x) == 0


def test_a_row_times_a_matrix_is_a_row():
    row = AffineExpression.of(random_model(5, 1, 2, (), 0.3, shape=(4, 5)))
    assert tuple(row.right_multiply(as_matrix(W)).shape) == (4, 6)


def test_constants_add_up():
    x = AffineExpression.of(random_model(6, 1, 2, (), 0.3, shape=(4, 3, 6)))
    twice = x.add_constant(as_matrix(B)).add_constant(as_matrix(2 * B))
    assert torch.allclose(twice.constant.value, 3 * B, rtol=ROUNDING, atol=ROUNDING)
    both = x.add_constant(as_matrix(B)).add(x.add_constant(as_matrix(2 * B)))
    assert torch.allclose(both.constant.value, 3 * B, rtol=ROUNDING, atol=ROUNDING)


def test_a_single_row_or_column_is_repeated_before_a_linear_map():
    x = random_model(4, 1, 3, new_symbols(2), 0.3)
    assert escapes(lambda v: B[:2, :3] @ (v[..., :1, :] + v), x) == 0
    assert escapes(lambda v: (v[..., :1] + v) @ W, x) == 0
    assert escapes(lambda v: (v[..., :1] + B[:, :5]) @ W, x) == 0


def test_further_axes_are_repeated_by_the_evaluation_and_keep_symbols_by_row():
    x = random_model(5, 1, 2, (Symbol(), Symbol(by_row=True)), 0.3, shape=(4, 1, 3, 5))
    wide = AffineExpression.of(x).broadcast_to(torch.Size((4, 2, 3, 5))).model()
    assert wide.symbols == x.symbols
    assert wide.remainder.shape == (4, 2, 3, 5)
    for name in ("polynomial", "generators", "remainder", "magnitude"):
        narrow, found = getattr(x, name), getattr(wide, name)
        assert torch.equal(found, narrow.expand_as(found))


def test_products_of_sums_with_sums_of_models_and_constants_are_contained():
    """The second factor ends in a matrix, or has a constant of several matrices, or the first has two terms."""
    x = random_model(6, 2, 3, new_symbols(2), 0.3)
    several = torch.stack([B[:, :5].mT, W[:, :3]])
    for f in (
        lambda v: v.transpose(-1, -2) @ (v @ W + B),
        lambda v: (v @ W + torch.sin(v) @ W) @ (W.mT @ v.transpose(-1, -2) + B.mT),
        lambda v: (v.unsqueeze(-3) @ (v.unsqueeze(-3).transpose(-1, -2) + several)).flatten(-3, -2),
    ):
        assert escapes(f, x) == 0


def test_what_has_its_shape_already_needs_no_matrix():
    x = AffineExpression.of(random_model(7, 1, 2, (), 0.3, shape=(4, 1, 1)))
    (term,) = x.broadcast_to(x.shape).terms
    assert term.left is None
    assert term.right is None


def test_a_product_with_a_sum_of_model_and_constant_keeps_symbols_by_row():
    x = random_model(8, 1, 2, (Symbol(), Symbol(by_row=True)), 0.3)
    y = AffineExpression.of(random_model(9, 1, 2, (), 0.3, shape=(4, 5, 2))).add_constant(as_matrix(W[:, :2]))
    assert AffineExpression.of(x).matmul(y).model().symbols == x.symbols
