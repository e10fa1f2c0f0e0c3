"""What a layer with batch_first=True makes of an enclosure."""

import pytest
import torch
from random_models import random_model

from varexp.enclosure import Enclosure, UnknownOperationError
from varexp.enclosure.cells_second import CellsSecond


def swapped():
    x = Enclosure.of(random_model(1, 1, 1, (), 0.1))
    return x, x.transpose(0, 1)


def test_the_first_two_axes_are_exchanged_and_back():
    x, y = swapped()
    assert isinstance(y, CellsSecond)
    assert isinstance(y, torch.Tensor)
    assert (y.shape, y.dim(), y.size(0)) == ((3, 4, 5), 3, 3)
    assert y.transpose(1, 0) is x
    assert torch.transpose(y, 0, 1) is x


@pytest.mark.parametrize(
    "f", [torch.sin, lambda y: y + 1, lambda y: y.sum(dim=0), lambda y: y.transpose(1, 2), lambda y: y == y, bool]
)
def test_nothing_else_is_answered(f):
    with pytest.raises(UnknownOperationError):
        f(swapped()[1])


def test_the_number_of_cells_is_guarded_there_as_well():
    with pytest.raises(UnknownOperationError, match="counts cells"):
        swapped()[1].shape[1] * 2
