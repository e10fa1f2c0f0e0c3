"""torch's own errors at points of every size: at most half of what the rules allow for. Sampled, and not proved."""

import math

import pytest
import torch
from flint import arb, ctx
from function_facts import FACTS, POSITIVE

from varexp.enclosure.functions import TANH, ULPS
from varexp.enclosure.rounding import UNIT


@pytest.fixture(autouse=True)
def _precision():
    before, ctx.prec = ctx.prec, 200
    yield
    ctx.prec = before


def whole_range(limit):
    """Floats of every size up to `limit`, both signs, and neighbours of multiples of π/2, where sine cancels."""
    source = torch.Generator().manual_seed(1)
    exponents = torch.linspace(-300, math.log10(limit), 6000, dtype=torch.float64)
    sizes = 10**exponents * (1 + torch.rand(len(exponents), dtype=torch.float64, generator=source))
    near = torch.rand(6000, dtype=torch.float64, generator=source) * 40 - 20
    multiples = torch.arange(-2000, 2001, dtype=torch.float64) * (math.pi / 2)
    around = torch.cat(
        [multiples, torch.nextafter(multiples, multiples + 1), torch.nextafter(multiples, multiples - 1)]
    )
    x = torch.cat([sizes, -sizes, near, around])
    return x[x.abs() <= limit]


@pytest.mark.parametrize(
    ("name", "computed", "limit", "relative"),
    [
        ("sin", torch.sin, 1e9, False),
        ("cos", torch.cos, 1e9, False),
        ("tanh", torch.tanh, 1e9, False),
        ("tanh", TANH.value, 1e9, False),  # the formula that the rule uses
        ("erf", torch.erf, 1e9, False),
        ("atan", torch.atan, 1e9, False),
        ("exp", torch.exp, 700.0, True),
    ],
)
def test_torchs_functions_are_within_the_allowance(name, computed, limit, relative):
    x = whole_range(limit)
    values = computed(x.clone())
    worst = 0.0
    for point, value in zip(x.tolist(), values.tolist(), strict=True):
        exact = getattr(arb(point), name)()
        off = abs(arb(value) - exact)
        size = abs(exact) if relative else arb(1)
        worst = max(worst, float((off / size).abs_upper()) / UNIT)
    assert worst <= ULPS / 2, f"{name} is off by {worst} units"  # half the allowance, over the whole range
    assert worst > 0  # the comparison is not of torch with itself


@pytest.mark.parametrize("name", ["gelu", "rsqrt", "three_halves", "log", "softplus"])
def test_functions_of_any_size_are_within_their_allowance(name):
    f, exactly, _ = FACTS[name]
    x = whole_range(1e9)
    if name in POSITIVE:
        x = x[x > 1e-100]  # so that nothing underflows
    if name == "softplus":
        x = x[x.abs() < 700]  # the formula of the test overflows
    values = f.value(x)
    allowed = f.value_error(x.abs(), values.abs())
    worst = 0.0
    for point, value, allowance in zip(x.tolist(), values.tolist(), allowed.tolist(), strict=True):
        worst = max(worst, float((abs(arb(value) - exactly(arb(point))) / allowance).abs_upper()))
    assert 0 < worst <= 0.5, f"{name} takes {worst} of its allowance"
