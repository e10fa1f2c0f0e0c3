"""Attention as torch has it: scaled products, heads, masks."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from varexp.enclosure.cells_second import ANSWERS, CellsSecond
from varexp.enclosure.operands import without_cells
from varexp.enclosure.operations.activations import softmax
from varexp.enclosure.operations.arithmetic import add, linear, matmul, mul
from varexp.enclosure.operations.axes import flatten, repeat_interleave, transpose, unflatten
from varexp.enclosure.operations.constants import as_enclosure
from varexp.enclosure.operations.reductions import mean
from varexp.enclosure.operations.selecting import masked_fill
from varexp.enclosure.protocol import Enclosure, rule
from varexp.enclosure.refusals import UnknownOperationError


@rule("scaled_dot_product_attention")
def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Enclosure:
    """softmax(scale·Q Kᵀ + mask) V along the last axis."""
    if dropout_p:
        raise UnknownOperationError("attention with dropout depends on chance: use dropout_p=0")
    like = next(x for x in (query, key, value) if isinstance(x, Enclosure))
    q, k, v = (as_enclosure(x, like) for x in (query, key, value))
    if enable_gqa:
        k, v = (repeat_interleave(x, q.logical[-3] // x.logical[-3], -3) for x in (k, v))
    q = mul(q, 1 / math.sqrt(q.logical[-1]) if scale is None else scale)
    scores = masked(matmul(q, transpose(k, -1, -2)), attn_mask, is_causal)
    if attn_mask is None:
        return matmul(softmax(scores, -1), v)
    nothing = _attends_to_nothing(attn_mask, scores)
    return masked_fill(matmul(softmax(masked_fill(scores, nothing, 0.0), -1), v), nothing, 0.0)


def _attends_to_nothing(mask: Tensor, scores: Enclosure) -> Tensor:
    """Which rows are masked all along; what they give is 0 here, as torch has it."""
    hidden = ~mask if mask.dtype is torch.bool else mask == -math.inf
    return without_cells(hidden, scores).all(dim=-1, keepdim=True)


def masked(scores: Enclosure, mask: Tensor | None, is_causal: bool) -> Enclosure:
    """Scores with a constant mask: truth values say what is attended to, numbers are added."""
    if is_causal:
        if mask is not None:
            raise UnknownOperationError("attention takes a mask or is_causal, not both")
        mask = torch.ones(tuple(scores.logical[-2:]), dtype=torch.bool).tril()
    if mask is None:
        return scores
    if mask.dtype is torch.bool:
        return masked_fill(scores, ~without_cells(mask, scores), -math.inf)
    return add_mask(scores, without_cells(mask.to(torch.float64), scores))


def add_mask(scores: Enclosure, mask: Tensor) -> Enclosure:
    """scores + mask, where an entry −inf of the mask gives −inf. Refuses nan and +inf, of which torch makes nan."""
    if bool((mask.isnan() | (mask == math.inf)).any()):
        raise UnknownOperationError("a mask of attention holds numbers or −inf, got nan or +inf: torch answers nan")
    hidden = mask == -math.inf
    result = add(scores, mask.masked_fill(hidden, 0.0))
    return masked_fill(result, hidden, -math.inf) if bool(hidden.any()) else result


def multi_head_attention_forward(
    query: Any,
    key: Any,
    value: Any,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[CellsSecond, Enclosure | None]:
    """Queries, keys and values with cells second, through nn.MultiheadAttention's weights, in its own order."""
    unknown = {"key_padding_mask": key_padding_mask, "bias_k": bias_k, "bias_v": bias_v, "static_k": static_k}
    for name, given in {**unknown, "static_v": static_v, "add_zero_attn": add_zero_attn}.items():
        if given is not None and given is not False:
            raise UnknownOperationError(f"multi-head attention with {name} has no enclosure: leave it out")
    if training and dropout_p > 0:
        raise UnknownOperationError("dropout in training depends on chance: call .eval() on the model")
    if not all(isinstance(x, CellsSecond) for x in (query, key, value)):
        raise UnknownOperationError("multi-head attention needs batch_first=True and values that depend on the point")
    if is_causal and attn_mask is None:
        raise UnknownOperationError("is_causal of multi-head attention needs its attn_mask, as torch does")
    weights = [q_proj_weight, k_proj_weight, v_proj_weight]
    if not use_separate_proj_weight:
        assert in_proj_weight is not None
        weights = list(in_proj_weight.chunk(3))
    biases = [None] * 3 if in_proj_bias is None else list(in_proj_bias.chunk(3))
    q, k, v = (
        _split(linear(x.enclosure, weight, bias), num_heads)
        for x, weight, bias in zip((query, key, value), weights, biases, strict=True)
    )
    scores = matmul(mul(q, 1 / math.sqrt(q.logical[-1])), transpose(k, -1, -2))
    attention = softmax(masked(scores, attn_mask, False) if attn_mask is not None else scores, -1)
    joined = flatten(transpose(matmul(attention, v), -2, -3), -2)
    shown = (mean(attention, 1) if average_attn_weights else attention) if need_weights else None
    return CellsSecond(linear(joined, out_proj_weight, out_proj_bias)), shown


def _split(x: Enclosure, heads: int) -> Enclosure:
    """(cells, tokens, columns) as (cells, heads, tokens, size)."""
    return transpose(unflatten(x, -1, (heads, x.logical[-1] // heads)), -2, -3)


ANSWERS[functional.multi_head_attention_forward] = multi_head_attention_forward
