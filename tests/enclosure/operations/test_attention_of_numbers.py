"""Attention at numbers: masks, scales, groups of heads, and all that nn.MultiheadAttention hands on."""

import math

import pytest
import torch
from agreement import X, assert_agrees, assert_has_torchs_defaults, exactly, numbers
from torch import nn
from torch.nn import functional as F  # noqa: N812

from varexp.enclosure import UnknownOperationError
from varexp.enclosure.operations.attention import masked, multi_head_attention_forward

KEYS, QUERIES = numbers(7, 5, seed=2, reach=1.0), numbers(6, 5, seed=3, reach=1.0)
HIDDEN = torch.tensor([[True, False, True], [False, False, False], [True, True, True]])
ADDED = torch.tensor([[0.0, -math.inf, 1.0], [-math.inf] * 3, [0.5, 0.0, -math.inf]], dtype=torch.float64)


def grouped(x):
    """Four heads of queries, two of keys."""
    q, k = (x.unsqueeze(1).expand(-1, n, -1, -1) for n in (4, 2))
    shifts = torch.arange(4, dtype=torch.float64).reshape(4, 1, 1)
    return F.scaled_dot_product_attention(q + shifts, k * (1 + shifts[:2]), k - shifts[:2], enable_gqa=True)


SCALED = {
    "plain": lambda x: F.scaled_dot_product_attention(x, x + 1, x),
    "scale": lambda x: F.scaled_dot_product_attention(x, x, x, scale=0.3),
    "causal": lambda x: F.scaled_dot_product_attention(x, x, x, is_causal=True),
    "truth values": lambda x: F.scaled_dot_product_attention(x, x, x, attn_mask=HIDDEN),
    "numbers": lambda x: F.scaled_dot_product_attention(x, x, x, attn_mask=ADDED),
    "finite numbers": lambda x: F.scaled_dot_product_attention(x, x, x, attn_mask=numbers(3, 3)),
    "other sizes": lambda x: F.scaled_dot_product_attention(x, x[:, :2], x[:, :2, :4]),
    "groups": grouped,
}


@pytest.mark.parametrize("name", SCALED)
def test_scaled_products_have_torchs_values(name):
    assert_agrees(SCALED[name], X / 2)


def layer(**options):
    torch.manual_seed(1)
    made = nn.MultiheadAttention(4, 2, batch_first=True, dtype=torch.float64, **options).eval()
    for parameter in made.parameters():
        nn.init.normal_(parameter, std=0.7)
    return made


def attended(options, called=(), shown=False):
    made = layer(**options)

    def attend(x):
        y = x[..., 1:]
        out, weights = made(y, y + 1, y * 2, **dict(called))
        assert shown is not (weights is None)
        return weights if shown else out

    return attend


LAYERS = {
    "alone": attended({}, {"need_weights": False}),
    "without biases": attended({"bias": False}, {"need_weights": False}),
    "weights": attended({}, shown=True),
    "weights by head": attended({}, {"average_attn_weights": False}, shown=True),
    "truth values": attended({}, {"need_weights": False, "attn_mask": torch.ones(3, 3, dtype=torch.bool).triu(1)}),
    "numbers": attended({}, {"need_weights": False, "attn_mask": numbers(3, 3, seed=4)}),
    "causal": attended(
        {},
        {
            "need_weights": False,
            "is_causal": True,
            "attn_mask": torch.full((3, 3), -math.inf, dtype=torch.float64).triu(1),
        },
    ),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers_have_torchs_values(name):
    assert_agrees(LAYERS[name], X / 2)


def test_weights_of_their_own_for_keys_and_values():
    made = layer(kdim=5, vdim=3)
    assert_agrees(lambda x: made(x[..., 1:], x, x[..., :3], need_weights=False)[0], X / 2)


WEIGHTS = (numbers(15, 5, seed=5, reach=0.5), numbers(15, seed=6), None, None, False)
OUT = (numbers(5, 5, seed=7, reach=0.5), numbers(5, seed=8))


def forward(x, *, swapped=True, dropout=0.0, made=WEIGHTS, **options):
    """The function that the layer calls, with its own defaults."""
    y = x.transpose(0, 1) if swapped else x
    return F.multi_head_attention_forward(y, y, y, 5, 1, *made, dropout, *OUT, **options)


def test_defaults_of_the_function():
    assert_has_torchs_defaults(multi_head_attention_forward)
    assert_agrees(lambda x: forward(x)[0].transpose(0, 1), X / 3)
    assert_agrees(lambda x: forward(x)[1], X / 3)
    assert_agrees(lambda x: forward(x, dropout=0.5, training=False)[1], X / 3)


REFUSED = {
    "dropout in training": lambda x: forward(x, dropout=0.5),
    "padding": lambda x: forward(x, key_padding_mask=torch.zeros(4, 3, dtype=torch.bool)),
    "bias_k": lambda x: forward(x, made=(*WEIGHTS[:2], OUT[1].reshape(1, 1, 5), None, False)),
    "add_zero_attn": lambda x: forward(x, made=(*WEIGHTS[:4], True)),
    "is_causal without a mask": lambda x: forward(x, is_causal=True),
    "one that does not depend on the point": lambda x: F.multi_head_attention_forward(
        x.transpose(0, 1), X.transpose(0, 1), x.transpose(0, 1), 5, 1, *WEIGHTS, 0.0, *OUT
    ),
    "dropout of the product": lambda x: F.scaled_dot_product_attention(x, x, x, dropout_p=0.1),
    "a mask beside is_causal": lambda x: F.scaled_dot_product_attention(x, x, x, HIDDEN, 0.0, True),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name):
    with pytest.raises(UnknownOperationError):
        REFUSED[name](exactly(X))


def test_scores_without_a_mask_stay_as_they_are():
    given = exactly(X)
    assert masked(given, None, False) is given


def test_infinity_in_a_mask_is_refused():
    """−∞ alone stands for the weight 0; of ∞ torch makes nan."""
    mask = torch.zeros(3, 3, dtype=torch.float64)
    mask[0, 1] = math.inf
    assert bool(F.scaled_dot_product_attention(X[None], X[None], X[None], attn_mask=mask).isnan().any())
    with pytest.raises(UnknownOperationError, match=r"nan or \+inf"):
        F.scaled_dot_product_attention(exactly(X), exactly(X), exactly(X), attn_mask=mask)
