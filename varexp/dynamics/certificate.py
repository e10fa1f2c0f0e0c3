"""The error of a network on a field: enclosed by `varexp.sup_norm`, and measured on samples that know nothing of it."""

import time
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import Module

from varexp.api import SupNorm, sup_norm
from varexp.dynamics.fields import Field
from varexp.dynamics.networks import uniform_points
from varexp.errors import SoundnessError

SAMPLES, AT_ONCE = 200_000, 20_000
ROUNDING = 1e-9  # relative: what float64 may have added to a value that is computed at a point


@dataclass(frozen=True)
class Certificate:
    """Both ends of sup |N - f| over the box, in max norm, and the wall time of the call in seconds."""

    found: SupNorm
    seconds: float


@dataclass(frozen=True)
class Sampled:
    """The error |N - f| on random points: the mean over points and components, and the largest."""

    mean: float
    largest: float


def certify(network: Module, field: Field, gap: float, evaluations: int) -> Certificate:
    """Enclose the error of a network on a field. ValueError for a box, gap or budget that the call does not take."""
    started = time.perf_counter()
    found = sup_norm(lambda x: network(x) - field.value(x), field.box, norm="max", gap=gap, evaluations=evaluations)
    return Certificate(found, time.perf_counter() - started)


def sample(network: Module, field: Field, seed: int, count: int = SAMPLES) -> Sampled:
    """Measure the error of a network at random points of the box and at its corners."""
    draw = torch.Generator().manual_seed(seed)
    corners = torch.cartesian_prod(*torch.tensor(field.box, dtype=torch.float64)).reshape(-1, field.coordinates)
    errors = [errors_at(network, field, corners).flatten()]
    for start in range(0, count, AT_ONCE):
        points = uniform_points(field.box, min(AT_ONCE, count - start), draw)
        errors.append(errors_at(network, field, points).flatten())
    together = torch.cat(errors)
    return Sampled(float(together.mean()), float(together.max()))


def errors_at(
    network: Module, field: Field, points: Float[Tensor, "points coordinates"]
) -> Float[Tensor, "points components"]:
    """|N - f| at points, component by component."""
    with torch.no_grad():
        return (network(points) - field(points)).abs()


def check(network: Module, field: Field, found: SupNorm, sampled: Sampled) -> None:
    """Hold a certificate against values at points: no sample exceeds its upper end, its place attains the lower one.

    Raises:
        SoundnessError: a value contradicts the certificate; the message gives both.
    """
    if sampled.largest > found.upper * (1 + ROUNDING):
        raise SoundnessError(
            f"{field.name}: a sample has the error {sampled.largest!r}, above the certified upper end {found.upper!r}"
        )
    attained = float(errors_at(network, field, torch.tensor([found.place], dtype=torch.float64)).max())
    if attained < found.lower * (1 - ROUNDING):
        raise SoundnessError(
            f"{field.name}: the error at {found.place} is {attained!r}, below the certified lower end {found.lower!r}"
        )
