"""Numbers whose enclosures must give what torch gives for them, in torch's shape and up to rounding."""

import inspect

import torch
from tolerances import ROUNDING
from torch.nn import functional

from varexp.enclosure import Enclosure
from varexp.enclosure.basis import ring
from varexp.enclosure.model import ChebyshevModel


def numbers(*shape, seed=1, reach=3.3):
    """Different numbers, evenly spread over [-reach, reach], in a random order."""
    count = torch.Size(shape).numel()
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    return torch.linspace(-reach, reach, count, dtype=torch.float64)[order].reshape(shape)


X = numbers(4, 3, 5)  # four cells


def exactly(values):
    """The enclosure of these numbers alone."""
    return Enclosure.of(ChebyshevModel.constant(ring(1, 2), values))


def assert_agrees(operation, values=X, reach=1e-11):
    """What an operation makes of numbers lies in what it makes of their enclosure, which is nowhere wider than `reach`
    beside numbers of size 1."""
    found, expected = operation(exactly(values)), operation(values)
    assert tuple(found.shape) == tuple(expected.shape)
    model = found.model()
    deviation = model.deviation(model.uncertainty())
    size = 1 + expected.abs()
    assert bool((deviation <= reach * size).all())
    assert bool(((model.polynomial[0] - expected).abs() <= deviation + ROUNDING / 10 * size).all())


def assert_has_torchs_defaults(*rules):
    """What a rule takes where nothing is given is what torch's function of its name takes."""
    for f in rules:
        own = inspect.signature(f).parameters
        for name, parameter in inspect.signature(getattr(functional, f.__name__)).parameters.items():
            if name in own and own[name].default is not inspect.Parameter.empty:
                assert own[name].default == parameter.default, (f.__name__, name)
