"""Activation functions at numbers, with torch's defaults and with others, and softmax of scores with masks."""

import math

import pytest
import torch
from agreement import X, assert_agrees, assert_has_torchs_defaults, exactly, numbers
from random_models import escapes, new_symbols, random_model
from torch.nn import functional as F  # noqa: N812

from varexp.enclosure import UnknownOperationError
from varexp.enclosure.operations import activations
from varexp.enclosure.operations.activations import _without_infinities

SLOPES = torch.tensor([0.25, -0.5, 2.0], dtype=torch.float64)
USES = {
    "gelu": F.gelu,
    "gelu by tanh": lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu,
    "softplus": F.softplus,
    "softplus with beta": lambda x: F.softplus(x, 2.0),
    "logsigmoid": F.logsigmoid,
    "mish": F.mish,
    "leaky_relu": F.leaky_relu,
    "leaky_relu with a slope": lambda x: F.leaky_relu(x, 0.3),
    "rrelu": F.rrelu,
    "rrelu with ends": lambda x: F.rrelu(x, 0.1, 0.7),
    "prelu": lambda x: F.prelu(x, SLOPES[:1]),
    "prelu by channel": lambda x: F.prelu(x, SLOPES),
    "prelu by channel of an image": lambda x: F.prelu(x.unflatten(2, (5, 1)), SLOPES),
    "elu": F.elu,
    "elu with alpha": lambda x: F.elu(x, 0.5),
    "celu": F.celu,
    "celu with alpha": lambda x: F.celu(x, 0.5),
    "selu": F.selu,
    "hardsigmoid": F.hardsigmoid,
    "hardswish": F.hardswish,
    "softsign": F.softsign,
    "tanhshrink": F.tanhshrink,
    "softshrink": F.softshrink,
    "softshrink with lambda": lambda x: F.softshrink(x, 1.5),
    "glu": lambda x: F.glu(x[..., :4]),
    "glu along an axis": lambda x: F.glu(x[:, :2], dim=1),
    "glu of an image": lambda x: F.glu(x.unflatten(1, (3, 1))[..., :4]),
    "softmax": lambda x: torch.softmax(x, dim=-1),
    "softmax along rows": lambda x: torch.softmax(x, dim=1),
    "softmin": lambda x: F.softmin(x, dim=1),
}


@pytest.mark.parametrize("name", USES)
def test_activations_have_torchs_values(name):
    assert_agrees(USES[name])


@pytest.mark.parametrize("name", ["gelu by tanh", "softplus", "mish", "prelu by channel", "elu", "celu", "softshrink"])
def test_activations_of_a_spread_are_contained(name):
    assert escapes(USES[name], random_model(3, 1, 3, new_symbols(2), 0.5)) == 0


def test_defaults_are_torchs():
    names = "silu mish leaky_relu rrelu elu celu selu hardsigmoid glu softmin"
    assert_has_torchs_defaults(*(getattr(activations, name) for name in names.split()))


def test_softplus_is_the_value_itself_beyond_the_threshold_alone():
    """e^−20 is 2.1e-9: torch's value at 20.5 is 20.5, and log(1 + e^x) lies 1.3e-9 above it."""
    assert_agrees(F.softplus, torch.tensor([[19.5, 5.0, -30.0]], dtype=torch.float64))
    assert_agrees(F.softplus, torch.tensor([[20.5, 25.0, 700.0]], dtype=torch.float64), reach=3e-10)
    assert_agrees(lambda x: F.softplus(x, 2.0, 0.0), numbers(2, 6), reach=1.0)
    assert_agrees(lambda x: F.softplus(x, 1.0, 1.0), torch.tensor([[0.99, -2.0]], dtype=torch.float64))


@pytest.mark.parametrize(
    "use",
    [
        lambda x: F.softplus(x, 0.0),
        lambda x: F.softplus(x, -1.0),
        lambda x: F.softplus(x, 1.0, -0.5),
        lambda x: F.softplus(x, -1.0, -0.5),
        lambda x: F.gelu(x, approximate="erf"),
        lambda x: F.rrelu(x, training=True),
        lambda x: torch.softmax(x, 0),
        lambda x: x.softmax(-1, 3),
    ],
)
def test_what_is_refused(use):
    with pytest.raises(UnknownOperationError):
        use(exactly(X))


def scores(centres, spreads):
    """A model of c + w·t for one cell and one row."""
    model = random_model(1, 1, 1, (), 0.0, shape=(1, 1, len(centres)))
    model.polynomial[0, 0, 0] = torch.tensor(centres, dtype=torch.float64)
    model.polynomial[1, 0, 0] = torch.tensor(spreads, dtype=torch.float64)
    model.remainder.zero_()
    model.magnitude = model.polynomial.abs().sum(dim=0) * (1 + 1e-15)
    return model


@pytest.mark.parametrize("spread", [0.0, 5.0, 3000.0])
def test_what_stands_for_a_masked_score_lies_a_thousand_below_every_other(spread):
    given = scores([-math.inf, 2.0, -math.inf, 70.0, -300.0], [0.0, 0.5, 0.0, spread, 1.0])
    masked = given.polynomial[0] == -math.inf
    found = _without_infinities(given, masked)
    low = found.polynomial[0][masked]
    others = found.polynomial[0] - found.polynomial[1].abs()
    assert bool((low <= others[~masked].min() - 1000).all())
    assert bool((found.magnitude[masked] >= low.abs()).all())
    for name in ("polynomial", "remainder", "magnitude"):
        assert torch.equal(getattr(found, name)[..., ~masked], getattr(given, name)[..., ~masked])
    assert not bool(found.polynomial[1][masked].any())


MASK = torch.tensor([[True, False, False, True, False], [False] * 5, [False, True, True, True, True]])


def test_masked_scores_have_no_weight():
    def attend(x):
        return x.masked_fill(MASK, -math.inf).softmax(-1)

    assert_agrees(attend)
    assert_agrees(attend, 100 * X)
    assert_agrees(lambda x: x.masked_fill(MASK.mT, -math.inf).softmax(1), X.mT)
    assert escapes(attend, random_model(5, 1, 3, new_symbols(2), 0.5)) == 0
