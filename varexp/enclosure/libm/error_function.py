"""erf, by Taylor polynomials on parts of [0, 6], and gelu."""

import math
from functools import lru_cache
from typing import Any

import torch
from flint import arb_series, ctx, fmpq
from torch import Tensor

from varexp.enclosure.libm.common import blockwise
from varexp.enclosure.tabulated import tabulate

ERF_PARTS, ERF_END, ERF_DEGREE = 64, 6, 7  # parts of a unit; where erf is 1; of the Taylor polynomial of each part


@lru_cache(maxsize=1)
def erf_tables() -> Tensor:
    """Taylor coefficients (degree + 1, parts) of erf at the middles of the parts of [0, ERF_END]."""
    parts = range(ERF_PARTS * ERF_END)
    middles = [arb_series([fmpq(2 * i + 1, 2 * ERF_PARTS), 1], prec=ERF_DEGREE + 1) for i in parts]
    with ctx.workprec(160):
        series = [middle.erf() for middle in middles]
    columns = tabulate(lambda coefficient: coefficient, [s[n] for n in range(ERF_DEGREE + 1) for s in series])
    return columns.reshape(ERF_DEGREE + 1, len(series))


def _of_erf(t: Any, coefficients: Any) -> Any:
    """The polynomial with these coefficients, constant first."""
    *lower, leading = coefficients
    p = leading * t
    for c in reversed(lower[1:]):
        p = p.add_(c).mul_(t)
    return p.add_(lower[0])


def _erf(x: Tensor) -> Tensor:
    size = x.abs().clamp_max_(ERF_END * (1 - 2.0**-20))
    place = (size * ERF_PARTS).to(torch.int64).clamp_(0, ERF_PARTS * ERF_END - 1)
    t = size.sub_((place.to(torch.float64) + 0.5) / ERF_PARTS)
    return _of_erf(t, [c.index_select(0, place) for c in erf_tables()]).copysign_(x)


def erf(x: Tensor) -> Tensor:
    """erf x, off by at most ERF_ERROR."""
    return blockwise(_erf, x)


def gelu(x: Tensor) -> Tensor:
    """x·(1 + erf(x/√2))/2, off by at most GELU_ERROR·|x|, or SMALLEST."""
    return (erf(x * math.sqrt(0.5)) + 1).mul_(0.5).mul_(x)
