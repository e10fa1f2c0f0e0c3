"""Tables of numbers that no float64 computation has touched: each entry is proved to be off by one rounding at most."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from flint import arb, ctx
from torch import Tensor

from varexp.enclosure.rounding import SMALLEST, UNIT

BITS = 160  # of the balls that entries are rounded from


def tabulate(entry: Callable[[Any], arb], indices: Iterable[Any]) -> Tensor:
    """The numbers entry(index) in float64 (indices,), each off by at most UNIT relative to itself, or SMALLEST.

    Raises:
        ArithmeticError: a ball is too wide to show this.
    """
    with ctx.workprec(BITS):
        exact = [entry(index) for index in indices]
        rounded = [float(ball) for ball in exact]
        for ball, number in zip(exact, rounded, strict=True):
            if not abs(ball - number) <= abs(ball) * UNIT + SMALLEST:
                raise ArithmeticError(f"{ball} is too wide a ball to be rounded to a number of float64")
    return torch.tensor(rounded, dtype=torch.float64)
