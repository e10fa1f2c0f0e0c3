"""Normalisations over axes of the value, and by fixed statistics."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from varexp.enclosure import libm, nonlinear, powers
from varexp.enclosure.operations.arithmetic import add, mul, sub
from varexp.enclosure.operations.axes import reshape
from varexp.enclosure.operations.reductions import mean
from varexp.enclosure.protocol import Enclosure, rule
from varexp.enclosure.refusals import UnknownOperationError
from varexp.enclosure.rounding import UNIT


def _over_root(x: Enclosure, squares: Enclosure, eps: float) -> Enclosure:
    """x/√(squares + eps), for values whose squares' mean is not negative."""
    known = Enclosure.of(nonlinear.at_least(squares.model(), 0.0))
    return mul(x, add(known, eps).rsqrt())


def _square(x: Enclosure) -> Enclosure:
    return Enclosure.of(powers.square(x.model()))


def _normalised(x: Enclosure, axes: Sequence[int], eps: float) -> Enclosure:
    """x minus its mean, over the root of its variance + eps."""
    centred = sub(x, mean(x, axes, True))
    return _over_root(centred, mean(_square(centred), axes, True), eps)


def _with_affine(x: Enclosure, weight: Tensor | None, bias: Tensor | None) -> Enclosure:
    x = x if weight is None else mul(x, weight)
    return x if bias is None else add(x, bias)


def _last_axes(x: Enclosure, shape: Sequence[int]) -> list[int]:
    shape = tuple(shape) if not isinstance(shape, int) else (shape,)
    if len(shape) >= x.ndim or tuple(x.logical[-len(shape) :]) != shape:
        raise UnknownOperationError(f"the last axes of {tuple(x.shape)} are not {shape}")
    return list(range(-len(shape), 0))


@rule("layer_norm", places=(functional,))
def layer_norm(
    x: Enclosure,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Enclosure:
    return _with_affine(_normalised(x, _last_axes(x, normalized_shape), eps), weight, bias)


@rule("rms_norm", places=(functional,))
def rms_norm(
    x: Enclosure, normalized_shape: Sequence[int], weight: Tensor | None = None, eps: float | None = None
) -> Enclosure:
    axes = _last_axes(x, normalized_shape)
    least = torch.finfo(torch.float64).eps if eps is None else eps
    return _with_affine(_over_root(x, mean(_square(x), axes, True), least), weight, None)


@rule("group_norm", places=(functional,))
def group_norm(
    x: Enclosure, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Enclosure:
    channels, sizes = x.logical[0], tuple(x.logical[1:])
    if channels % num_groups:
        raise UnknownOperationError(f"{num_groups} groups do not divide {channels} channels")
    grouped = reshape(x, x.shape[0], num_groups, channels // num_groups * math.prod(sizes))
    normal = reshape(_normalised(grouped, [-1], eps), x.shape[0], channels, *sizes)
    return _with_affine(normal, *(_by_channel(v, x) for v in (weight, bias)))


@rule("batch_norm", places=(functional,))
def batch_norm(
    x: Enclosure,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Enclosure:
    """Outside training: by fixed statistics, with the rounding of 1/√(variance + eps) in plain torch."""
    if training or running_mean is None or running_var is None:
        raise UnknownOperationError("batch norm in training depends on the batch: call .eval() on the model")
    factor = _by_channel(1 / libm.sqrt(running_var + eps), x)
    assert factor is not None
    centred = sub(x, _by_channel(running_mean, x))
    scaled = Enclosure.of(mul(centred, factor).model().with_relative_error(8 * UNIT))
    return _with_affine(scaled, *(_by_channel(v, x) for v in (weight, bias)))


def _by_channel(value: Tensor | None, x: Enclosure) -> Tensor | None:
    """A number for every entry of the second axis, behind which further axes follow."""
    return None if value is None else value.reshape(-1, *(1,) * (x.ndim - 2))
