"""How operands meet, away from the axis of cells."""

import pytest
import torch
from random_models import random_model

from varexp.enclosure import Enclosure, UnknownOperationError
from varexp.enclosure.operands import (
    as_constant,
    as_number,
    as_tensor,
    as_weights,
    axis_from_last,
    new_axis_from_last,
    of_same_rank,
)


def test_numbers_and_tensors_without_axes_are_numbers():
    assert as_number(2) == as_number(torch.tensor(2.0)) == 2.0
    assert as_number(torch.ones(1)) is None
    assert as_number(2j) is None
    assert as_number("2") is None


def test_constants_become_matrices_that_do_not_meet_cells():
    x = Enclosure.of(random_model(1, 1, 1, (), 0.1))
    assert as_constant(2.0, x).value.shape == (1, 1)
    assert as_constant(torch.ones(1, 3, 5), x).value.shape == (3, 5)
    assert as_constant(torch.ones(4, 3, 5), x).value.shape == (3, 5)  # the same in every cell
    with pytest.raises(UnknownOperationError, match=r"shape \(4, 1, 1\) cannot meet an enclosure of shape \(4, 3, 5\)"):
        as_constant(torch.arange(4.0)[:, None, None], x)


def test_numbers_keep_all_their_digits():
    assert float(as_tensor(0.1)) == 0.1
    assert as_tensor([1, 2]).dtype is torch.float64
    for x in (1j, torch.ones(1, dtype=torch.complex64), "2", None):
        with pytest.raises(UnknownOperationError):
            as_tensor(x)


def test_values_with_other_axes_do_not_meet():
    x, y = Enclosure.of(random_model(1, 1, 1, (), 0.1)), Enclosure.of(random_model(1, 1, 1, (), 0.1, shape=(4, 5)))
    assert [e.shape for e in of_same_rank(x, x, "a sum")] == [(4, 3, 5), (4, 3, 5)]
    with pytest.raises(UnknownOperationError, match=r"a sum of values of shape \(4, 3, 5\) and \(4, 5\)"):
        of_same_rank(x, y, "a sum")


def test_axes_are_counted_from_the_last():
    x = Enclosure.of(random_model(1, 1, 1, (), 0.1))
    assert [axis_from_last(x, dim) for dim in (1, 2, -1, -2)] == [-2, -1, -1, -2]
    for dim in (0, -3, None, True, (1, 2)):
        with pytest.raises(UnknownOperationError):
            axis_from_last(x, dim)
    for dim in (3, -4):
        with pytest.raises(IndexError, match="has no axis"):
            axis_from_last(x, dim)
    assert [new_axis_from_last(x, dim) for dim in (1, 3, -1)] == [-3, -1, -1]


def test_a_new_axis_comes_behind_that_of_cells_and_not_beyond_the_last():
    x = Enclosure.of(random_model(1, 1, 1, (), 0.1))
    for dim in (0, -4, 4, -5):
        with pytest.raises(UnknownOperationError, match="no axis comes before it"):
            new_axis_from_last(x, dim)


def test_weights_are_tensors_in_float64():
    weights = torch.ones(2, 3, dtype=torch.float64, requires_grad=True)
    assert torch.equal(as_weights(weights, "a product"), torch.ones(2, 3, dtype=torch.float64))
    for x in (torch.ones(2), [1.0], 2.0):
        with pytest.raises(UnknownOperationError, match="a product of an enclosure needs tensors in float64"):
            as_weights(x, "a product")
