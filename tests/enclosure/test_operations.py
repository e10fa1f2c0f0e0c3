"""Every operation contains what it should: at random points of random Chebyshev models, and exactly at zero width."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from random_models import POINTS, SHAPE, Points, new_symbols, random_model, violations
from tolerances import ROUNDING
from torch.nn import functional

from varexp.enclosure import Enclosure, aliasing, nonlinear, softmax
from varexp.enclosure.basis import Ring, ring
from varexp.enclosure.model import ChebyshevModel, Symbol
from varexp.enclosure.nonlinear import within
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
    value = random_model(3, 1, 3, (), 0.1).P[0]
    result = ONE[name](Enclosure.of(ChebyshevModel.constant(ring(1, 3), value))).model()
    exact = ONE[name](value)
    scale = 1 + float(exact.abs().max())
    assert float((result.P[0] - exact).abs().max()) <= ROUNDING * scale
    assert float(result.rest().max()) <= ROUNDING * scale * 10
    assert not bool(result.P[1:].any()) or float(result.P[1:].abs().max()) <= ROUNDING * scale


def test_the_check_itself_catches_a_wrong_enclosure():
    symbols = new_symbols(2)
    x = random_model(5, 2, 3, symbols, 0.3)
    points = Points(6, 2, symbols)
    exact = torch.stack([value.sin() for value in points.values(x)])
    result = torch.sin(Enclosure.of(x)).model()
    assert violations(result, points, exact) == 0
    result.R = result.R * 0.5
    assert violations(result, points, exact) > 0
    result.R = result.R * 2 + 1
    result.P = result.P * torch.nan
    assert violations(result, points, exact) == exact.numel()


def test_a_merged_linear_map_loses_nothing_where_terms_cancel():
    x = Enclosure.of(random_model(8, 1, 2, (), 0.5))
    zero = (x @ W) @ W.T - x @ (W @ W.T)
    apart = (x @ W) - (x @ W)
    assert float(zero.model().rest().max()) < 1e-12
    assert float(apart.model().rest().max()) == 0.0  # a structural zero is exact


def test_different_symbols_are_not_confused():
    x, y = (random_model(1, 1, 2, (Symbol(), Symbol()), 0.5) for _ in range(2))
    same = (Enclosure.of(x) - Enclosure.of(x)).model()
    other = (Enclosure.of(x) - Enclosure.of(y)).model()
    assert float(same.rest().max()) < float(other.rest().max())
    assert bool((other.rest() >= 1.99 * x.G.abs().sum(0)).all())


def test_a_symbol_by_row_cancels_within_its_row_and_nowhere_else():
    x = random_model(4, 1, 2, (), 0.5).by_rows()
    assert [symbol.by_row for symbol in x.symbols] == [True, True]
    assert float(x.R.amin(dim=-1).max()) == 0.0  # the two columns with the largest remainders have none left
    e = Enclosure.of(x)
    within_rows = (torch.tanh(e @ W) - torch.tanh(e @ W)).model()
    assert float(within_rows.rest().max()) <= 1e-6 + 4 * float(x.R.sum(dim=-1).max() * W.abs().max())
    across = (e - e @ torch.eye(5, dtype=torch.float64).flip(0)).model()
    shuffled = (e - torch.flip(torch.eye(3, dtype=torch.float64), (0,)) @ e).model()
    assert bool((shuffled.rest()[:, 0] >= x.rest()[:, 0] + x.rest()[:, 2] - 1e-12).all())  # different rows add up
    assert bool((across.rest() <= x.rest() + x.rest().flip(-1) + 1e-12).all())


def nothing_lost(variables, counts):
    factors, enough = aliasing.aliasing(variables, counts)
    return factors * 1e-200, torch.zeros_like(enough)  # not 0: some of the ellipses are unbounded


@pytest.mark.parametrize(
    ("where", "name", "instead", "operation"),
    [
        (Ring, "lost", 0.0, lambda x: x * x),
        (nonlinear, "aliasing", nothing_lost, lambda x: torch.tanh(3 * x)),
        (nonlinear, "aliasing", nothing_lost, lambda x: torch.sin(3 * x)),
        (softmax, "aliasing", nothing_lost, lambda x: torch.softmax(x / 5, -1)),
    ],
)
def test_what_interpolation_loses_is_needed(monkeypatch, where, name, instead, operation):
    """At few nodes the bound of what is lost holds, and nothing holds without it."""
    if where is not Ring:
        monkeypatch.setattr(where, "nodes", lambda shape: (4,))
    x = random_model(11, 1, 3, (), 0.8)
    x.R = torch.zeros_like(x.R)
    points = Points(12, 1, ())
    exact = torch.stack([operation(value) for value in points.values(x)])
    assert violations(operation(Enclosure.of(x)).model(), points, exact) == 0
    shape = Ring(1, 3)
    if where is Ring:
        shape.lost = instead
    else:
        monkeypatch.setattr(where, name, instead)
    x.ring = shape
    assert violations(operation(Enclosure.of(x)).model(), points, exact) > 0


def test_a_remainder_wider_than_the_range_is_replaced_by_the_range():
    x = random_model(2, 1, 2, new_symbols(1), 0.5)
    x.R[0, 0, 0], x.R[0, 0, 1] = 1e9, torch.nan
    clipped = within(x, -1.0, 1.0)
    for entry in (0, 1):
        assert 1.0 <= float(clipped.R[0, 0, entry]) <= 1.0 + 1e-15
        assert not bool(clipped.P[:, 0, 0, entry].any())
    assert torch.equal(clipped.P[:, 1:], x.P[:, 1:])


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        (lambda x: torch.cumsum(x, dim=-1), "cumsum"),
        (lambda x: torch.fft.fft(x), "fft"),
        (lambda x: x.sort(), "sort"),
        (lambda x: functional.gelu(x, approximate="tanh"), "tanh"),
    ],
)
def test_an_unknown_operation_is_refused_by_name(operation, name):
    with pytest.raises(TypeError, match=name):
        operation(Enclosure.of(random_model(1, 1, 1, (), 0.1)))


def test_the_axis_of_cells_is_out_of_reach():
    x = Enclosure.of(random_model(1, 1, 1, (), 0.1))
    for operation in (lambda: x.sum(dim=0), lambda: x[0], lambda: x.transpose(0, 1), lambda: torch.stack([x, x])):
        with pytest.raises(ValueError, match="cells"):
            operation()
    with pytest.raises(ValueError, match="cells"):
        x + torch.ones(4, 3, 5, dtype=torch.float64)
