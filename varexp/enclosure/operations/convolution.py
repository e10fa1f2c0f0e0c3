"""Convolutions and poolings: patches of entries, then products with weights, means or maxima."""

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from varexp.enclosure import kinks
from varexp.enclosure.matrices import as_matrix
from varexp.enclosure.operands import as_weights
from varexp.enclosure.operations.arithmetic import add
from varexp.enclosure.operations.axes import reshape
from varexp.enclosure.operations.extrema import along
from varexp.enclosure.operations.joining import pad
from varexp.enclosure.operations.reductions import mean
from varexp.enclosure.operations.selecting import take
from varexp.enclosure.protocol import Enclosure, rule
from varexp.enclosure.refusals import UnknownOperationError

Sizes = int | Sequence[int]


def _each(value: Sizes, count: int) -> tuple[int, ...]:
    """A size for every axis."""
    return (value,) * count if isinstance(value, int) else tuple(value) * (count if len(value) == 1 else 1)


def _places(sizes: Sequence[int], kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]) -> Tensor:
    """For every offset in the kernel and every output, the place of an entry among all: (offsets, *outputs)."""
    lines = []
    for size, k, step, gap in zip(sizes, kernel, stride, dilation, strict=True):
        outputs = (size - gap * (k - 1) - 1) // step + 1
        if outputs < 1:
            raise UnknownOperationError(f"a kernel of size {k}, dilation {gap}, does not fit into {size} entries")
        lines.append(torch.arange(k)[:, None] * gap + torch.arange(outputs)[None] * step)  # offsets outputs
    strides = [math.prod(sizes[i + 1 :]) for i in range(len(sizes))]
    parts = []
    for offset in itertools.product(*(range(k) for k in kernel)):
        rows = [line[o] * step for line, o, step in zip(lines, offset, strides, strict=True)]
        grid = rows[0]
        for row in rows[1:]:
            grid = grid[..., None] + row
        parts.append(grid)
    return torch.stack(parts)


def patches(
    x: Enclosure, kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> tuple[Enclosure, Any]:
    """(cells, channels, *sizes) as (cells, channels, offsets, outputs), and the sizes of the outputs."""
    axes = len(kernel)
    places = _places(x.logical[1:], kernel, stride, dilation)
    flat = reshape(x, x.shape[0], x.logical[0], math.prod(x.logical[1:])) if axes > 1 else x
    picked = take(flat, -1, places.reshape(-1))
    return reshape(picked, x.shape[0], x.logical[0], len(places), places[0].numel()), places.shape[1:]


def _padded(x: Enclosure, padding: Any, kernel: Sequence[int], dilation: Sequence[int]) -> Enclosure:
    """Zeros around the last axes, by a number, one for each axis, 'valid' or 'same'."""
    if padding == "valid":
        return x
    if padding == "same":
        total = [gap * (k - 1) for k, gap in zip(kernel, dilation, strict=True)]
        ends = [(t // 2, t - t // 2) for t in total]
    else:
        ends = [(p, p) for p in _each(padding, len(kernel))]
    return pad(x, [n for pair in reversed(ends) for n in pair]) if any(map(any, ends)) else x


@rule("conv1d", "conv2d")
def convolution(
    x: Enclosure,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Any = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Enclosure:
    """A product of the weights (out, in·offsets) with the patches, for every group."""
    weight, axes = as_weights(weight, "convolution"), weight.dim() - 2
    if x.ndim != axes + 2:
        raise UnknownOperationError(f"a convolution needs (cells, channels, {axes} axes), got {tuple(x.shape)}")
    if x.logical[0] != groups * weight.shape[1]:
        raise UnknownOperationError(f"{groups} groups of {weight.shape[1]} channels are not {x.logical[0]} channels")
    kernel, gaps = tuple(weight.shape[2:]), _each(dilation, axes)
    found, sizes = patches(_padded(x, padding, kernel, gaps), kernel, _each(stride, axes), gaps)
    inner, outputs = weight.shape[1] * math.prod(kernel), math.prod(sizes)
    rows = reshape(found, x.shape[0], groups, inner, outputs)
    matrix = weight.reshape(groups, -1, inner)
    product = Enclosure(rows.ordered().left_multiply(as_matrix(matrix[0] if groups == 1 else matrix)))
    result = reshape(product, x.shape[0], len(weight), *sizes)
    return result if bias is None else add(result, as_weights(bias, "convolution").reshape(-1, *(1,) * axes))


def _pooled_patches(
    x: Enclosure, axes: int, kernel: Sizes, stride: Sizes | None, padding: Any
) -> tuple[Enclosure, Any]:
    if x.ndim != axes + 2:
        raise UnknownOperationError(f"a pooling needs (cells, channels, {axes} axes), got {tuple(x.shape)}")
    sizes, one = _each(kernel, axes), (1,) * axes
    steps = sizes if stride is None or stride == [] or stride == () else _each(stride, axes)
    return patches(_padded(x, padding, sizes, one), sizes, steps, one)


def _average_pool(axes: int) -> Callable[..., Enclosure]:
    def pooled(
        x: Enclosure,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> Enclosure:
        if ceil_mode or divisor_override is not None or (any(_each(padding, axes)) and not count_include_pad):
            raise UnknownOperationError(
                "average pooling has an enclosure without ceil_mode, divisor_override and count_include_pad=False"
            )
        found, sizes = _pooled_patches(x, axes, kernel_size, stride, padding)
        return reshape(mean(found, 2), x.shape[0], x.logical[0], *sizes)

    return pooled


def _max_pool(axes: int) -> Callable[..., Enclosure]:
    def pooled(
        x: Enclosure,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        dilation: Sizes = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> Enclosure:
        spread = _each(dilation, axes) != (1,) * axes
        if ceil_mode or return_indices or spread or any(_each(padding, axes)):
            raise UnknownOperationError(
                "maximum pooling has an enclosure without padding, dilation, ceil_mode and indices"
            )
        found, sizes = _pooled_patches(x, axes, kernel_size, stride, 0)
        return reshape(along(found, 2, False, kinks.maximum), x.shape[0], x.logical[0], *sizes)

    return pooled


for _axes in (1, 2):  # the name says how many axes are pooled, and not the value: torch takes (channels, h, w) as well
    rule(f"avg_pool{_axes}d", places=(functional,))(_average_pool(_axes))
    rule(f"max_pool{_axes}d", places=(functional,))(_max_pool(_axes))
