"""What the functions share: blocks of numbers, steps in two parts, and the bounds that are proved."""

import math
from typing import Any

import torch
from flint import arb
from torch import Tensor

from varexp.enclosure.rounding import UNIT

# Proved bounds of the errors. Those of exp hold relative to the value, the others absolutely.
EXP_ERROR = 7 * UNIT
SMALLEST_EXP = 2.0**-1022  # exp may be off by so much more: values below it are 0
LOG_ERROR = 4 * UNIT  # times 1 + |log x|
SIN_ERROR = 4 * UNIT
SIN_LIMIT = 2.0**14  # of |x|; beyond it sin and cos are known to lie in [−1, 1] alone
TANH_ERROR = 6 * UNIT
SIGMOID_ERROR = 5 * UNIT
ERF_ERROR = 4 * UNIT
ATAN_ERROR = 4 * UNIT
SOFTPLUS_ERROR = 14 * UNIT  # times 1 + |x|
GELU_ERROR = 6 * UNIT  # times |x|


BLOCK = 2**15  # numbers that are computed at once, so that they stay in the cache


def blockwise(f: Any, x: Tensor) -> Tensor:
    """f of all numbers of x, in the shape of x; f takes one axis of numbers and returns another."""
    numbers = x.reshape(-1)
    if len(numbers) <= BLOCK:
        return f(numbers).reshape(x.shape)
    return torch.cat([f(part) for part in numbers.split(BLOCK)]).reshape(x.shape)


def split(step: arb, bits: int) -> tuple[float, float]:
    """step as a sum of a number with at most `bits` bits below 1 and of a number of float64."""
    high = math.floor(float(step) * 2.0**bits) / 2.0**bits
    return high, float(step - high)


# Whole numbers near 0 are read off the last bits of x + SHIFT, which rounds x.
SHIFT = 1.5 * 2.0**52
