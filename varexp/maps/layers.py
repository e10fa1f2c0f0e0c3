"""The layers that the paper defines, as pure functions of token maps with rows as tokens.

Plain torch, out of place, without branches on values, broadcasting over leading axes, so that whatever answers torch's
operators can pass through. Leading axes `...` are batches of token maps.
"""

import math
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional


def softmax(z: Float[Any, "... n"]) -> Float[Any, "... n"]:
    """B.1: exp(z)/⟨exp(z), 1⟩ along the last axis (evaluated with the largest entry subtracted)."""
    return torch.softmax(z, dim=-1)


def attention(
    x: Float[Any, "... tokens width"],
    query: Float[Tensor, "width queries"],
    key: Float[Tensor, "width queries"],
    value: Float[Tensor, "width values"],
    output: Float[Tensor, "values width_out"] | None = None,
    *,
    heads: int = 1,
    scaled: bool = False,
    residual: bool = False,
    memory: Float[Any, "... others width"] | None = None,
    mask: Bool[Tensor, "tokens others"] | None = None,
) -> Float[Any, "... tokens width_out"]:
    """B.2 to B.4: D^{-1} A X W_V with A = exp(X W_Q W_K^T X^T); queries = heads·head_size columns, values likewise.

    The defaults are the paper's literal layer. Switches: `heads`, whose results are concatenated; `output`, the matrix
    W_O; `scaled`, scores divided by sqrt(head_size); `residual`, the input added to the result; `memory`, tokens that
    keys and values are made of instead of x; `mask`, which of them a token attends to (each to one at least).
    """
    if query.shape[-1] % heads or value.shape[-1] % heads:
        raise ValueError(f"{heads} heads do not divide {query.shape[-1]} query and {value.shape[-1]} value columns")

    others = x if memory is None else memory

    def split(tokens: Any, matrix: Tensor) -> Any:
        return (tokens @ matrix).unflatten(-1, (heads, matrix.shape[-1] // heads)).transpose(-2, -3)

    queries = split(x, query)  # ... heads tokens size
    if scaled:
        queries = queries * (1 / math.sqrt(query.shape[-1] // heads))
    scores = queries @ split(others, key).transpose(-1, -2)  # ... heads tokens others
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    mixed = (softmax(scores) @ split(others, value)).transpose(-2, -3).flatten(-2)  # ... tokens heads*value_size
    result = mixed if output is None else mixed @ output
    return x + result if residual else result


ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh, "gelu": functional.gelu}


def feed_forward(
    x: Float[Any, "... tokens width"],
    into: Float[Tensor, "hidden width"],
    into_bias: Float[Tensor, "hidden"],
    out: Float[Tensor, "width hidden"],
    out_bias: Float[Tensor, "width"],
    *,
    activation: str = "relu",
    residual: bool = True,
) -> Float[Any, "... tokens width"]:
    """B.5: X + W^{(2)} ReLU(W^{(1)} X + b^{(1)}) + b^{(2)} on every token. relu, tanh or gelu; residual as a switch."""
    if activation not in ACTIVATIONS:
        raise ValueError(f"unknown activation {activation!r}: choose one of {', '.join(ACTIVATIONS)}")
    hidden = ACTIVATIONS[activation](functional.linear(x, into, into_bias))
    result = functional.linear(hidden, out, out_bias)
    return x + result if residual else result


def layer_norm(
    x: Float[Any, "... tokens width"], *, epsilon: float = 0.0, checked: bool = False
) -> Float[Any, "... tokens width"]:
    """C.9: each token minus its mean, over its standard deviation (divisor: the width). No affine part.

    The paper has no epsilon, so a token with equal channels has no image: with epsilon = 0 it gives nan, or with
    `checked` a ValueError that names it. `epsilon` is added to the variance, as practice does.
    """
    centred = x - x.mean(dim=-1, keepdim=True)
    variance = centred.square().mean(dim=-1, keepdim=True)
    if checked and epsilon == 0 and bool((constant := x.amax(dim=-1) == x.amin(dim=-1)).any()):
        place = constant.nonzero()[0].tolist()
        raise ValueError(
            f"layer norm (C.9) has no value at a token whose channels are equal, here token {place[-1]} of map "
            f"{place[:-1]}, all {float(x[(*place, 0)])!r}: give an epsilon > 0"
        )
    return centred / (variance + epsilon).sqrt()
