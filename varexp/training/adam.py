"""Adam with one cycle of the learning rate: torch's own fused kernel, without torch.optim.

torch.optim imports torch's compiler when its first optimiser is made. No part of the compiler is used here, and its
import takes a third of the core-seconds that a process needs to start.
"""

import math
from itertools import pairwise

import torch
from torch import Tensor

BETAS = (0.9, 0.99)
EPSILON = 1e-8
WARM_UP = 0.1  # the share of steps in which the rate rises
START, END = 25.0, 1e4  # the peak is START times the first rate, and that is END times the last


def one_cycle(peak: float, steps: int) -> list[float]:
    """The rate of every step, as torch.optim.lr_scheduler.OneCycleLR gives it: two halves of a cosine.

    Args:
        peak: the largest rate.
        steps: at least 11, so that there is a step before the peak.
    """
    ends = (0.0, WARM_UP * steps - 1, steps - 1.0)
    first, last = peak / START, peak / START / END
    rates = []
    for step in range(steps):
        rising = step <= ends[1]
        begin, end = next(pairwise(ends if rising else ends[1:]))
        low, high = (first, peak) if rising else (peak, last)
        cosine = math.cos(math.pi * ((step - begin) / (end - begin))) + 1
        rates.append(high + (low - high) / 2.0 * cosine)
    return rates


class Adam:
    """The state of Adam for one tensor, which it changes in place (Kingma and Ba 2015)."""

    def __init__(self, weights: Tensor) -> None:
        self.weights = weights
        self.mean, self.square = torch.zeros_like(weights), torch.zeros_like(weights)
        self.count = torch.zeros((), dtype=torch.float32)

    def step(self, gradient: Tensor, rate: float) -> None:
        """Take one step down a gradient."""
        self.count += 1
        torch._fused_adam_(
            [self.weights],
            [gradient],
            [self.mean],
            [self.square],
            [],
            [self.count],
            lr=rate,
            beta1=BETAS[0],
            beta2=BETAS[1],
            weight_decay=0.0,
            eps=EPSILON,
            amsgrad=False,
            maximize=False,
        )
