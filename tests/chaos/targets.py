"""Targets that no sweep should have to meet: their values are no numbers, grow without end, or end the process."""

import multiprocessing
import os

import torch

from varexp.maps.targets import register
from varexp.maps.targets.affine import Affine

STATUS = 9  # with which the deadly target ends its process
HOSTILE = ("nan_valued", "inf_valued", "exploding")


@register("nan_valued")
class NanValued(Affine):
    def __call__(self, x):
        return super().__call__(x) * float("nan")


@register("inf_valued")
class InfValued(Affine):
    def __call__(self, x):
        return super().__call__(x) + float("inf")


@register("exploding")
class Exploding(Affine):
    def __call__(self, x):
        return torch.exp(1e4 * super().__call__(x).abs())


@register("deadly")
class Deadly(Affine):
    """Ends the worker process that evaluates it."""

    def __call__(self, x):
        if multiprocessing.parent_process() is not None:
            os._exit(STATUS)
        return super().__call__(x)
