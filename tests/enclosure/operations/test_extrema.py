"""Minima, maxima and clamping at numbers, of two values and along axes of any length."""

import math

import pytest
import torch
from agreement import X, assert_agrees, assert_has_torchs_defaults, exactly, numbers
from random_models import escapes, new_symbols, random_model
from torch.nn import functional as F  # noqa: N812

from varexp.enclosure import UnknownOperationError
from varexp.enclosure.operations.extrema import hardtanh

ROWS, WIDE = numbers(3, 5, seed=4), numbers(2, 7, 6, reach=9.0)
USES = {
    "minimum": lambda x: torch.minimum(x, x.sin()),
    "minimum with a constant": lambda x: torch.minimum(ROWS, x),
    "fmin": lambda x: torch.fmin(x, ROWS),
    "maximum": lambda x: torch.maximum(x, x.cos()),
    "maximum with a constant": lambda x: torch.maximum(x, ROWS),
    "fmax": lambda x: torch.fmax(x, ROWS),
    "clamp": lambda x: x.clamp(-1.5, 0.5),
    "clamp from below": lambda x: x.clamp(min=-0.5),
    "clamp from above": lambda x: x.clamp(max=0.5),
    "clamp by tensors": lambda x: x.clamp(ROWS, ROWS + 1),
    "clamp whose ends cross": lambda x: x.clamp(1.0, -1.0),
    "clamp by no ends": lambda x: x.clamp(-math.inf, math.inf),
    "clamp by one end": lambda x: x.clamp(-math.inf, 0.5),
    "clamp by the other end": lambda x: x.clamp(-0.5, math.inf),
    "clip": lambda x: torch.clip(x, max=ROWS),
    "clamp_min": lambda x: x.clamp_min(0.3),
    "clamp_max": lambda x: x.clamp_max(0.3),
    "hardtanh": F.hardtanh,
    "hardtanh with ends": lambda x: F.hardtanh(x, -0.5, 2.0),
    "relu6": lambda x: F.relu6(3 * x),
    "amin": lambda x: x.amin(dim=-1),
    "amax": lambda x: x.amax(dim=-1),
    "amax of rows": lambda x: x.amax(dim=1),
    "amin kept": lambda x: x.amin(dim=1, keepdim=True),
    "amax kept": lambda x: torch.amax(x, -1, True),
    "amin of both": lambda x: x.amin((1, 2)),
    "amax of both": lambda x: x.amax((-1, 1), keepdim=True),
    "amax of a list": lambda x: x.amax([2]),
    "amax of one entry": lambda x: x[..., :1].amax(-1),
    "amin of six": lambda x: torch.cat([x, x[..., :1] - 9], -1).amin(-1),
}


@pytest.mark.parametrize("name", USES)
def test_values_are_torchs(name):
    assert_agrees(USES[name])


@pytest.mark.parametrize("length", range(1, 8))
def test_every_entry_counts(length):
    for place in range(length):
        values = torch.zeros(2, length, dtype=torch.float64)
        values[:, place] = 1.0
        assert_agrees(lambda x: x.amax(1), values)
        assert_agrees(lambda x: x.amin(1), -values)


@pytest.mark.parametrize("name", ["clamp", "amin", "amax kept", "maximum", "minimum", "hardtanh", "relu6"])
def test_values_of_a_spread_are_contained(name):
    assert escapes(USES[name], random_model(3, 1, 3, new_symbols(2), 0.5)) == 0


def test_defaults_are_torchs():
    assert_has_torchs_defaults(hardtanh)


REFUSED = {
    "no end": lambda x: x.clamp(),
    "no end by name": lambda x: x.clamp(min=None, max=None),
    "amin of all": lambda x: x.amin(),
    "amax of all": lambda x: x.amax(()),
    "amax of cells": lambda x: x.amax(0),
    "amax of cells and more": lambda x: x.amax((0, 1)),
    "ranks": lambda x: torch.maximum(x, x[:, 0]),
    "a constant by cell": lambda x: torch.maximum(x, X),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name):
    with pytest.raises(UnknownOperationError):
        REFUSED[name](exactly(X))
