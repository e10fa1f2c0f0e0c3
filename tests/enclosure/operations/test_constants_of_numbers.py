"""Constants like an enclosure, copies and conversions."""

import pytest
import torch
from agreement import X, assert_agrees, assert_has_torchs_defaults, exactly, numbers
from torch.nn import functional as F  # noqa: N812

from varexp.enclosure import UnknownOperationError
from varexp.enclosure.operations.constants import as_enclosure, dropout
from varexp.enclosure.protocol import AxisOrder

USES = {
    "zeros_like": torch.zeros_like,
    "ones_like": torch.ones_like,
    "full_like": lambda x: torch.full_like(x, 0.3),
    "new_zeros": lambda x: x + x.new_zeros(3, 5),
    "new_ones": lambda x: x + x.new_ones(5),
    "new_ones in one": lambda x: x + x.new_ones((3, 1)),
    "new_full": lambda x: x + x.new_full((3, 5), 0.3),
    "new_tensor": lambda x: x + x.new_tensor([1.0, 2.0, 3.0, 4.0, 0.1]),
    "new_zeros by cells": lambda x: torch.cat([x, x.new_zeros(x.shape[0], 1, 5)], 1),
    "clone": lambda x: x.clone(memory_format=torch.contiguous_format),
    "to": lambda x: x.to(torch.float64),
    "to the processor": lambda x: x.to("cpu", torch.float64, False, copy=True),
    "to by keyword": lambda x: x.to(dtype=torch.float64, device=torch.device("cpu")),
    "to another": lambda x: x.to(X),
    "type_as": lambda x: x.type_as(X),
    "dropout": lambda x: F.dropout(x, training=False),
    "dropout of nothing": lambda x: F.dropout(x, 0.0),
    "is_floating_point": lambda x: x * (2.0 if torch.is_floating_point(x) is True else 0.0),
    "is_complex": lambda x: x * (2.0 if torch.is_complex(x) is False else 0.0),
}


@pytest.mark.parametrize("name", USES)
def test_values_are_torchs(name):
    assert_agrees(USES[name])


@pytest.mark.parametrize("size", [(3, 5), (2,), ((2, 3),), ([4],), ((),)])
def test_new_tensors_have_the_size_that_is_asked_for(size):
    x = exactly(X)
    for found, value in ((x.new_zeros(*size), 0.0), (x.new_ones(*size), 1.0)):
        assert torch.equal(found, X.new_full(X.new_zeros(*size).shape, value))


REFUSED = {
    "dropout in training": F.dropout,
    "dropout in training with a little": lambda x: F.dropout(x, 0.01),
    "to float32": lambda x: x.to(torch.float32),
    "to a device": lambda x: x.to("meta"),
    "to a device by keyword": lambda x: x.to(device=torch.device("meta")),
    "to a device and a type": lambda x: x.to("meta", torch.float64),
    "to a type and a device": lambda x: x.to(dtype=torch.float32, device="cpu"),
    "to another": lambda x: x.to(torch.zeros(2, device="meta", dtype=torch.float64)),
    "to another type": lambda x: x.to(torch.zeros(2)),
    "type_as": lambda x: x.type_as(torch.zeros(2)),
    "clone by place": lambda x: x.clone(torch.contiguous_format),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name):
    with pytest.raises(UnknownOperationError):
        REFUSED[name](exactly(X))


def test_defaults_are_torchs():
    assert_has_torchs_defaults(dropout)


def test_copies_keep_the_order_of_axes():
    x = exactly(numbers(2, 3, 4, 5)).transpose(1, 2)
    assert x.order is AxisOrder.HEADS_FIRST
    for y in (x.clone(), x.to(torch.float64), F.dropout(x, training=False), -x, x * 2.0):
        assert y.order is AxisOrder.HEADS_FIRST


@pytest.mark.parametrize("shape", [(), (5,), (3, 1), (4, 3, 5), (1, 3, 5)])
def test_constants_are_the_same_in_every_cell(shape):
    value = numbers(*shape[-2:]).expand(shape)
    found = as_enclosure(value, exactly(X))
    assert found.ndim == 3
    assert torch.equal((found + torch.zeros(3, 5)).model().polynomial[0], (X * 0 + value))
