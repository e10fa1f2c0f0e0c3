"""`Enclosure` as torch sees it."""

import pytest
import torch
from random_models import random_model
from torch.nn import functional

from varexp.enclosure import Enclosure
from varexp.enclosure.protocol import TABLE, as_constant, as_number, axis_from_last, to_same_rank


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        (lambda x: torch.cumsum(x, dim=-1), "cumsum"),
        (lambda x: torch.fft.fft(x), "fft"),
        (lambda x: x.sort(), "sort"),
        (lambda x: functional.gelu(x, approximate="tanh"), "tanh"),
    ],
)
def test_an_unknown_operation_is_refused_by_name(operation, name):
    with pytest.raises(TypeError, match=name):
        operation(Enclosure.of(random_model(1, 1, 1, (), 0.1)))


def test_every_rule_is_found_from_torch_and_as_a_method():
    for function in (torch.sin, torch.Tensor.sin, torch.softmax, functional.gelu, torch.Tensor.__add__):
        assert function in TABLE
    assert callable(Enclosure.sin)
    assert TABLE[torch.add] is TABLE[torch.Tensor.__radd__]


def test_numbers_and_tensors_without_axes_are_numbers():
    assert as_number(2) == as_number(torch.tensor(2.0)) == 2.0
    assert as_number(torch.ones(1)) is None
    assert as_number("2") is None


def test_constants_become_matrices_that_do_not_meet_cells():
    x = Enclosure.of(random_model(1, 1, 1, (), 0.1))
    assert as_constant(2.0, x).value.shape == (1, 1)
    assert as_constant(torch.ones(1, 3, 5), x).value.shape == (3, 5)
    with pytest.raises(ValueError, match=r"shape \(4, 3, 5\) cannot meet an enclosure of shape \(4, 3, 5\)"):
        as_constant(torch.ones(4, 3, 5), x)


def test_ranks_are_raised_behind_the_cells():
    x, y = Enclosure.of(random_model(1, 1, 1, (), 0.1)), Enclosure.of(random_model(1, 1, 1, (), 0.1, shape=(4, 5)))
    assert [e.shape for e in to_same_rank(x, y)] == [(4, 3, 5), (4, 1, 5)]


def test_axes_are_counted_from_the_last():
    x = Enclosure.of(random_model(1, 1, 1, (), 0.1))
    assert [axis_from_last(x, dim) for dim in (1, 2, -1, -2)] == [-2, -1, -1, -2]
    for dim in (0, -3, 3, -4):
        with pytest.raises(ValueError, match="counts cells, or does not exist"):
            axis_from_last(x, dim)


def test_an_enclosure_has_the_shape_of_its_value():
    x = Enclosure.of(random_model(1, 1, 1, (), 0.1))
    assert (x.shape, x.ndim, x.dim(), x.size(1), len(x)) == ((4, 3, 5), 3, 3, 3, 4)
