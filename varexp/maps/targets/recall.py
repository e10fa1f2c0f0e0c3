"""f(X) = Σ_k softmax_k(β(⟨X, X_k⟩ − ‖X_k‖²/2)) v_k: the value stored at the nearest of some places, made smooth.

Made of data and not of a seed, so it is not registered: `recalling_target` builds it, for example from images.
"""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.maps.constants import Constant
from varexp.maps.norms import RMS, TokenNorm
from varexp.maps.targets.base import FeatureMap

ROUNDING = 1e-12  # relative: covers the float64 evaluation of two diameters and their product


@dataclass(frozen=True, kw_only=True, eq=False)
class Recall(FeatureMap):
    """Places X_k and values v_k, both (items, tokens, channels); K is the sharpness β. ⟨·,·⟩ is the mean of products.

    The derivative along d is β·Cov_k(v_k, ⟨X_k, d⟩) under the softmax's weights, and a variance is at most a quarter of
    a squared diameter (Popoviciu): Lip(f) <= β·diam(v)·diam(X)/4 in rms. Two items attain it, halfway between them.
    """

    name = "recall"
    known_norms = ("rms",)
    places: Tensor
    values: Tensor
    __eq__, __hash__ = object.__eq__, object.__hash__  # fields of the base class do not tell two of them apart

    def __call__(self, x: Float[Any, "... tokens channels"]) -> Float[Any, "... tokens channels"]:
        keys = self.places.flatten(1)
        scores = (x.flatten(-2) @ keys.mT) * (self.K / keys.shape[1]) - keys.square().mean(dim=1) * (self.K / 2)
        return (torch.softmax(scores, dim=-1) @ self.values.flatten(1)).unflatten(-1, tuple(self.values.shape[1:]))

    def constant(self, norm: TokenNorm, before: Float[Tensor, "tokens tokens_in"]) -> Constant:
        own = self.K * diameter(self.places) * diameter(self.values) / 4
        return Constant(own * (1 - ROUNDING), own * (1 + ROUNDING), "upper") * RMS.operator_norm(before)


def diameter(maps: Float[Tensor, "items tokens channels"]) -> float:
    """The largest rms distance between two token maps."""
    return float((maps[:, None] - maps[None]).square().mean(dim=(-2, -1)).max().sqrt())


def closest(maps: Float[Tensor, "items tokens channels"]) -> float:
    """The smallest rms distance between two token maps. ValueError if it is 0: no map tells them apart."""
    distances = (maps[:, None] - maps[None]).square().mean(dim=(-2, -1)).sqrt()
    least = float((distances + torch.eye(len(maps)) * distances.max()).min())
    if least == 0:
        raise ValueError("two items are at the same place: no function takes it to two values")
    return least
