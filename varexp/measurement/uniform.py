"""How far the images of a target are from uniform ones, whose tokens are all the same: sup_x min over u of ‖f(x) − u‖.

A chain of blocks without positions answers uniform images to a word of one token, so that its error is no smaller,
whatever its weights (Lemma 5.1 and Theorem 5.6 as printed, which have no positions).
"""

from typing import Any

import torch
from jaxtyping import Float

from varexp.caching import remembered_by_content
from varexp.enclosure import point
from varexp.maps.domains import Domain
from varexp.maps.norms import TokenNorm
from varexp.maps.targets import Target
from varexp.measurement.constant import enclosed_sup
from varexp.theory import Interval

POINTS = 1024  # evaluated points for the lower end
NORMS = ("rms", "frobenius")  # in which the mean over tokens is the nearest uniform image


def deviation(x: Float[Any, "... tokens channels"]) -> Float[Any, "... tokens channels"]:
    """X less its mean over tokens: its difference from the nearest uniform image in rms and Frobenius norm."""
    return x - x.mean(dim=-2, keepdim=True)


@remembered_by_content(1024)
@torch.no_grad()
def uniform_distance(target: Target, domain: Domain, norm: TokenNorm) -> Interval:
    """Both ends of sup over the domain's words of the distance of f(x) from the nearest uniform image.

    Raises:
        ValueError: a norm in which the mean over tokens is not the nearest uniform image.
    """
    if norm.name not in NORMS:
        raise ValueError(f"the distance from uniform images is known in {' and '.join(NORMS)} norm, got {norm.name}")
    values = deviation(target(domain.points(point(domain.sample(POINTS))))).model()
    lower = float(norm.lower_bound(values).max())
    return Interval(lower, enclosed_sup(target, domain, norm, deviation, lower))
