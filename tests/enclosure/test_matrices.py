"""evidence/enclosure/matrices.py: what merging loses is covered, and what is remembered is never of other weights."""

import contextlib
from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from varexp.enclosure.matrices import (
    MOST_REMEMBERED,
    Matrix,
    as_matrix,
    constant_row,
    identity,
    shared_matrices,
    stack_rows,
)
from varexp.enclosure.rounding import SMALLEST
from varexp.maps.patterns import generator


def drawn(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=generator("matrices", seed))


def fractions(matrix):
    return [[Fraction(x) for x in line] for line in matrix.tolist()]


def off(matrix, truth):
    """Whether any entry is farther from the truth than its error allows."""
    errors = torch.zeros_like(matrix.value) if matrix.error is None else matrix.error
    places = [(i, j) for i in range(len(truth)) for j in range(len(truth[0]))]
    return any(
        abs(Fraction(float(matrix.value[i, j])) - truth[i][j]) > Fraction(float(errors[i, j])) for i, j in places
    )


def product(a, b):
    return [[sum(x * y for x, y in zip(line, column, strict=True)) for column in zip(*b, strict=True)] for line in a]


def test_by_hand():
    a = Matrix(torch.tensor([[1.0, 2.0]], dtype=torch.float64))
    b = Matrix(torch.tensor([[3.0], [4.0]], dtype=torch.float64))
    assert (a @ b).value.tolist() == [[11.0]]
    assert (a + a).value.tolist() == [[2.0, 4.0]]
    assert (a * 0.5).value.tolist() == [[0.5, 1.0]]
    assert (a + a * -1.0).is_zero  # a structural zero, exactly
    assert constant_row(4, 0.25).value.tolist() == [[0.25] * 4]
    assert constant_row(2).value.tolist() == [[1.0, 1.0]]
    assert (b @ a).rearrange(lambda x: x.mT, "turned").value.tolist() == [[3.0, 4.0], [6.0, 8.0]]


@given(st.integers(0, 10**6), st.floats(-3, 3))
def test_sums_and_products_lie_within_the_error_in_exact_fractions(seed, factor):
    a, b, c = (drawn(3, 3, seed=seed + i) for i in range(3))
    found = (Matrix(a) @ Matrix(b) + Matrix(c) * factor) @ Matrix(a)
    A, B, C = map(fractions, (a, b, c))
    first = product(A, B)
    total = [[first[i][j] + C[i][j] * Fraction(factor) for j in range(3)] for i in range(3)]
    truth = product(total, A)
    assert not off(found, truth)
    assert off(Matrix(found.value), truth)  # the control: without it they do not


def test_a_tensor_is_one_matrix_and_a_product_is_made_once():
    weight, other = drawn(3, 3), drawn(3, 3, seed=1)
    with shared_matrices():
        first = as_matrix(weight) @ as_matrix(other)
        with shared_matrices():
            assert as_matrix(weight) @ as_matrix(other) is first
        assert as_matrix(weight) @ as_matrix(other) is first
        assert as_matrix(weight.mT) is not as_matrix(weight)
        assert (as_matrix(weight) * 2.0) is not (as_matrix(weight) * 3.0)
        assert as_matrix(weight).repeat_row(3) is not as_matrix(weight).repeat_column(3)
        kept = identity(3)
        assert identity(3) is kept
    assert as_matrix(weight) is not as_matrix(weight)
    assert identity(3) is not kept  # nor what was made of it


def test_weights_that_change_are_seen_once_the_search_is_over():
    weight = drawn(2, 2)
    with shared_matrices():
        before = (as_matrix(weight) @ identity(2)).value.clone()
    weight.data.mul_(0.5)  # behind autograd's back
    with shared_matrices():
        assert torch.equal((as_matrix(weight) @ identity(2)).value, before / 2)


@pytest.mark.parametrize("shared", [False, True])
def test_what_is_done_in_place_after_a_use_does_not_reach_back(shared):
    weight = torch.eye(2, dtype=torch.float64)
    with shared_matrices() if shared else contextlib.nullcontext():
        first = as_matrix(weight)
        weight[0, 0] = 2.0
        second = as_matrix(weight)
        assert (first.value[0, 0], second.value[0, 0]) == (1.0, 2.0)


@pytest.mark.parametrize("count", [MOST_REMEMBERED + 5])
def test_tensors_that_come_and_go_are_not_kept_for_ever_nor_taken_for_each_other(count):
    with shared_matrices():
        kept = as_matrix(drawn(2, 2))
        for i in range(count):
            passing = as_matrix(torch.full((2, 2), float(i), dtype=torch.float64))
            assert torch.equal((kept @ passing).value, kept.value @ torch.full((2, 2), float(i), dtype=torch.float64))
        assert len(kept._derived) <= MOST_REMEMBERED


def test_errors_by_hand():
    """3 ± 0.5 times 4 ± 0.25 is 12 ± 0.5·4.25 ± 3·0.25; a multiple and a sum of both."""
    a, b = (Matrix(torch.full((1, 1), x).double(), torch.full((1, 1), r).double()) for x, r in ((3, 0.5), (-4, 0.25)))
    for found, exact in ((a @ b, 0.5 * 4.25 + 3 * 0.25), (a * -3.0, 1.5), (a + b, 0.75), (a * -1.0, 0.5)):
        assert exact <= float(found.error) <= exact * (1 + 1e-12)


@given(st.integers(0, 10**6), st.floats(-3, 3))
def test_a_multiple_of_what_is_hardly_off_is_rounded_too(seed, factor):
    a = drawn(2, 2, seed=seed)
    truth = [[x * Fraction(factor) for x in row] for row in fractions(a)]
    assert not off(Matrix(a, torch.full_like(a, 1e-40)) * factor, truth)


@given(st.integers(0, 10**6))
def test_a_product_and_a_sum_of_what_is_hardly_off_are_rounded_too(seed):
    a, b = drawn(3, 3, seed=seed), drawn(3, 3, seed=seed + 1)
    A, B = fractions(a), fractions(b)
    total = [[x + y for x, y in zip(*rows, strict=True)] for rows in zip(A, B, strict=True)]
    for one, other in ((1e-40, None), (None, 1e-40), (1e-40, 1e-40)):
        left, right = (Matrix(m, e and torch.full_like(m, e)) for m, e in zip((a, b), (one, other), strict=True))
        assert not off(left @ right, product(A, B))
        assert not off(left + right, total)


def test_what_vanishes_in_a_multiple_is_in_its_error_and_nothing_else_is():
    value, error = (torch.tensor([row], dtype=torch.float64) for row in ([SMALLEST, 0, 0], [0, SMALLEST, 0]))
    found = Matrix(value, error) * 0.25
    assert found.value.tolist() == [[0.0, 0.0, 0.0]]
    assert (found.error > 0).tolist() == [[True, True, False]]


def test_a_matrix_is_zero_if_no_entry_can_be_another_number():
    zero, one = torch.zeros(1, 2, dtype=torch.float64), torch.ones(1, 2, dtype=torch.float64)
    assert Matrix(zero).is_zero
    assert Matrix(zero, zero).is_zero
    for other in (Matrix(one), Matrix(one, zero), Matrix(zero, one), Matrix(one, one)):
        assert not other.is_zero


def test_errors_are_moved_with_their_entries():
    value, error = drawn(2, 3), drawn(2, 3, seed=1).abs()
    assert torch.equal(Matrix(value, error).mT.error, error.mT)
    assert Matrix(value).mT.error is None
    known, unknown, zero = Matrix(value), Matrix(value, error), torch.zeros_like(error)
    assert stack_rows([known, known]).error is None
    for parts, errors in (
        ([known, unknown], [zero, error]),
        ([unknown, known], [error, zero]),
        ([unknown, unknown], [error, error]),
    ):
        assert torch.equal(stack_rows(parts).value, torch.cat([value, value]))
        assert torch.equal(stack_rows(parts).error, torch.cat(errors))
