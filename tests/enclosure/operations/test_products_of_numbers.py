"""Sums, products and quotients at numbers: ranks, factors, large divisors, and what is refused."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from agreement import X, assert_agrees, exactly, numbers
from torch.nn import functional as F  # noqa: N812

from varexp.enclosure import UnknownOperationError

W, U, V, ROWS = numbers(5, 2, seed=2), numbers(2, 3, seed=3), numbers(5, seed=4), numbers(3, 5, seed=5)
BATCH = numbers(1, 3, 5, 2, seed=6)  # a batch of matrices, beside the axis of cells


def image(x):
    return x.unsqueeze(1) * torch.tensor([1.0, -2.0, 0.5]).double().reshape(3, 1, 1)  # cells 3 3 5


USES = {
    "number": lambda x: x + 1.5,
    "x of numbers alone": lambda x: x[:, 0, 0] + 1.5,
    "tensor beside numbers alone": lambda x: x[:, 0, 0] - torch.tensor(0.25, dtype=torch.float64),
    "alpha": lambda x: torch.add(x, ROWS, alpha=2.5),
    "alpha of a value": lambda x: torch.add(x, x.sin(), alpha=-0.5),
    "alpha 1": lambda x: torch.add(x, x.sin(), alpha=1),
    "alpha beside a tensor": lambda x: torch.add(ROWS, x, alpha=3),
    "other by keyword": lambda x: torch.add(x, other=ROWS),
    "sub": lambda x: torch.sub(x, other=ROWS, alpha=0.5),
    "rsub": lambda x: torch.rsub(x, 2.0, alpha=0.25),
    "neg": lambda x: -x,
    "neg of heads": lambda x: -(x @ numbers(5, 6)).unflatten(-1, (3, 2)),
    "mul": lambda x: x * ROWS,
    "mul of itself": lambda x: x * x,
    "mul of two": lambda x: x * x.sin(),
    "mul by a number of numpy": lambda x: x * np.float32(0.5),
    "mul of heads by a number": lambda x: (x @ numbers(5, 6)).unflatten(-1, (3, 2)) * 0.5,
    "div": lambda x: torch.div(x, other=ROWS + 4),
    "div by a value": lambda x: x / (x + 5),
    "div of a number": lambda x: 2.0 / (x + 5),
    "div by large numbers": lambda x: x / torch.tensor([1e305, -1e302, 3.0, -1e303, 1e304], dtype=torch.float64),
    "div by infinity": lambda x: x / torch.tensor([torch.inf, 1.0, 2.0, -torch.inf, 4.0], dtype=torch.float64),
    "matmul": lambda x: x @ W,
    "matmul of values": lambda x: x @ x.mT,
    "matmul of values without cells' columns": lambda x: x[:, :2] @ x.mT,
    "two axes": lambda x: x[:, 0] @ W,
    "a vector": lambda x: x @ V,
    "two axes and a vector": lambda x: x[:, 0] @ V,
    "batches": lambda x: image(x) @ BATCH,
    "from the left": lambda x: U @ x,
    "a vector from the left": lambda x: V[:3] @ x,
    "batches from the left": lambda x: BATCH.mT @ image(x).mT,
    "equal batches": lambda x: x @ W.expand(len(x) if type(x) is torch.Tensor else x.cells, 5, 2),
    "equal batches from the left": lambda x: U.expand(len(x) if type(x) is torch.Tensor else x.cells, 2, 3) @ x,
    "linear": lambda x: F.linear(x, W.mT),
    "linear with a bias": lambda x: F.linear(x, W.mT, V[:2]),
    "linear with one axis": lambda x: F.linear(x, V),
    "addmm": lambda x: torch.addmm(V[:2], x[:, 0], W, beta=0.5, alpha=3),
    "addmm plain": lambda x: torch.addmm(V[:2], x[:, 0], W),
    "addmm without the first": lambda x: torch.addmm(V[:2] * torch.nan, x[:, 0], W, beta=0),
    "addcmul": lambda x: torch.addcmul(x, ROWS, V, value=0.5),
    "addcmul plain": lambda x: torch.addcmul(x, ROWS, V),
    "addcmul of a value": lambda x: torch.addcmul(ROWS, x, V, value=2),
    "addcmul of another": lambda x: torch.addcmul(ROWS, V, x),
    "addcmul of values": lambda x: torch.addcmul(x, x.sin(), x.cos()),
    "lerp": lambda x: torch.lerp(x, x.sin(), 0.25),
    "lerp to a constant": lambda x: torch.lerp(x, ROWS, 0.25),
    "lerp from a constant": lambda x: torch.lerp(ROWS, x, 0.25),
    "lerp by a value": lambda x: torch.lerp(x, ROWS, x.sin()),
    "lerp of constants": lambda x: torch.lerp(ROWS, V, x),
}


@pytest.mark.parametrize("name", USES)
def test_values_are_torchs(name):
    assert_agrees(USES[name])


REFUSED = {
    "alpha by place": lambda x: x.add(1.0, 2.0),
    "alpha of sub by place": lambda x: x.sub(1.0, 2.0),
    "alpha that is no number": lambda x: x.add(1.0, alpha="2"),
    "alpha of sub that is no number": lambda x: x.sub(1.0, alpha=V),
    "rounding by place": lambda x: x.div(2.0, None),
    "rounding": lambda x: torch.div(x, 2.0, rounding_mode="trunc"),
    "beta by place": lambda x: x[:, 0].addmm(x[:, 0], W[:, :1], 2.0),
    "value by place": lambda x: x.addcmul(ROWS, V, 2.0),
    "two constant factors": lambda x: torch.addmm(x[:, :2, 0], torch.ones(4, 5).double(), W),
    "inner sizes": lambda x: x @ W.mT,
    "inner sizes from the left": lambda x: U.mT @ x,
    "inner sizes of values": lambda x: x @ x,
    "two axes each": lambda x: x[:, 0] @ x[:, 1],
    "two axes and three": lambda x: x[:, 0] @ x.mT,
    "one axis": lambda x: x[:, 0, 0] @ torch.ones(4, 2, dtype=torch.float64),
    "one axis and a vector": lambda x: x[:, 0, 0] @ torch.ones(4, dtype=torch.float64),
    "two axes and a batch": lambda x: x[:, 0] @ BATCH[0],
    "two axes from the left": lambda x: torch.ones(2, 4, dtype=torch.float64) @ x[:, 0],
    "batches by cell": lambda x: x @ numbers(4, 5, 2),
    "batches by cell from the left": lambda x: numbers(4, 2, 3) @ x,
    "ranks of a sum": lambda x: x + x[:, 0],
    "ranks of a product": lambda x: x * x[:, 0],
    "a text": lambda x: x * "2",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name):
    with pytest.raises(UnknownOperationError):
        REFUSED[name](exactly(X))


def distance(found, exact):
    """How far a fraction lies from the one entry of an enclosure without a spread, and its remainder."""
    model = found.model()
    return abs(Fraction(float(model.polynomial[0])) - exact), Fraction(float(model.remainder))


@pytest.mark.parametrize("divisor", [3.0, 1.7e308, -1.7e308, -(2.0**1023) * 1.1, 2.0**1000 * 1.3, -0.7])
def test_quotients_are_rounded_by_as_much_as_is_allowed_for(divisor):
    for numerator in (1.0, 1e100, -3e99, 0.1):
        one = exactly(torch.tensor([[numerator]], dtype=torch.float64))
        for given in (divisor, torch.tensor([divisor], dtype=torch.float64)):
            off, R = distance(one / given, Fraction(numerator) / Fraction(divisor))
            assert off <= R
            assert abs(divisor) > 1e300 or 1e-15 * abs(numerator / divisor) >= R


def test_the_product_of_constants_is_rounded():
    a, b, c, value = 0.3, 1e8, 1.0000000000000002, 1e17
    one = exactly(torch.tensor([[a]], dtype=torch.float64))
    found = torch.addcmul(one, torch.tensor(b, dtype=torch.float64), torch.tensor(c, dtype=torch.float64), value=value)
    off, R = distance(found, Fraction(a) + Fraction(b) * Fraction(c) * Fraction(value))
    assert 0 < off <= R <= 1e-15 * b * value * 4
