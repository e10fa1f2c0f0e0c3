"""Concatenation, stacking and padding at numbers."""

import pytest
import torch
from agreement import X, assert_agrees, exactly, numbers
from torch.nn import functional as F  # noqa: N812

from varexp.enclosure import UnknownOperationError

ROWS, IMAGE = numbers(3, 5, seed=4), numbers(2, 2, 3, 4, seed=5)


def each(x, value):
    """The same constant for every cell."""
    return value.expand(len(x) if type(x) is torch.Tensor else x.cells, *value.shape)


USES = {
    "cat": lambda x: torch.cat([x, x.sin()], dim=-1),
    "cat of rows": lambda x: torch.cat([x, x[:, :1]], 1),
    "cat with a constant": lambda x: torch.cat([x, each(x, ROWS)], 1),
    "cat with a constant first": lambda x: torch.cat([each(x, ROWS[:1]), x], 1),
    "cat of one": lambda x: torch.cat([x], 2),
    "stack": lambda x: torch.stack([x, x * 2], 1),
    "stack last": lambda x: torch.stack([x, each(x, ROWS), x.cos()], -1),
    "pad": lambda x: F.pad(x, (1, 2)),
    "pad by both": lambda x: F.pad(x, (1, 0, 0, 2)),
    "pad by less": lambda x: F.pad(x, (-1, 2)),
    "pad by nothing": lambda x: F.pad(x, ()),
    "pad with a value": lambda x: F.pad(x, (1, 0, 2, 1), value=0.3),
    "pad with 0": lambda x: F.pad(x, (1, 0), value=0.0),
    "pad by less with a value": lambda x: F.pad(x, (-1, 1), value=-2.0),
    "reflect": lambda x: F.pad(x, (2, 1), mode="reflect"),
    "replicate": lambda x: F.pad(x, (2, 1), mode="replicate"),
    "circular": lambda x: F.pad(x, (2, 1), mode="circular"),
}
IMAGES = {
    "pad of one axis": lambda x: F.pad(x, (1, 2)),
    "pad of two axes": lambda x: F.pad(x, (1, 2, 0, 1)),
    "pad of three axes": lambda x: F.pad(x, (1, 2, 0, 1, 1, 0)),
    "pad of three axes with a value": lambda x: F.pad(x, (1, 2, 0, 1, 1, 0), value=2.0),
    "reflect in two axes": lambda x: F.pad(x, (3, 1, 1, 2), mode="reflect"),
    "replicate in two axes": lambda x: F.pad(x, (0, 5, 4, 1), mode="replicate"),
    "circular in two axes": lambda x: F.pad(x, (1, 0, 2, 3), mode="circular"),
}


@pytest.mark.parametrize("name", USES)
def test_values_are_torchs(name):
    assert_agrees(USES[name])


@pytest.mark.parametrize("name", IMAGES)
def test_values_of_images_are_torchs(name):
    assert_agrees(IMAGES[name], IMAGE)


REFUSED = {
    "cat of cells": lambda x: torch.cat([x, x]),
    "stack of cells": lambda x: torch.stack([x, x]),
    "cat of other axes": lambda x: torch.cat([x, x[:, 0]], -1),
    "cat with a constant of fewer axes": lambda x: torch.cat([x, ROWS], -1),
    "cat with a constant of more axes": lambda x: torch.cat([x, X[None]], -1),
    "cat with a constant for one cell": lambda x: torch.cat([x, ROWS[None]], 1),
    "cat with a constant by cell": lambda x: torch.cat([x, X], 1),
    "cat with one that has as many entries as cells": lambda x: torch.cat([x, numbers(4, 5)], -1),
    "stack with a number": lambda x: torch.stack([x, torch.tensor(1.0)], 1),
    "pad of cells": lambda x: F.pad(x, (0, 0, 0, 0, 1, 0)),
    "pad of cells by nothing": lambda x: F.pad(x, (0, 0, 0, 0, 0, 0)),
    "pad of twenty-one axes": lambda x: F.pad(x[(..., *(None,) * 18)], (0,) * 42),
    "half a pair": lambda x: F.pad(x, (1, 1, 1)),
    "half a pair alone": lambda x: F.pad(x, (1,)),
    "a mode": lambda x: F.pad(x, (1, 1), mode="mirror"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name):
    with pytest.raises(UnknownOperationError):
        REFUSED[name](exactly(X))
