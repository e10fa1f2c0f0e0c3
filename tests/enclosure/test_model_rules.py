"""The rules of models by hand: what a linear map does to remainders, and what is known besides."""

from fractions import Fraction

import pytest
import torch
from random_models import new_symbols, random_model
from tolerances import ROUNDING

from varexp.enclosure.basis import ring
from varexp.enclosure.matrices import Matrix
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.nonlinear import at_least
from varexp.enclosure.symbols import Symbol


def tensor(rows):
    return torch.tensor(rows, dtype=torch.float64)


def with_remainder(rows):
    """Zero, up to these remainders, in one cell."""
    R = tensor(rows)[None]
    return ChebyshevModel(ring(0, 0), torch.zeros_like(R)[None], R[None][:0], R, R)


@pytest.mark.parametrize(
    ("linear", "expected"),
    [
        (lambda x: x.scale(-0.5), [[0.5, 1.0], [1.5, 2.0]]),
        (lambda x: x.scale_entries(tensor([[3.0, -3.0], [0.0, 1.0]])), [[3.0, 6.0], [0.0, 4.0]]),
        (lambda x: x.sum_along(-1), [3.0, 7.0]),
        (lambda x: x.sum_along(-1, keepdim=True), [[3.0], [7.0]]),
        (lambda x: x.sum_along(-2), [4.0, 6.0]),
        (lambda x: x.right_multiply(Matrix(tensor([[1.0], [-2.0]]))), [[5.0], [11.0]]),
        (lambda x: x.left_multiply(Matrix(tensor([[1.0, -2.0]]))), [[7.0, 10.0]]),
        (lambda x: x.add_tensor(tensor([[5.0]])), [[1.0, 2.0], [3.0, 4.0]]),
        (lambda x: x.condense(2), [[1.0, 2.0], [3.0, 4.0]]),
    ],
)
def test_remainders_meet_the_absolute_values_of_a_linear_map(linear, expected):
    result = linear(with_remainder([[1.0, 2.0], [3.0, 4.0]])).drop_symbols()
    exact = tensor(expected)
    assert result.remainder.shape == (1, *exact.shape)
    assert bool((result.remainder[0] >= exact).all())
    assert torch.allclose(result.remainder[0], exact, rtol=ROUNDING, atol=ROUNDING)


def test_matrices_of_each_batch_meet_their_own_batch():
    """Two heads, 1 x 2 each, times a matrix of their own; a batch of one matrix is that matrix."""
    P = tensor([[[1.0, 2.0]], [[3.0, 4.0]]])[None, None]
    x = ChebyshevModel(ring(0, 0), P, P[:0], torch.zeros_like(P[0]), P[0].abs())
    W = tensor([[[1.0], [10.0]], [[2.0], [20.0]]])
    assert x.right_multiply(Matrix(W)).polynomial.flatten().tolist() == [21.0, 86.0]
    assert x.right_multiply(Matrix(W[:1])).polynomial.flatten().tolist() == [21.0, 43.0]
    row = x.rearrange(lambda t: t[..., 0, 0, :])
    product = row.right_multiply(Matrix(W[:1]))
    assert product.polynomial.shape == (1, 1, 1)
    assert product.remainder.shape == (1, 1)
    assert float(product.polynomial) == 21.0


def test_a_sum_keeps_symbols_by_row_within_rows_alone():
    """Two rows of one column, each with a number of its own: their sum can be as far off as both together."""
    x = with_remainder([[0.0], [0.0]])
    G = tensor([[1.0], [-2.0]])[None, None]
    x = ChebyshevModel(x.ring, x.polynomial, G, x.remainder, G[0].abs(), (Symbol(by_row=True),))
    kept = x.sum_along(-1, keepdim=True)
    assert kept.symbols == x.symbols
    assert torch.equal(kept.generators, G)
    for dim, keepdim, exact in ((-2, True, [[3.0]]), (-2, False, [3.0]), (-1, False, [1.0, 2.0])):
        summed = x.sum_along(dim, keepdim)
        assert summed.symbols == ()
        assert torch.allclose(summed.remainder, tensor(exact)[None], rtol=ROUNDING)
        assert bool((summed.remainder >= tensor(exact)).all())
    assert x.sum_along(-1).remainder.shape == (1, 2)


def test_what_is_added_in_place_may_have_more_entries_than_the_model():
    x, value = random_model(3, 1, 2, new_symbols(1), 0.3, shape=(2, 1, 3)), tensor([[1.0] * 3, [2.0] * 3])
    before = x.polynomial.clone()
    expected, found = x.add_tensor(value), x.add_tensor(value, in_place=True)
    assert torch.equal(found.polynomial, expected.polynomial)
    assert torch.equal(found.polynomial[0], before[0] + value)
    assert torch.equal(found.polynomial[1:], before[1:].expand(-1, -1, 2, -1))
    assert torch.equal(x.polynomial, before)


def test_a_matrix_as_a_model_is_off_by_its_error():
    value, error = tensor([[-3.0, 2.0]]), tensor([[0.5, 0.25]])
    exact = ChebyshevModel.of_matrix(ring(1, 2), Matrix(value), 2)
    assert torch.equal(exact.polynomial[0], value.expand(2, 1, 2))
    assert not bool(exact.remainder.any())
    found = ChebyshevModel.of_matrix(ring(1, 2), Matrix(value, error), 2)
    assert torch.equal(found.remainder, error.expand(2, 1, 2))
    for model, size in ((exact, value.abs()), (found, value.abs() + error)):
        assert bool((model.magnitude >= size).all())
        assert torch.allclose(model.magnitude, size.expand(2, 1, 2), rtol=ROUNDING)


def test_a_least_value_goes_where_its_entry_goes_and_moves_with_a_constant():
    x = random_model(3, 1, 2, (), 0.3, shape=(3, 1, 1))
    assert x.select_cells(torch.tensor([0])).least is None
    assert x.add_tensor(tensor([[1.0]])).least is None
    known = at_least(x, 0.1)
    known.least[1] = 7.0
    assert known.select_cells(torch.tensor([2, 1])).least.flatten().tolist() == [0.1, 7.0]
    assert known.add_tensor(tensor([[1.0]]), tensor([[0.5]])).least is None
    for added in (0.2, 0.7, -0.3, 1e9, -1e9):
        least, exact = known.add_tensor(tensor([[added]])).least, Fraction(0.1) + Fraction(added)
        assert Fraction(float(least[0])) <= exact
        assert float(least[0]) == pytest.approx(float(exact), rel=ROUNDING)


def test_symbols_by_row_need_rows_and_something_unknown():
    row = random_model(3, 1, 2, (), 0.3, shape=(2, 4))
    assert row.remainder_to_row_symbols() is row
    exact = random_model(3, 1, 2, (), 0.3)
    exact.remainder = torch.zeros_like(exact.remainder)
    assert exact.remainder_to_row_symbols() is exact
