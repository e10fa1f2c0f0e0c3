"""tanh, by a table and its addition theorem."""

from functools import lru_cache
from typing import Any

import numpy as np
import torch
from flint import arb, fmpq
from torch import Tensor

from varexp.enclosure.libm.common import SHIFT, blockwise
from varexp.enclosure.tabulated import tabulate

TANH_PARTS, TANH_END = 2**9, 20  # parts of a unit, whose ends are tabulated; where tanh is 1
TANH_SHIFT = SHIFT / TANH_PARTS
FIRST_TANH = int(np.float64(TANH_SHIFT).view(np.int64)) - TANH_PARTS * TANH_END  # the bits of TANH_SHIFT − TANH_END


@lru_cache(maxsize=1)
def tanh_table() -> Tensor:
    """tanh(j/TANH_PARTS) from −TANH_END to TANH_END."""
    ends = TANH_PARTS * TANH_END
    return tabulate(lambda j: arb(fmpq(j, TANH_PARTS)).tanh(), range(-ends, ends + 1))


def _of_tanh(r: Any, node: Any) -> Any:
    """(node + tanh r)/(1 + node·tanh r) for small r."""
    t = (r * r).mul_(-1 / 3).mul_(r).add_(r)
    return (node + t).div_((node * t).add_(1))


def _tanh(x: Tensor) -> Tensor:
    x = x.clamp(-TANH_END, TANH_END)
    shifted = x + TANH_SHIFT
    r = x.sub_(shifted - TANH_SHIFT)  # exact
    place = (shifted.view(torch.int64) - FIRST_TANH).clamp_(0, 2 * TANH_PARTS * TANH_END)  # nan has other bits
    return _of_tanh(r, tanh_table().index_select(0, place))


def tanh(x: Tensor) -> Tensor:
    """tanh x, off by at most TANH_ERROR."""
    return blockwise(_tanh, x)
