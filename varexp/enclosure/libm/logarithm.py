"""log x, and what is made of it and of exponentials: softplus, powers, roots."""

import math
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from flint import arb, ctx, fmpq
from torch import Tensor

from varexp.enclosure.libm.common import EXP_ERROR, LOG_ERROR, blockwise
from varexp.enclosure.libm.exponential import exp
from varexp.enclosure.rounding import UNIT
from varexp.enclosure.tabulated import tabulate

LOG_PARTS = 2**11  # parts of [1/2, 1), whose middles' inverses and logarithms are tabulated
with ctx.workprec(160):
    LOG_2 = float(arb.const_log2())


@lru_cache(maxsize=1)
def log_tables() -> tuple[Tensor, Tensor]:
    """1/c for the middles c of the parts of [1/2, 1), and −log of the numbers in this table."""
    inverses = tabulate(lambda i: arb(fmpq(4 * LOG_PARTS, 2 * (LOG_PARTS + i) + 1)), range(LOG_PARTS))
    return inverses, tabulate(lambda inverse: -arb(inverse).log(), inverses.tolist())


def _of_log(mantissa: Any, inverse: Any, log_of_inverse: Any, exponent: Any) -> Any:
    """exponent·log 2 + log mantissa, with the mantissa times the inverse close to 1."""
    z = (mantissa * inverse).add_(-1)
    p = (z * -0.25).add_(1 / 3).mul_(z).add_(-0.5).mul_(z).add_(1).mul_(z)
    return (exponent * LOG_2).add_(p.add_(log_of_inverse))


def _log(x: Tensor) -> Tensor:
    mantissa, exponent = torch.frexp(x)
    place = ((mantissa * (2 * LOG_PARTS)).to(torch.int64) - LOG_PARTS).clamp_(0, LOG_PARTS - 1)
    inverses, logs = log_tables()
    result = _of_log(mantissa, inverses.index_select(0, place), logs.index_select(0, place), exponent.to(torch.float64))
    return torch.where(x == math.inf, math.inf, torch.where(x == 0, -math.inf, torch.where(x > 0, result, torch.nan)))


def log(x: Tensor) -> Tensor:
    """log x, off by at most LOG_ERROR(1 + |log x|); −inf at 0, nan below."""
    return blockwise(_log, x)


def softplus(x: Tensor) -> Tensor:
    """log(1 + e^x) = max(x, 0) + log(1 + e^{−|x|}), off by at most SOFTPLUS_ERROR(1 + |x|)."""
    return x.clamp_min(0) + log(exp(-x.abs()) + 1)


def sqrt(x: Tensor) -> Tensor:
    """√x, rounded once as IEEE 754 prescribes: by numpy, since torch's own is a vector library's, which is not."""
    with np.errstate(invalid="ignore"):
        return torch.from_numpy(np.sqrt(x.numpy()))


def power(x: Tensor, exponent: float) -> Tensor:
    """x^exponent for x > 0, off by at most `power_error(exponent)` relative to itself, or SMALLEST_EXP; else nan."""
    if abs(exponent) == 0.5:
        root = sqrt(torch.where(x > 0, x, torch.nan))
        return root if exponent > 0 else 1 / root
    return exp(log(torch.where(x > 0, x, torch.nan)).mul_(exponent))


def power_error(exponent: float) -> float:
    """A bound of the relative error of `power`.

    |log x| is less than 745, so that exponent·log x is off by 746·LOG_ERROR + 745·UNIT times the exponent at most.
    """
    if abs(exponent) == 0.5:
        return 3 * UNIT
    return math.expm1(abs(exponent) * (746 * LOG_ERROR + 745 * UNIT)) * (1 + 1e-9) + 2 * EXP_ERROR
