"""claims/instances/formulas: the printed formulas by hand, and against torch."""

from fractions import Fraction

import pytest
import torch
from flint import arb

from varexp.claims.instances import formulas as of


def matrix(rows):
    return [[arb(x) for x in row] for row in rows]


def tensor(rows):
    return torch.tensor([[float(x) for x in row] for row in rows], dtype=torch.float64)


def test_products_and_sums_by_hand():
    a, b = matrix([[1, 2], [3, 4]]), matrix([[0, 1], [1, 1]])
    assert tensor(of.product(a, b)).tolist() == [[2, 3], [4, 7]]
    assert tensor(of.plus(a, matrix([[10, 20]]))).tolist() == [[11, 22], [13, 24]]
    assert tensor(of.times(a, b)).tolist() == [[0, 2], [3, 4]]
    assert tensor(of.transpose(a)).tolist() == [[1, 3], [2, 4]]
    assert tensor(of.relu(matrix([[-1, 2]]))).tolist() == [[0, 2]]


def test_layers_are_torchs():
    source = torch.Generator().manual_seed(1)
    x, q, k, v = (torch.randn(3, 3, dtype=torch.float64, generator=source) for _ in range(4))
    ours = [matrix(m.tolist()) for m in (x, q, k, v)]
    scores = ((x @ q) @ (x @ k).T).softmax(dim=-1)
    assert torch.allclose(tensor(of.attention(*ours)), scores @ x @ v, atol=1e-12)
    assert torch.allclose(tensor(of.layer_norm(ours[0])), torch.nn.functional.layer_norm(x, (3,), eps=0.0), atol=1e-12)
    b = torch.randn(1, 3, dtype=torch.float64, generator=source)
    made = x + torch.relu(x @ q.T + b) @ k.T + b
    found = of.feed_forward(ours[0], ours[1], matrix(b.tolist()), ours[2], matrix(b.tolist()))
    assert torch.allclose(tensor(found), made, atol=1e-12)


def test_softmax_by_hand():
    assert [float(w) for w in of.softmax([arb(0), arb(3).log()])] == pytest.approx([0.25, 0.75])


def test_a_convolution_by_hand():
    """A kernel that is 1 one row down and one column right moves the image up and left, zero outside."""
    kernel = [[[Fraction(0)] for _ in range(3)] for _ in range(3)]
    kernel[2][2] = [Fraction(1)]
    image = [[[Fraction(2 * i + j)] for j in range(2)] for i in range(2)]
    assert of.convolution(image, [kernel]) == [[3], [0], [0], [0]]
