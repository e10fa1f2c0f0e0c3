"""maps/layers.py against the definitions written out in loops, and against torch's own layers."""

import math

import pytest
import torch
from tolerances import ROUNDING
from torch import nn
from torch.nn import functional

from varexp.maps.layers import ACTIVATIONS, attention, feed_forward, layer_norm, softmax


def randn(*shape):
    return torch.randn(*shape, dtype=torch.float64)


def close(a, b):
    torch.testing.assert_close(a, b, atol=ROUNDING, rtol=ROUNDING)


def test_softmax():
    z = randn(3, 5)
    close(softmax(z), z.exp() / z.exp().sum(dim=-1, keepdim=True))
    close(softmax(z + 100), softmax(z))
    assert torch.isfinite(softmax(torch.tensor([1e4, -1e4]))).all()


def test_attention_is_definition_b3():
    """D^{-1} A X W_V with A_ij = exp(X_i W_Q W_K^T X_j^T), entry by entry."""
    x, wq, wk, wv = randn(4, 3), randn(3, 3), randn(3, 3), randn(3, 3)
    a = [[math.exp(float(x[i] @ wq @ wk.T @ x[j])) for j in range(4)] for i in range(4)]
    expected = torch.stack([sum(a[i][j] * (x[j] @ wv) for j in range(4)) / sum(a[i]) for i in range(4)])
    close(attention(x, wq, wk, wv), expected)


def test_attention_against_torch_scaled_dot_product():
    x, wq, wk, wv = randn(2, 6, 3), randn(3, 5), randn(3, 5), randn(3, 3)
    expected = functional.scaled_dot_product_attention(x @ wq, x @ wk, x @ wv)
    close(attention(x, wq, wk, wv, scaled=True), expected)


def test_attention_against_torch_multi_head():
    width, heads = 8, 4
    theirs = nn.MultiheadAttention(width, heads, bias=False, batch_first=True, dtype=torch.float64)
    q, k, v = theirs.in_proj_weight.detach().split(width)
    x = randn(3, 5, width)
    expected, _ = theirs(x, x, x, need_weights=False)
    ours = attention(x, q.T, k.T, v.T, theirs.out_proj.weight.detach().T, heads=heads, scaled=True)
    close(ours, expected.detach())
    close(attention(x, q.T, k.T, v.T, heads=heads, residual=True), x + attention(x, q.T, k.T, v.T, heads=heads))


def test_attention_is_permutation_equivariant():
    """No positions, no symmetry broken: the obstruction of theory II(i)-3."""
    x, w = randn(6, 4), [randn(4, 4) for _ in range(3)]
    order = torch.randperm(6)
    close(attention(x, *w)[order], attention(x[order], *w))


def test_attention_refuses_heads_that_do_not_divide():
    with pytest.raises(ValueError, match="3 heads do not divide"):
        attention(randn(4, 4), randn(4, 4), randn(4, 4), randn(4, 4), heads=3)


def test_feed_forward_is_definition_b5():
    x, w1, b1, w2, b2 = randn(5, 3), randn(7, 3), randn(7), randn(3, 7), randn(3)
    expected = torch.stack([t + w2 @ torch.relu(w1 @ t + b1) + b2 for t in x])
    close(feed_forward(x, w1, b1, w2, b2), expected)
    close(feed_forward(x, w1, b1, w2, b2, residual=False), expected - x)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_feed_forward_against_torch_modules(name):
    module = {"relu": nn.ReLU(), "tanh": nn.Tanh(), "gelu": nn.GELU()}[name]
    stack = nn.Sequential(nn.Linear(3, 7), module, nn.Linear(7, 3)).double()
    x = randn(2, 5, 3)
    parameters = [p.detach() for p in stack.parameters()]
    close(feed_forward(x, *parameters, activation=name, residual=False), stack(x).detach())


def test_feed_forward_unknown_activation():
    with pytest.raises(ValueError, match="unknown activation 'swish': choose one of relu, tanh, gelu"):
        feed_forward(randn(2, 3), randn(4, 3), randn(4), randn(3, 4), randn(3), activation="swish")


def test_layer_norm():
    x = randn(4, 6, 8)
    close(layer_norm(x), (x - x.mean(-1, keepdim=True)) / x.std(-1, correction=0, keepdim=True))
    close(layer_norm(x, epsilon=1e-5), functional.layer_norm(x, (8,), eps=1e-5))
    assert torch.isnan(layer_norm(torch.ones(1, 4))).all()  # C.9 is undefined at constant rows
    assert torch.equal(layer_norm(torch.ones(1, 4), epsilon=1e-5), torch.zeros(1, 4))


def test_memory_and_mask():
    """Keys and values from other tokens; a mask that hides some of them is the same as leaving them out."""
    x, others, matrices = randn(4, 6), randn(5, 6), [randn(6, 6) for _ in range(3)]
    close(attention(x, *matrices, memory=x), attention(x, *matrices))
    mask = torch.tensor([True, False, True, True, False]).expand(4, 5)
    close(attention(x, *matrices, memory=others, mask=mask), attention(x, *matrices, memory=others[[0, 2, 3]]))
    query, key, value = matrices
    expected = functional.scaled_dot_product_attention(x @ query, others @ key, others @ value, mask, scale=1.0)
    close(attention(x, *matrices, memory=others, mask=mask), expected)


def test_a_checked_layer_norm_names_the_token_that_has_no_image():
    x = randn(2, 3, 4)
    x[1, 2] = 0.1
    with pytest.raises(ValueError, match=r"here token 2 of map \[1\], all 0.1: give an epsilon > 0"):
        layer_norm(x, checked=True)
    close(layer_norm(x, epsilon=1e-6, checked=True)[1, 2], torch.zeros(4, dtype=torch.float64))
