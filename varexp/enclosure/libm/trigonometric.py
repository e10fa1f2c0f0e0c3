"""sin and cos, by a table over a turn and a quarter, and short series; atan, by a table and its addition theorem."""

from functools import lru_cache
from typing import Any

import torch
from flint import arb, ctx, fmpq
from torch import Tensor

from varexp.enclosure.libm.common import SHIFT, SIN_LIMIT, blockwise, split
from varexp.enclosure.tabulated import tabulate

TURN_PARTS = 2**14  # table entries sin(2πj/TURN_PARTS)
with ctx.workprec(160):
    TURN_STEP = split(2 * arb.pi() / TURN_PARTS, 38)
    PER_TURN_STEP = float(TURN_PARTS / (2 * arb.pi()))


@lru_cache(maxsize=1)
def sin_table() -> Tensor:
    """sin(2πj/TURN_PARTS) over one and a quarter turns."""
    return tabulate(lambda j: arb.sin_pi(arb(fmpq(2 * j, TURN_PARTS))), range(TURN_PARTS + TURN_PARTS // 4))


def _of_sin(r: Any, sine: Any, cosine: Any) -> Any:
    """sine·cos r + cosine·sin r for small r."""
    square = r * r
    p = (square * (-1 / 6)).mul_(r).add_(r).mul_(cosine)
    return (square * -0.5).mul_(sine).add_(p).add_(sine)


def _sin(x: Tensor, quarter: int) -> Tensor:
    """sin(x + quarter·π/2)."""
    x = x.clamp(-SIN_LIMIT, SIN_LIMIT)
    shifted = (x * PER_TURN_STEP).add_(SHIFT)
    k = shifted - SHIFT
    r = x.sub_(k, alpha=TURN_STEP[0]).sub_(k, alpha=TURN_STEP[1])
    place = (shifted.view(torch.int64) + quarter * (TURN_PARTS // 4)).bitwise_and_(TURN_PARTS - 1)
    sine, cosine = sin_table().index_select(0, place), sin_table().index_select(0, place + TURN_PARTS // 4)
    return _of_sin(r, sine, cosine)


def sin(x: Tensor) -> Tensor:
    """sin x, off by at most SIN_ERROR where |x| <= SIN_LIMIT; within [−1 − SIN_ERROR, 1 + SIN_ERROR] elsewhere."""
    return blockwise(lambda x: _sin(x, 0), x)


def cos(x: Tensor) -> Tensor:
    """cos x, as `sin`."""
    return blockwise(lambda x: _sin(x, 1), x)


ATAN_PARTS = 2**8  # table entries atan(j/ATAN_PARTS)
with ctx.workprec(160):
    HALF_PI = float(arb.pi() / 2)


@lru_cache(maxsize=1)
def atan_table() -> Tensor:
    return tabulate(lambda j: arb(fmpq(j, ATAN_PARTS)).atan(), range(ATAN_PARTS + 1))


def _of_atan(size: Any, node: Any, atan_of_node: Any) -> Any:
    """atan(node) + atan((size − node)/(1 + size·node)), with the argument of the second small."""
    z = (size - node) / (size * node).add_(1)
    square = z * z
    return (square * 0.2).add_(-1 / 3).mul_(square).mul_(z).add_(z).add_(atan_of_node)


def _atan(x: Tensor) -> Tensor:
    size = x.abs()
    beyond = size > 1
    size = torch.where(beyond, 1 / size, size)
    place = (size * ATAN_PARTS).add_(0.5).to(torch.int64).clamp_(0, ATAN_PARTS)
    result = _of_atan(size, place.to(torch.float64) / ATAN_PARTS, atan_table().index_select(0, place))
    return torch.where(beyond, HALF_PI - result, result).copysign_(x)


def atan(x: Tensor) -> Tensor:
    """atan x, off by at most ATAN_ERROR."""
    return blockwise(_atan, x)
