"""Normalisations at numbers so small that ε decides, with torch's defaults and with others."""

import pytest
import torch
from agreement import X, assert_agrees, assert_has_torchs_defaults, exactly, numbers
from torch.nn import functional as F  # noqa: N812

from varexp.enclosure import UnknownOperationError
from varexp.enclosure.operations.normalisation import batch_norm, group_norm, layer_norm, rms_norm

SMALL, IMAGE = numbers(4, 3, 5, reach=0.01), numbers(2, 6, 2, 3, reach=0.01)
W, B, CHANNELS, SHIFTS = numbers(5, seed=2), numbers(5, seed=3), numbers(3, seed=4), numbers(3, seed=5)
PLANE, VARIANCE, ZERO = numbers(3, 5, seed=6), torch.tensor([2e-5, 0.3, 4.0]).double(), torch.zeros(3).double()
USES = {
    "layer_norm": lambda x: F.layer_norm(x, (5,)),
    "layer_norm by a number": lambda x: F.layer_norm(x, [5]),
    "layer_norm of both": lambda x: F.layer_norm(x, (3, 5), PLANE, PLANE + 1, 0.01),
    "layer_norm with weights": lambda x: F.layer_norm(x, (5,), W),
    "layer_norm with a bias": lambda x: F.layer_norm(x, (5,), None, B),
    "layer_norm with all": lambda x: F.layer_norm(x, (5,), W, B, 0.1),
    "rms_norm": lambda x: F.rms_norm(x, (5,)),
    "rms_norm of less": lambda x: F.rms_norm(x * 1e-6, (5,)),
    "rms_norm with all": lambda x: F.rms_norm(x, (5,), W, 0.01),
    "rms_norm of both": lambda x: F.rms_norm(x, (3, 5), None, 1e-4),
    "group_norm": lambda x: F.group_norm(x, 1),
    "group_norm of each": lambda x: F.group_norm(x, 3, CHANNELS, SHIFTS, 1e-3),
    "group_norm with a bias": lambda x: F.group_norm(x, 3, None, SHIFTS),
    "batch_norm": lambda x: F.batch_norm(x, SHIFTS, VARIANCE),
    "batch_norm with all": lambda x: F.batch_norm(x, SHIFTS, VARIANCE, CHANNELS, SHIFTS, eps=0.2),
    "batch_norm with weights": lambda x: F.batch_norm(x, ZERO, VARIANCE, CHANNELS),
    "batch_norm with a bias": lambda x: F.batch_norm(x, ZERO, VARIANCE, None, CHANNELS),
}
IMAGES = {
    "group_norm": lambda x: F.group_norm(x, 2),
    "group_norm of pairs": lambda x: F.group_norm(x, 3, numbers(6, seed=7), numbers(6, seed=8)),
    "batch_norm": lambda x: F.batch_norm(x, numbers(6, seed=7), VARIANCE.repeat(2), numbers(6, seed=8)),
    "layer_norm": lambda x: F.layer_norm(x, (2, 3)),
    "layer_norm of all": lambda x: F.layer_norm(x, (6, 2, 3)),
}


@pytest.mark.parametrize("name", USES)
def test_values_are_torchs(name):
    assert_agrees(USES[name], SMALL, reach=1e-10)


@pytest.mark.parametrize("name", IMAGES)
def test_values_of_images_are_torchs(name):
    assert_agrees(IMAGES[name], IMAGE, reach=1e-10)


def test_defaults_are_torchs():
    assert_has_torchs_defaults(layer_norm, rms_norm, group_norm, batch_norm)


REFUSED = {
    "layer_norm of cells": lambda x: F.layer_norm(x, (4, 3, 5)),
    "layer_norm of more": lambda x: F.layer_norm(x, (1, 4, 3, 5)),
    "layer_norm of another size": lambda x: F.layer_norm(x, (3,)),
    "layer_norm of a part": lambda x: F.layer_norm(x, (2, 5)),
    "rms_norm of cells": lambda x: F.rms_norm(x, (4, 3, 5)),
    "groups": lambda x: F.group_norm(x, 2),
    "batch_norm in training": lambda x: F.batch_norm(x, ZERO, VARIANCE, training=True),
    "batch_norm without a mean": lambda x: F.batch_norm(x, None, VARIANCE),
    "batch_norm without a variance": lambda x: F.batch_norm(x, ZERO, None),
    "batch_norm without statistics": lambda x: F.batch_norm(x, None, None, training=True),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name):
    with pytest.raises(UnknownOperationError):
        REFUSED[name](exactly(X))
