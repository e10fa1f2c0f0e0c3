"""Entries picked at numbers: every kind of index and mask, and those that would reach the axis of cells."""

import numpy as np
import pytest
import torch
from agreement import X, assert_agrees, exactly, numbers

from varexp.enclosure import UnknownOperationError

IMAGE, ROWS = numbers(2, 3, 4, 5), numbers(3, 5, seed=2)
MASK, PLACES = numbers(3, 5, seed=3) > 0, torch.tensor([2, 0, 1, 1])
CELLS = torch.tensor([[True], [False], [True]])
USES = {
    "a number": lambda x: x[:, 1],
    "a number from the end": lambda x: x[..., -1],
    "numbers": lambda x: x[:, 1, 2],
    "a number of numpy": lambda x: x[:, np.int64(2)],
    "a slice": lambda x: x[:, 1:],
    "slices": lambda x: x[:, ::2, 1:4],
    "all": lambda x: x[:],
    "dots": lambda x: x[...],
    "dots and a number": lambda x: x[..., 0],
    "dots between": lambda x: x[:, ..., 1:3],
    "dots after": lambda x: x[:, 1, ...],
    "dots after all": lambda x: x[:, 1, 2, ...],
    "dots before all": lambda x: x[..., :, 0, 1],
    "a new axis": lambda x: x[:, None],
    "a new axis last": lambda x: x[..., None],
    "new axes and a slice": lambda x: x[:, None, 1:, None],
    "new axes and dots": lambda x: x[:, None, ..., None, 0],
    "dots, a new axis and a list": lambda x: x[..., None, [0, 2]],
    "a list": lambda x: x[:, [2, 0]],
    "a list last": lambda x: x[..., [1, 1, 4]],
    "places": lambda x: x[:, PLACES],
    "places of two axes": lambda x: x[:, PLACES.reshape(2, 2)],
    "places and a slice": lambda x: x[:, PLACES, 1:],
    "a mask": lambda x: x[:, MASK],
    "a mask after dots": lambda x: x[..., MASK],
    "a mask of one axis": lambda x: x[..., MASK[0]],
    "a mask of rows": lambda x: x[:, MASK[:, 0]],
    "a mask and a slice": lambda x: x[:, MASK[:, 0], 2:],
    "select": lambda x: x.select(1, 2),
    "select last": lambda x: x.select(-1, 0),
    "narrow": lambda x: x.narrow(1, 1, 2),
    "narrow last": lambda x: x.narrow(-1, 2, 3),
    "index_select": lambda x: x.index_select(1, PLACES),
    "index_select last": lambda x: x.index_select(-1, PLACES),
    "gather": lambda x: x.gather(2, PLACES.reshape(1, 1, 4).expand(x.shape[0], 3, 4)),
    "gather of rows": lambda x: x.gather(1, torch.tensor([[2, 0, 1, 1, 2]]).expand(x.shape[0], 1, 5)),
    "unbind": lambda x: torch.stack(x.unbind(1)[::-1], 1),
    "unbind last": lambda x: torch.stack(torch.unbind(x, -1), 1),
    "split": lambda x: torch.cat(x.split(2, 1)[::-1], 1),
    "split in parts": lambda x: torch.cat(x.split([1, 0, 3, 1], -1)[::-1], -1),
    "chunk": lambda x: torch.cat(x.chunk(2, -1)[::-1], -1),
    "chunk in more": lambda x: torch.cat(x.chunk(9, 1)[::-1], 1),
    "where": lambda x: torch.where(MASK, x, x.sin()),
    "where constant": lambda x: torch.where(MASK, x, ROWS),
    "where constant first": lambda x: torch.where(MASK, 0.3, x),
    "where by rows": lambda x: torch.where(CELLS, x, -x),
    "where by a larger mask": lambda x: torch.where(MASK, x[:, :1], x[..., :1]),
    "where by one": lambda x: torch.where(torch.tensor(False), x, -x),
    "where as a method": lambda x: x.where(MASK, 2.0),
    "masked_fill": lambda x: x.masked_fill(MASK, -7.0),
    "tril": torch.tril,
    "tril below": lambda x: x.tril(-1),
    "triu": torch.triu,
    "triu above": lambda x: torch.triu(x, 2),
}
IMAGES = {
    "numbers": lambda x: x[:, 1, 2, 3],
    "dots": lambda x: x[:, 1, ..., 2],
    "dots for two": lambda x: x[:, ..., 1:],
    "a list": lambda x: x[:, :, [3, 0]],
    "a mask of two axes": lambda x: x[..., numbers(4, 5) > 0],
    "a mask of three axes": lambda x: x[:, numbers(3, 4, 5) > 0],
    "a mask and dots": lambda x: x[:, numbers(3, 4) > 0, ...],
    "index_select": lambda x: x.index_select(2, PLACES),
    "gather": lambda x: x.gather(2, (numbers(1, 3, 2, 5) > 0).long().expand(x.shape[0], -1, -1, -1)),
    "tril": torch.tril,
    "split": lambda x: torch.cat(x.split(3, 2)[::-1], 2),
}


@pytest.mark.parametrize("name", USES)
def test_entries_are_torchs(name):
    assert_agrees(USES[name])


@pytest.mark.parametrize("name", IMAGES)
def test_entries_of_images_are_torchs(name):
    assert_agrees(IMAGES[name], IMAGE)


@pytest.mark.parametrize("index", [(slice(None), 1), (..., 0), (slice(None),)])
def test_entries_of_two_axes(index):
    assert_agrees(lambda x: x[index], numbers(3, 4))


REFUSED = {
    "a cell": lambda x: x[0],
    "some cells": lambda x: x[1:],
    "cells by a list": lambda x: x[[0, 1]],
    "cells by a mask": lambda x: x[torch.tensor([True, False, True, True])],
    "cells by a mask of all": lambda x: x[X > 0],
    "a new axis before cells": lambda x: x[None],
    "a new axis before all": lambda x: x[None, :],
    "nothing": lambda x: x[()],
    "too many": lambda x: x[:, 0, 0, 0],
    "too many with dots": lambda x: x[..., :1, :, :],
    "too many by a mask": lambda x: x[:, :, MASK],
    "a truth value": lambda x: x[True],
    "a truth value behind": lambda x: x[:, True],
    "a broken number": lambda x: x[:, 1.0],
    "a text": lambda x: x[:, "1"],
    "one that depends on the point": lambda x: x[:, x],
    "two lists": lambda x: x[:, [0, 1], [0, 1]],
    "a list beside a number": lambda x: x[:, 0, [0, 1]],
    "a number beside a mask": lambda x: x[:, MASK[:, 0], 1],
    "select of cells": lambda x: x.select(0, 1),
    "narrow of cells": lambda x: x.narrow(0, 0, 2),
    "index_select of cells": lambda x: x.index_select(0, PLACES),
    "gather of cells": lambda x: x.gather(0, torch.zeros(4, 3, 5, dtype=torch.long)),
    "gather for one cell": lambda x: x.gather(1, torch.zeros(1, 2, 5, dtype=torch.long)),
    "gather of fewer axes": lambda x: x.gather(1, torch.zeros(4, 5, dtype=torch.long)),
    "gather for more cells": lambda x: x.gather(1, torch.zeros(5, 2, 5, dtype=torch.long)),
    "gather by cell": lambda x: x.gather(1, torch.arange(4).reshape(4, 1, 1).expand(4, 1, 5) % 3),
    "unbind": lambda x: x.unbind(),
    "split of cells": lambda x: x.split(2),
    "chunk of cells": lambda x: x.chunk(2),
    "a mask of numbers": lambda x: torch.where(MASK.double(), x, 0.0),
    "a mask by cell": lambda x: torch.where(X > 0, x, 0.0),
    "ranks": lambda x: torch.where(MASK, x, x[:, 0]),
    "a triangle of cells": lambda x: x[:, 0].tril(),
    "a triangle of cells above": lambda x: x[:, 0].triu(),
    "a triangle of numbers": lambda x: x[:, 0, 0].tril(),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.filterwarnings("ignore")
def test_what_is_refused(name):
    with pytest.raises(UnknownOperationError):
        REFUSED[name](exactly(X))
