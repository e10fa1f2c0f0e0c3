"""Activation functions of networks, made of elementary ones and of relu."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from varexp.enclosure import functions, kinks, powers
from varexp.enclosure.averaging import SoftmaxExpression
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.operands import axis_from_last
from varexp.enclosure.operations.arithmetic import add, div, mul, neg, sub
from varexp.enclosure.operations.elementary import sigmoid
from varexp.enclosure.operations.extrema import clamp, maximum, minimum
from varexp.enclosure.operations.selecting import chunk
from varexp.enclosure.protocol import Enclosure, rule
from varexp.enclosure.refusals import UnknownOperationError
from varexp.enclosure.rounding import UNIT

SELU_ALPHA, SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


@rule("gelu", places=(functional,))
def gelu(x: Enclosure, approximate: str = "none") -> Enclosure:
    """x Φ(x); its approximation is x/2·(1 + tanh(√(2/π)·(x + 0.044715 x³)))."""
    if approximate == "none":
        return Enclosure.of(functions.gelu(x.model()))
    if approximate != "tanh":
        raise UnknownOperationError(f"no enclosure is known for gelu with approximate={approximate!r}")
    inner = mul(x, add(mul(Enclosure.of(powers.square(x.model())), 0.044715), 1.0))
    inner = Enclosure.of(mul(inner, math.sqrt(2 / math.pi)).model().with_relative_error(8 * UNIT))
    return mul(mul(x, 0.5), add(inner.tanh(), 1.0))


@rule("silu", places=(functional,))
def silu(x: Enclosure) -> Enclosure:
    return mul(x, sigmoid(x))


@rule("softplus", places=(functional,))
def softplus(x: Enclosure, beta: float = 1.0, threshold: float = 20.0) -> Enclosure:
    """log(1 + e^{βx})/β, and x itself where βx exceeds the threshold, which is off by e^{−threshold}/β at most."""
    if not (beta > 0 and threshold >= 0):
        raise UnknownOperationError(f"softplus has an enclosure for beta > 0, threshold >= 0, got {beta}, {threshold}")
    model = functions.softplus(mul(x, beta).model(), threshold)
    return Enclosure.of(model) if beta == 1 else div(Enclosure.of(model), beta)


@rule("logsigmoid", places=(functional,))
def logsigmoid(x: Enclosure) -> Enclosure:
    return neg(softplus(neg(x), 1.0, math.inf))


@rule("mish", places=(functional,))
def mish(x: Enclosure) -> Enclosure:
    return mul(x, softplus(x).tanh())


@rule("leaky_relu", places=(functional,))
def leaky_relu(x: Enclosure, negative_slope: float = 0.01) -> Enclosure:
    return prelu(x, negative_slope)


@rule("rrelu", places=(functional,))
def rrelu(x: Enclosure, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False) -> Enclosure:
    """Outside training, leaky_relu with the middle of the slopes."""
    if training:
        raise UnknownOperationError("rrelu in training depends on chance: call .eval() on the model")
    return prelu(x, (lower + upper) / 2)


def prelu(x: Enclosure, slope: float) -> Enclosure:
    """relu(x) + slope·(x − relu(x)), merged into one linear map of x and relu(x)."""
    positive = x.relu()
    return add(positive, mul(sub(x, positive), slope))


@rule("prelu")
def prelu_by_channel(x: Enclosure, weight: Tensor) -> Enclosure:
    """One slope, or one for each entry of the second axis."""
    if weight.numel() == 1:
        return prelu(x, float(weight.detach()))
    slope = weight.detach().reshape(-1, *(1,) * (x.ndim - 2))
    bent = Enclosure.of(mul(x.relu(), 1 - slope).model().with_relative_error(4 * UNIT))  # 1 − slope is rounded
    return add(mul(x, slope), bent)


@rule("elu", places=(functional,))
def elu(x: Enclosure, alpha: float = 1.0, scale: float = 1.0) -> Enclosure:
    """relu(x) + α·(e^{min(x, 0)} − 1)."""
    below = add(minimum(x, 0.0).exp(), -1.0)
    return mul(add(x.relu(), mul(below, alpha)), scale)


@rule("celu", places=(functional,))
def celu(x: Enclosure, alpha: float = 1.0) -> Enclosure:
    """relu(x) + α·(e^{min(x, 0)/α} − 1)."""
    below = add(div(minimum(x, 0.0), alpha).exp(), -1.0)
    return add(x.relu(), mul(below, alpha))


@rule("selu", places=(functional,))
def selu(x: Enclosure) -> Enclosure:
    return elu(x, SELU_ALPHA, SELU_SCALE)


@rule("hardsigmoid", places=(functional,))
def hardsigmoid(x: Enclosure) -> Enclosure:
    return div(clamp(add(x, 3.0), 0.0, 6.0), 6.0)


@rule("hardswish", places=(functional,))
def hardswish(x: Enclosure) -> Enclosure:
    return mul(x, hardsigmoid(x))


@rule("softsign", places=(functional,))
def softsign(x: Enclosure) -> Enclosure:
    return div(x, add(Enclosure.of(kinks.absolute(x.model())), 1.0))


@rule("tanhshrink", places=(functional,))
def tanhshrink(x: Enclosure) -> Enclosure:
    return sub(x, x.tanh())


@rule("softshrink", places=(functional,))
def softshrink(x: Enclosure, lambd: float = 0.5) -> Enclosure:
    """x − clamp(x, −λ, λ)."""
    return sub(x, maximum(minimum(x, lambd), -lambd))


@rule("glu", places=(functional,))
def glu(x: Enclosure, dim: int = -1) -> Enclosure:
    first, second = chunk(x, 2, dim)
    return mul(first, sigmoid(second))


@rule("softmax")
def softmax(x: Enclosure, dim: Any, *, _stacklevel: int = 3) -> Enclosure:
    axis = axis_from_last(x, dim)
    model = x.model()
    if axis == -1:
        return softmax_of(model)
    swapped = softmax_of(model.rearrange(lambda t: t.transpose(axis, -1))).model()
    return Enclosure.of(swapped.rearrange(lambda t: t.transpose(axis, -1)))


def softmax_of(scores: ChebyshevModel) -> Enclosure:
    """Softmax along the last axis. A score of −inf, as masks have it, stands for the weight 0."""
    masked = scores.polynomial[0] == -math.inf
    if bool(masked.all(dim=-1).any()):
        raise UnknownOperationError("softmax of a row masked all along is nan: leave one score that is not −inf")
    return Enclosure(SoftmaxExpression(_without_infinities(scores, masked) if bool(masked.any()) else scores))


def _without_infinities(scores: ChebyshevModel, masked: Tensor) -> ChebyshevModel:
    """Scores with a number so far below the others in the place of −inf that its weight is less than e^−1000.

    The rules for averages add TINY, which is more than that weight times any value up to 1e140.
    """
    centre = scores.polynomial[0]
    spread = scores.deviation(scores.uncertainty()).masked_fill(masked, 0.0).amax(dim=-1, keepdim=True)
    least = centre.masked_fill(masked, math.inf).amin(dim=-1, keepdim=True)
    low = torch.where(least < math.inf, least - 4 * spread - 1000, math.nan).expand_as(centre)  # nan: all are masked
    polynomial = scores.polynomial.masked_fill(masked, 0.0)
    polynomial[0] = torch.where(masked, low, centre)
    remainder = scores.remainder.masked_fill(masked, 0.0)
    magnitude = torch.where(masked, low.abs() * (1 + 4 * UNIT), scores.magnitude)
    generators = scores.generators.masked_fill(masked, 0.0)
    return ChebyshevModel(scores.ring, polynomial, generators, remainder, magnitude, scores.symbols)


@rule("softmin", places=(functional,))
def softmin(x: Enclosure, dim: Any, *, _stacklevel: int = 3) -> Enclosure:
    return softmax(neg(x), dim)
