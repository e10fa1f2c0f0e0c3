"""e^x, and what is made of it: tables of 2^(j/16384), and two terms of a series."""

import math
from functools import lru_cache
from typing import Any

import torch
from flint import arb, ctx, fmpq
from torch import Tensor

from varexp.enclosure.libm.common import SHIFT, blockwise, split
from varexp.enclosure.tabulated import tabulate

EXP_PARTS = 2**14  # table entries 2^(j/EXP_PARTS)
with ctx.workprec(160):
    EXP_STEP = split(arb.const_log2() / EXP_PARTS, 42)
    PER_EXP_STEP = float(EXP_PARTS / arb.const_log2())
EXP_SHIFT = torch.tensor(SHIFT + 1023 * EXP_PARTS, dtype=torch.float64)
# e^r − 1 is close to r(slope + r/2) for |r| <= log(2)/2/EXP_PARTS: the cubic r³/6 is closest to a multiple of r
EXP_SLOPE = torch.tensor(1 + (math.log(2) / EXP_PARTS) ** 2 / 32, dtype=torch.float64)


@lru_cache(maxsize=1)
def exp_table() -> Tensor:
    """2^(j/EXP_PARTS)."""
    return tabulate(lambda j: (arb.const_log2() * fmpq(j, EXP_PARTS)).exp(), range(EXP_PARTS))


def _of_exp(r: Any, power: Any) -> Any:
    """power·e^r; overwrites the power."""
    p = torch.add(EXP_SLOPE, r, alpha=0.5).mul_(r)
    return power.addcmul_(power, p)


def _exp(x: Tensor) -> Tensor:
    # below −708.4 the exponent's bits are 0, which is the number 0; above 709.8 they are those of infinity
    x = x.clamp(-709.0, 710.0)
    shifted = torch.add(EXP_SHIFT, x, alpha=PER_EXP_STEP)
    k = shifted - EXP_SHIFT
    r = x.sub_(k, alpha=EXP_STEP[0]).sub_(k, alpha=EXP_STEP[1])
    bits = shifted.view(torch.int64)
    result = _of_exp(r, exp_table().index_select(0, bits & (EXP_PARTS - 1)))
    exponent = bits.bitwise_right_shift_(EXP_PARTS.bit_length() - 1).bitwise_left_shift_(52)
    return result.mul_(exponent.view(torch.float64))


def exp(x: Tensor) -> Tensor:
    """e^x, off by at most EXP_ERROR relative to itself, or SMALLEST_EXP."""
    return blockwise(_exp, x)


def sigmoid(x: Tensor) -> Tensor:
    """1/(1 + e^{−x}), off by at most SIGMOID_ERROR."""
    return 1 / (exp(-x) + 1)


def cosh(x: Tensor) -> Tensor:
    """(e^x + e^{−x})/2, off by at most 2·EXP_ERROR relative to itself."""
    power = exp(x.abs())
    return (power + 1 / power) / 2
