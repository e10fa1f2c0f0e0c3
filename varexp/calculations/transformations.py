"""transformations: Lipschitz constants of image operations in use, on photographs that scikit-image carries.

A linear operation is a matrix, whose norm is enclosed. Of another one `constant_upper` is what a theorem gives (the
reason is in the row), and `constant_lower` is attained by a pair of images that bisection finds: of two halves of a
segment one stretches at least as much as the whole does, so that the ratio never falls. Where it doubles with every
halving, down to a distance of 1e-9, the operation jumps. `lipschitz` says yes or no by a theorem, jump by such a pair.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch

from varexp.calculations._operations import NORMS, Array, Operation, operations, photographs
from varexp.calculations.base import Calculation, Row, register
from varexp.errors import bad_value
from varexp.maps.constants import singular_value_bounds

CLOSE = 1e-9  # distance of two images at which bisection ends
OFF = 1e-14  # what rounding may add to the distance of two images that an operation makes
JUMP = 1e4  # an operation whose ratio exceeds this, and doubles with the last halvings, jumps
NOISE = 1e-3  # size of the noise that makes the second image of a pair, and of what is left of a nearly constant one
SMOOTH = 1e-12  # relative: what rounding in float64 may add to an entry of a matrix


@register("transformations")
@dataclass(frozen=True)
class Transformations(Calculation):
    """Which photographs, and how many pixels along an axis they are cut to."""

    image: list[str] = field(default_factory=lambda: ["camera", "coins"])
    side: int = 24
    seed: int = 0

    def rows(self) -> Iterator[Row]:
        if not 8 <= self.side <= 48:
            raise bad_value("side", self.side, "a whole number from 8 to 48: a matrix of side² columns is made")
        images = photographs(self.image, self.side)
        for operation in operations(images[0]):
            for norm in NORMS:
                yield self._row(operation, norm, images)

    def _row(self, operation: Operation, norm: str, images: list[Array]) -> Row:
        lower, distance, growth = steepest_pair(operation, norm, images, self.seed)
        upper = operation.upper.get(norm)
        if operation.linear:
            lower, upper = linear_constant(operation, norm, self.side)
            distance, growth = None, None
        jumps = growth is not None and lower > JUMP and growth > 1.9
        bounded = operation.bounded or upper is not None
        verdict = "no" if operation.unbounded else "jump" if jumps else "yes" if bounded else "unknown"
        refused = verdict in ("no", "jump")
        return {
            "operation": operation.name,
            "call": operation.call,
            "norm": norm,
            "linear": operation.linear,
            "side": self.side,
            "lipschitz": verdict,
            "constant_lower": None if refused else lower,
            "constant_upper": None if refused else upper,
            "ratio_of_pair": lower,
            "distance_of_pair": distance,
            "growth_of_ratio": growth,
            "because": operation.because,
        }


def size(x: Array, norm: str) -> float:
    """The rms or the max norm of an image."""
    return float(np.abs(x).max()) if norm == "max" else float(np.sqrt(np.mean(np.square(x))))


def steepest_pair(
    operation: Operation, norm: str, images: list[Array], seed: int
) -> tuple[float, float | None, float | None]:
    """The largest ratio that bisection finds, the distance of that pair, and the growth of the ratio by a halving.

    The ratio is less what rounding may have added. The growth is the geometric mean over the last four halvings: 2 at a
    jump, 1 where the operation is smooth.
    """
    best: tuple[float, float | None, float | None] = (0.0, None, None)
    for first, second in pairs(images, seed):
        ratios, distances = bisected(operation, norm, first, second)
        sure = [ratio - OFF / distance for ratio, distance in zip(ratios, distances, strict=True)]
        place = int(np.argmax(sure))
        growth = (ratios[-1] / ratios[-5]) ** 0.25 if ratios[-5] > 0 else 1.0
        best = max(best, (sure[place], distances[place], growth), key=lambda found: found[0])
    return best


def pairs(images: list[Array], seed: int) -> Iterator[tuple[Array, Array]]:
    """Where bisection begins: two photographs; one and its noisy, lighter and black self; nearly constant ones."""
    source = np.random.default_rng(seed)
    for image in images:
        grey = np.full_like(image, image.mean())
        noisy = np.clip(image + NOISE * source.standard_normal(image.shape), 0, 1)
        for other in (*images, noisy, np.clip(image + NOISE, 0, 1), np.zeros_like(image)):
            if other is not image:
                yield image, other
        yield grey, grey + NOISE * (image - grey)


def bisected(operation: Operation, norm: str, a: Array, b: Array) -> tuple[list[float], list[float]]:
    """Ratio and distance of the steeper half of a segment of images, halving after halving."""
    at_a, at_b = operation(a), operation(b)
    ratios: list[float] = []
    distances: list[float] = []
    while not distances or distances[-1] > CLOSE:
        middle = (a + b) / 2
        at_middle = operation(middle)
        if size(at_middle - at_a, norm) >= size(at_b - at_middle, norm):
            b, at_b = middle, at_middle
        else:
            a, at_a = middle, at_middle
        distances.append(size(b - a, norm))
        ratios.append(size(at_b - at_a, norm) / distances[-1])
    return ratios, distances


def linear_constant(operation: Operation, norm: str, side: int) -> tuple[float, float]:
    """Both ends of the operator norm of a linear operation, from its matrix."""
    columns = []
    for pixel in range(side * side):
        image = np.zeros(side * side)
        image[pixel] = 1.0
        columns.append(operation(image.reshape(side, side)).ravel())
    matrix = np.stack(columns, axis=1)
    if norm == "max":
        rows = float(np.abs(matrix).sum(axis=1).max())
        return rows * (1 - SMOOTH * matrix.shape[1]), rows * (1 + SMOOTH * matrix.shape[1])
    low, high = singular_value_bounds(torch.from_numpy(matrix))
    missed, scale = SMOOTH * float(np.linalg.norm(matrix)), math.sqrt(matrix.shape[1] / matrix.shape[0])
    return (low - missed) * scale * (1 - SMOOTH), (high + missed) * scale * (1 + SMOOTH)
