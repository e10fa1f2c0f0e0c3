"""What float64 arithmetic loses: the unit roundoff, the factor of n roundings, and an allowance for underflow."""

import torch
from torch import Tensor

UNIT = 2.0**-53  # unit roundoff u of float64
SMALLEST = 2.0**-1074  # of the numbers above 0: what underflow loses in one operation at most
TINY = 1e-290  # more than underflow loses in many operations, and less than whatever matters


def gamma(count: int) -> float:
    """γ_n = n·u/(1 − n·u), rounded up: it bounds the relative error of n roundings (Higham 2002, Lemma 3.1)."""
    return count * UNIT / (1 - count * UNIT) * (1 + 4 * UNIT)


def tiny_where(mask: Tensor) -> Tensor:
    """TINY where the mask is true and 0 elsewhere, in float64: TINY·mask would be float32, in which TINY is 0."""
    return mask.to(torch.float64) * TINY


class FlushToZeroError(RuntimeError):
    """The processor takes subnormal numbers for zero, so that what vanishes cannot be accounted for."""


def require_gradual_underflow() -> None:
    """Raise FlushToZeroError if torch's arithmetic flushes subnormal numbers to zero."""
    small = torch.full((17,), 2.0**-1022, dtype=torch.float64)  # more than one vector's width, and a rest
    halves = (small * 0.5, small @ torch.full((17, 1), 0.5, dtype=torch.float64))
    if any(bool((half.view(torch.int64) == 0).any()) for half in halves):
        raise FlushToZeroError(
            "the processor flushes subnormal numbers to zero, and no enclosure holds then: expected gradual underflow; "
            "call torch.set_flush_denormal(False), and do not load libraries built with -ffast-math"
        )
