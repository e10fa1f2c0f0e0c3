"""Every operation contains what it should: at random points of random Chebyshev models, and exactly at zero width."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from random_models import POINTS, SHAPE, Points, new_symbols, random_model, violations
from tolerances import ROUNDING
from torch.nn import functional

from varexp.enclosure import Enclosure
from varexp.enclosure.basis import ring
from varexp.enclosure.model import ChebyshevModel
from varexp.maps.layers import layer_norm

EXAMPLES = 40
CHECKS = EXAMPLES * POINTS * SHAPE[0] * SHAPE[1]  # entries that a row sum has: the fewest of all results
assert CHECKS >= 10**5  # per operation

SOURCE = torch.Generator().manual_seed(7)
W = torch.randn(5, 6, dtype=torch.float64, generator=SOURCE)
U = torch.randn(4, 3, dtype=torch.float64, generator=SOURCE)
B = torch.randn(3, 6, dtype=torch.float64, generator=SOURCE)

ONE = {  # operations on one enclosure, in plain torch; those that need positive values get them
    "sin": torch.sin,
    "cos": torch.cos,
    "tanh": torch.tanh,
    "exp": torch.exp,
    "gelu": functional.gelu,
    "relu": torch.relu,
    "abs": torch.abs,
    "sqrt": lambda x: torch.sqrt(5 + x),
    "rsqrt": lambda x: torch.rsqrt(5 + x),
    "reciprocal": lambda x: 1 / (5 + x),
    "square": torch.square,
    "cube": lambda x: x**3,
    "softmax": lambda x: torch.softmax(x, dim=-1),
    "softmax_rows": lambda x: torch.softmax(x, dim=1),
    "right": lambda x: x @ W + B,
    "left": lambda x: U @ x,
    "linear": lambda x: functional.linear(x, W.T, B[0]),
    "merged": lambda x: ((x * 1.3 - 2) @ W - 0.7 * (x @ W) + B) / 1.7,
    "quadratic": lambda x: (x @ W) @ (x @ W + B).transpose(-1, -2),
    "attention": lambda x: torch.softmax((x @ W + B) @ (x @ W).mT / 4, dim=-1) @ (x @ W + B),
    "householder": lambda x: x - 2 * x.mean(dim=-2, keepdim=True),
    "layer_norm": lambda x: layer_norm(x, epsilon=0.5),
    "mean": lambda x: x.mean(dim=(-2, -1), keepdim=True) + x,
    "sum": lambda x: x.sum(dim=-1),
    "amin": lambda x: x.amin(dim=-2),
    "amax": lambda x: x.amax(dim=1),
    "weighted": lambda x: x * W[:3, :5],
    "divided": lambda x: x / W[:3, :5],
    "heads": lambda x: x.unflatten(-1, (5, 1)).transpose(-2, -3).flatten(-2),
    "pad": lambda x: functional.pad(x, (1, 0, 2, 1)),
    "cat": lambda x: torch.cat([x, 2 * x], dim=-1),
    "stack": lambda x: torch.stack([x, x.sin()], dim=-3).sum(dim=-3),
    "reshape": lambda x: x.reshape(x.shape[0], 15)[..., 2:9],
}
TWO = {
    "product": lambda x, y: x * y,
    "matmul": lambda x, y: x @ y.mT,
    "difference": lambda x, y: x - y,
    "quotient": lambda x, y: x / (5 + y),
    "minimum": torch.minimum,
    "maximum": torch.maximum,
    "broadcast": lambda x, y: x - y.mean(dim=-2, keepdim=True),
}

models = st.tuples(
    st.integers(0, 2**20), st.integers(1, 3), st.integers(0, 4), st.integers(0, 3), st.sampled_from([1e-6, 0.02, 0.3])
)


@pytest.mark.parametrize("name", ONE)
@given(drawn=models)
@settings(max_examples=EXAMPLES)
def test_one_operand(name, drawn):
    seed, variables, order, symbols, width = drawn
    symbols = new_symbols(symbols)
    x = random_model(seed, variables, order, symbols, width)
    points = Points(seed + 1, variables, symbols)
    values = points.values(x)
    result = ONE[name](Enclosure.of(x)).model()
    exact = torch.stack([ONE[name](value) for value in values])
    assert violations(result, points, exact) == 0


@pytest.mark.parametrize("name", TWO)
@given(drawn=models)
@settings(max_examples=EXAMPLES)
def test_two_operands(name, drawn):
    seed, variables, order, symbols, width = drawn
    symbols = new_symbols(symbols)
    x = random_model(seed, variables, order, symbols, width)
    y = random_model(seed + 1, variables, order, symbols, width)
    points = Points(seed + 2, variables, symbols)
    a, b = points.values(x), points.values(y)
    result = TWO[name](Enclosure.of(x), Enclosure.of(y)).model()
    exact = torch.stack([TWO[name](u, v) for u, v in zip(a, b, strict=True)])
    assert violations(result, points, exact) == 0


@pytest.mark.parametrize("name", ONE)
def test_at_zero_width_the_enclosure_is_the_float_value(name):
    value = random_model(3, 1, 3, (), 0.1).polynomial[0]
    result = ONE[name](Enclosure.of(ChebyshevModel.constant(ring(1, 3), value))).model()
    exact = ONE[name](value)
    scale = 1 + float(exact.abs().max())
    assert float((result.polynomial[0] - exact).abs().max()) <= ROUNDING * scale
    assert float(result.uncertainty().max()) <= ROUNDING * scale * 10
    assert not bool(result.polynomial[1:].any()) or float(result.polynomial[1:].abs().max()) <= ROUNDING * scale


def test_the_check_itself_catches_a_wrong_enclosure():
    symbols = new_symbols(2)
    x = random_model(5, 2, 3, symbols, 0.3)
    points = Points(6, 2, symbols)
    exact = torch.stack([value.sin() for value in points.values(x)])
    result = torch.sin(Enclosure.of(x)).model()
    assert violations(result, points, exact) == 0
    result.remainder = result.remainder * 0.5
    assert violations(result, points, exact) > 0
    result.remainder = result.remainder * 2 + 1
    result.polynomial = result.polynomial * torch.nan
    assert violations(result, points, exact) == exact.numel()
