"""Axes at numbers: what is moved, split, joined, repeated, and what would reach the axis that counts cells."""

import pytest
import torch
from agreement import X, assert_agrees, exactly, numbers
from random_models import new_symbols, random_model

from varexp.enclosure import Enclosure, UnknownOperationError
from varexp.enclosure.cells_second import CellsSecond
from varexp.enclosure.protocol import AxisOrder
from varexp.enclosure.refusals import CellCount

W, B = numbers(5, 6, seed=2), numbers(3, 6, seed=3)
SQUARE = numbers(3, 3, 3, seed=4)
IMAGE = numbers(2, 3, 4, 5, seed=5)
DEEP = numbers(2, 3, 2, 4, 5, seed=6)


def heads(x, count=2):
    """Three terms: one times a matrix, one transposed before, one plain; and a constant."""
    return ((x @ W) * 0.5 + (U3 @ x @ W).sin() + B).unflatten(-1, (count, 6 // count))


U3 = numbers(3, 3, seed=7, reach=0.5)
USES = {
    "transpose": lambda x: x.transpose(1, 2),
    "transpose back": lambda x: x.transpose(-1, 1).transpose(2, 1),
    "transpose of itself": lambda x: x.transpose(2, -1),
    "transpose of rows with themselves": lambda x: x.transpose(1, -2),
    "transpose of a square": lambda x: (x @ x.mT).transpose(-2, -1) @ x,
    "cells second and back": lambda x: x.transpose(0, 1).transpose(1, 0),
    "cells second and back by ends": lambda x: x.transpose(-2, -3).transpose(0, 1),
    "cells second and back mixed": lambda x: x.transpose(-3, 1).transpose(0, 1),
    "unflatten": lambda x: (x @ W).unflatten(-1, (2, 3)),
    "unflatten with -1": lambda x: (x @ W).unflatten(-1, (-1, 3)),
    "unflatten in three": lambda x: (x @ W).unflatten(-1, (3, 1, 2)),
    "unflatten of rows": lambda x: x.unflatten(1, (3, 1)),
    "unflatten of two axes": lambda x: x[:, 0].unflatten(1, (5, 1)),
    "unflatten of four axes": lambda x: x.unsqueeze(1).unflatten(-1, (1, 5)),
    "unflatten of a transposed": lambda x: x.mT.unflatten(-1, (1, 3)),
    "unflatten with a constant": lambda x: (x @ W + B).unflatten(-1, (2, 3)),
    "unflatten with a constant column": lambda x: (x @ W + B[:, :1]).unflatten(-1, (2, 3)),
    "unflatten with a number": lambda x: (x @ W + 2.5).unflatten(-1, (2, 3)),
    "heads": lambda x: heads(x).transpose(1, 2),
    "heads and back": lambda x: heads(x).transpose(1, 2).transpose(1, 2),
    "heads flattened": lambda x: heads(x).flatten(-2),
    "heads first flattened": lambda x: heads(x).transpose(1, 2).flatten(-2),
    "heads transposed otherwise": lambda x: heads(x).transpose(-1, -2),
    "heads transposed far": lambda x: heads(x).transpose(1, 3),
    "heads joined": lambda x: heads(x).transpose(1, 2).transpose(1, 2).flatten(-2),
    "heads joined with tokens": lambda x: heads(x).flatten(1, 2),
    "heads joined all": lambda x: heads(x).flatten(1),
    "one head": lambda x: heads(x, 1).transpose(1, 2).transpose(1, 2).flatten(-2),
    "one head joined at once": lambda x: heads(x, 1).flatten(-2),
    "one head joined to tokens": lambda x: heads(x, 1).flatten(1, 2),
    "one head joined with tokens first": lambda x: heads(x, 1).transpose(1, 2).flatten(1, 2),
    "one head, a column": lambda x: (x @ W + B[:, :1]).unflatten(-1, (1, 6)).transpose(1, 2).transpose(1, 2).flatten(2),
    "one head, its own transposed": lambda x: heads(x, 1).transpose(1, 2).mT.mT.transpose(1, 2).flatten(-2),
    "one head times a matrix": lambda x: (
        (numbers(1, 3, 3) @ heads(x, 1).transpose(1, 2) @ W[:3].mT @ W[:3]).transpose(1, 2).flatten(-2)
    ),
    "flatten": lambda x: x.flatten(1),
    "flatten by ends": lambda x: x.unsqueeze(1).flatten(1, 2),
    "unsqueeze": lambda x: x.unsqueeze(1),
    "unsqueeze last": lambda x: x.unsqueeze(-1),
    "unsqueeze of two axes": lambda x: x[:, 0].unsqueeze(1),
    "squeeze": lambda x: x[:, :1].squeeze(1),
    "squeeze of a longer axis": lambda x: x.squeeze(1),
    "squeeze of several": lambda x: x[:, :1, :1].squeeze((1, 2)),
    "squeeze of one of several": lambda x: x[:, :1].squeeze((1, 2)),
    "reshape": lambda x: x.reshape(x.shape[0], 5, 3),
    "reshape in one": lambda x: x.reshape((x.shape[0], 15)),
    "reshape by keyword": lambda x: torch.reshape(x, shape=(x.shape[0], 5, 3)),
    "reshape by a list": lambda x: x.reshape([x.shape[0], 1, 15]),
    "reshape to a row": lambda x: x[:, 0, :1].reshape(-1, 1),
    "reshape inferred": lambda x: x.reshape(x.shape[0], -1, 3),
    "reshape inferred of one": lambda x: x.reshape(x.shape[0], 15, -1),
    "reshape with cells inferred": lambda x: x.reshape(-1, 5, 3),
    "reshape to nothing": lambda x: x[:, 0, 0].reshape(x.shape[0]),
    "reshape of heads": lambda x: heads(x).reshape(x.shape[0], 3, 6),
    "reshape of nothing": lambda x: x[:, :0].reshape(x.shape[0], 0, 2),
    "view_as": lambda x: x.view_as(x.mT.contiguous()),
    "expand": lambda x: x[:, :1].expand(-1, 3, -1),
    "expand by keyword": lambda x: x[:, :1].expand(size=(-1, 2, 5)),
    "expand with cells": lambda x: x[..., :1].expand(x.shape[0], 3, 2),
    "expand to the same": lambda x: x.expand(-1, 3, 5),
    "expand_as": lambda x: x[:, :1].expand_as(x),
    "repeat": lambda x: x.repeat(1, 2, 3),
    "tile": lambda x: torch.tile(x, (1, 1, 2)),
    "repeat_interleave": lambda x: x.repeat_interleave(3, dim=1),
    "permute": lambda x: x.permute(0, 2, 1),
    "permute by ends": lambda x: x.permute(-3, -1, -2),
    "permute in one": lambda x: x.permute((0, 1, 2)),
    "movedim": lambda x: x.movedim(1, -1),
    "flip": lambda x: x.flip(1),
    "flip both": lambda x: torch.flip(x, (1, -1)),
    "roll": lambda x: x.roll(2, dims=-1),
    "roll both": lambda x: torch.roll(x, (1, 2), (1, 2)),
    "mT": lambda x: x.mT,
}
FURTHER = {
    "transpose in four axes": (lambda x: x.transpose(1, 2), IMAGE),
    "transpose in four axes, columns": (lambda x: x.transpose(-1, -2), IMAGE),
    "transpose in four axes, far": (lambda x: x.transpose(1, 3), IMAGE),
    "transpose twice": (lambda x: x.transpose(1, 2).transpose(2, 3), IMAGE),
    "transpose thrice": (lambda x: x.transpose(1, 2).transpose(1, 3).transpose(1, 2), IMAGE),
    "exchanged, then itself": (lambda x: x.transpose(1, 2).transpose(3, 3), IMAGE),
    "exchanged, then a product": (lambda x: x.transpose(1, 2) @ W, IMAGE),
    "flatten after an exchange": (lambda x: x.transpose(1, 2).flatten(-2), IMAGE),
    "flatten of the middle": (lambda x: x.transpose(1, 2).flatten(1, 2), IMAGE),
    "flatten of an image": (lambda x: x.flatten(2), IMAGE),
    "permute in four axes": (lambda x: x.permute(0, 3, 1, 2), IMAGE),
    "permute twice": (lambda x: x.permute(0, 2, 3, 1).permute(0, 3, 1, 2), IMAGE),
    "five axes": (lambda x: x.transpose(2, 3), DEEP),
    "five axes, earlier": (lambda x: x.transpose(1, 2), DEEP),
    "five axes flattened": (lambda x: x.transpose(2, 3).flatten(-2), DEEP),
    "squares": (lambda x: x.transpose(1, 2), SQUARE),
    "squares of cells": (lambda x: x.transpose(0, 1).transpose(0, 1), SQUARE),
    "one head of an image": (lambda x: x.transpose(1, 2).flatten(-2), numbers(2, 1, 3, 4)),
    "one row of an image": (lambda x: x.transpose(1, 2).flatten(-2), numbers(2, 3, 1, 4)),
    "one row, other axes": (lambda x: x.transpose(1, 2).flatten(1, 2), numbers(2, 1, 3, 4)),
}


@pytest.mark.parametrize("name", USES)
def test_entries_are_where_torch_has_them(name):
    assert_agrees(USES[name])


@pytest.mark.parametrize("name", FURTHER)
def test_entries_of_other_shapes_are_where_torch_has_them(name):
    assert_agrees(*FURTHER[name])


REFUSED = {
    "transpose": lambda x: x.transpose(0, 2),
    "transpose of cells with themselves": lambda x: x.transpose(0, -3),
    "transpose of cells by ends": lambda x: x.transpose(-1, -3),
    "transpose of two axes": lambda x: x[:, 0].transpose(0, 1),
    "transpose of four axes": lambda x: x.unsqueeze(1).transpose(0, 1),
    "transpose of four axes by ends": lambda x: x.unsqueeze(1).transpose(-3, -4),
    "flatten": lambda x: x.flatten(),
    "flatten to the first": lambda x: x.flatten(0, 1),
    "squeeze": lambda x: x.squeeze(),
    "squeeze of cells": lambda x: x.squeeze(0),
    "unsqueeze before cells": lambda x: x.unsqueeze(0),
    "reshape to nothing": lambda x: x.reshape(()),
    "reshape by no size": lambda x: x.reshape(),
    "reshape by a number": lambda x: x.reshape(4, 15),
    "reshape by one": lambda x: x.reshape(1, 15),
    "reshape inferred twice": lambda x: x.reshape(x.shape[0], -1, -1),
    "reshape inferred beside cells": lambda x: x.reshape(-1, -1),
    "reshape inferred beside cells and sizes": lambda x: x.reshape(-1, 5, -1),
    "reshape inferred thrice": lambda x: x.reshape(-1, -1, -1),
    "reshape to fewer": lambda x: x.reshape(x.shape[0], 7),
    "reshape to more": lambda x: x.reshape(x.shape[0], 3, 6),
    "reshape inferred, with a rest": lambda x: x.reshape(x.shape[0], -1, 4),
    "reshape to nothing inferred": lambda x: x[:, :0].reshape(x.shape[0], 0, -1),
    "reshape to negative sizes": lambda x: x.reshape(x.shape[0], -3, -5),
    "reshape to some negative sizes": lambda x: x.reshape(x.shape[0], -3, -5, 1),
    "reshape by cells twice": lambda x: x.reshape(x.shape[0], x.shape[0], -1),
    "reshape by broken numbers": lambda x: x.reshape(x.shape[0], 3.0, 5.0),
    "unflatten by cells": lambda x: x[..., :4].unflatten(-1, (x.shape[0], 1)),
    "unflatten to fewer": lambda x: x.unflatten(-1, (2, 2)),
    "unflatten of cells": lambda x: x.unflatten(0, (2, 2)),
    "expand": lambda x: x.expand(2, 3, 5),
    "expand by one": lambda x: x.expand(1, 3, 5),
    "expand by fewer": lambda x: x.expand(3, 5),
    "expand by more": lambda x: x.expand(-1, 2, 3, 5),
    "expand by more cells": lambda x: x.expand(x.shape[0], 2, 3, 5),
    "expand of a longer axis": lambda x: x.expand(-1, 6, 5),
    "expand of a longer axis to one": lambda x: x.expand(-1, 1, 5),
    "repeat of cells": lambda x: x.repeat(2, 1, 1),
    "repeat by fewer": lambda x: x.repeat(1, 2),
    "repeat by more": lambda x: x.repeat(1, 1, 2, 1),
    "repeat_interleave": lambda x: x.repeat_interleave(2),
    "repeat_interleave of cells": lambda x: x.repeat_interleave(2, dim=0),
    "permute of cells": lambda x: x.permute(1, 0, 2),
    "permute of cells last": lambda x: x.permute(2, 1, 0),
    "permute by fewer": lambda x: x.permute(0, 1),
    "permute by more": lambda x: x.permute(0, 1, 2, 1),
    "permute with one twice": lambda x: x.permute(0, 1, 1),
    "permute with cells twice": lambda x: x.permute(0, -3, 1),
    "permute with one twice and cells elsewhere": lambda x: x.permute(1, 1, 2),
    "movedim": lambda x: x.movedim(0, 1),
    "flip": lambda x: x.flip(0),
    "roll": lambda x: x.roll(1),
    "roll of cells": lambda x: x.roll(1, 0),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name):
    with pytest.raises(UnknownOperationError):
        REFUSED[name](exactly(X))


def test_the_order_of_axes_is_noted_where_torch_needs_it():
    x = exactly(IMAGE)
    assert x.transpose(1, 2).order is AxisOrder.HEADS_FIRST
    assert x.transpose(1, 2).expression is x.expression
    assert x.transpose(1, 2).transpose(-2, -3).order is AxisOrder.SAME
    assert (exactly(X) @ W).mT.expression._model is None
    assert isinstance(exactly(X).transpose(1, 0), CellsSecond)
    assert isinstance(exactly(X).reshape(-1, 15).shape[0], CellCount)


def test_symbols_by_row_stay_with_their_rows_where_a_head_is_split_and_joined():
    x = Enclosure.of(random_model(1, 1, 2, new_symbols(4), 0.3)) @ W
    split = x.unflatten(-1, (1, 6))
    assert [len(term.model.symbols) for term in split.expression.terms] == [4]
    joined = split.transpose(1, 2).transpose(1, 2).flatten(-2).model()
    assert torch.equal(joined.generators, x.model().generators)
    assert torch.equal(joined.remainder, x.model().remainder)
