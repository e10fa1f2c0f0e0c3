"""interpolation: ε_1 of each kernel on smooth images that are doubled, against resolution; fitted and exact orders.

Images are spans of cosines of low frequency, of L² norm at most 1, by their values at pixels (`sampled`) or by their
means over pixels (`averaged`): doubled without error, each is the same function on a grid twice as fine. ε_1 is the sup
over all of them of the rms difference, a singular value, on the whole image and on its inner part, which no border is
near to. The exact order of the inner part is that of Strang and Fix: the degree up to which polynomials are doubled
without error, plus 1.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.calculations.base import Calculation, Row, register
from varexp.enclosure.rounding import UNIT, gamma
from varexp.errors import bad_value
from varexp.maps.constants import singular_value_bounds
from varexp.maps.interpolation import KERNELS, centre, resize_matrix
from varexp.theory import Interval

IMAGES = ("sampled", "averaged")
LEAST = 16  # size from which there is an inner part, the middle half: no kernel reaches from there to a border
HIGHEST = 6  # degree of polynomials that are tried
TESTED = 32  # size at which they are tried
MISSED = 1e-9  # a polynomial of size up to 1 that is missed by more is not doubled without error


@register("interpolation")
@dataclass(frozen=True)
class Interpolation(Calculation):
    """Kernels, sizes of images before they are doubled, how many cosines along each axis."""

    kernel: list[str] = field(default_factory=lambda: list(KERNELS))
    size: list[int] = field(default_factory=lambda: [4, 8, 16, 32, 64])
    modes: int = 3

    def rows(self) -> Iterator[Row]:
        for size in self.size:
            if size < self.modes:
                raise bad_value("size", size, f"at least modes = {self.modes}")
        for images in IMAGES:
            for kernel in self.kernel:
                yield from self._rows(images, kernel)

    def _rows(self, images: str, kernel: str) -> Iterator[Row]:
        for part in ("whole", "inner"):
            exact, before = exact_order(images, kernel) if part == "inner" and kernel != "dct" else None, None
            for size in sorted(self.size):
                if part == "inner" and size < LEAST:
                    continue
                found = eps_interpolation(images, kernel, size, self.modes, size // 2 if part == "inner" else 0)
                yield {
                    "images": images,
                    "kernel": kernel,
                    "part": part,
                    "size": size,
                    "eps_interpolation_lower": found.lower,
                    "eps_interpolation_upper": found.upper,
                    "order": None if before is None else _order(before, found, size),
                    "order_exact": exact,
                }
                before = (size, found)


def _order(before: tuple[int, Interval], found: Interval, size: int) -> float | None:
    """The slope on logarithms between two sizes; None where an ε_1 is not told from 0."""
    if not found.lower > 0:
        return None
    middles = [(interval.lower + interval.upper) / 2 for interval in (before[1], found)]
    return math.log(middles[0] / middles[1]) / math.log(size / before[0])


def cosines(images: str, size: int, modes: int) -> Float[Tensor, "pixels modes"]:
    """The first cosines on [0, 1], orthonormal in L², by values at the middles of pixels or by means over pixels."""
    k = torch.arange(modes, dtype=torch.float64)
    middles = (torch.arange(size, dtype=torch.float64) + 0.5) / size
    mean = torch.special.sinc(k / (2 * size)) if images == "averaged" else torch.ones_like(k)
    return torch.cos(math.pi * k * middles[:, None]) * mean * torch.where(k > 0, math.sqrt(2), 1.0)


def eps_interpolation(images: str, kernel: str, size: int, modes: int, border: int) -> Interval:
    """sup of the rms difference between doubled images and the same function twice as fine, rounding included.

    Args:
        images: sampled or averaged.
        kernel: name of a kernel.
        size: pixels along an axis before doubling.
        modes: cosines along each axis.
        border: output pixels that are left out at each side.
    """
    matrix = resize_matrix(kernel, size, 2 * size)
    before, after = cosines(images, size, modes), cosines(images, 2 * size, modes)
    inside = slice(border, 2 * size - border)
    made, true = (matrix @ before)[inside], after[inside]
    off = _rounding(kernel, matrix, before)[inside]
    difference = torch.einsum("ik,jl->ijkl", made, made) - torch.einsum("ik,jl->ijkl", true, true)
    size_of = made.abs() + true.abs() + off
    allowance = torch.einsum("ik,jl->ijkl", size_of, off + 16 * UNIT * size_of) * 4
    pixels = made.shape[0] ** 2
    low, high = singular_value_bounds(difference.reshape(pixels, -1))
    missed = float(allowance.square().sum().sqrt()) * (1 + gamma(pixels))
    scale, up = math.sqrt(pixels), 1 + 8 * UNIT
    return Interval(max(0.0, low - missed) / scale / up, (high + missed) * up / scale * up)


def _rounding(kernel: str, matrix: Tensor, before: Tensor) -> Float[Tensor, "pixels modes"]:
    """How far computed values of a doubled axis can be off: of weights, of cosines, and of the product.

    Weights of the cosine interpolant are sums of cosines of arguments up to π·size; all others are off by few units.
    """
    off = 16 * UNIT * matrix.abs() + (16 * len(before) * UNIT if kernel == "dct" else 0.0)
    return (off + gamma(len(before) + 16) * matrix.abs()) @ before.abs() * (1 + 1e-9)


@lru_cache(maxsize=256)
def exact_order(images: str, kernel: str) -> int:
    """The lowest degree of a polynomial that doubling misses in the middle of an image (Strang and Fix).

    For a kernel that misses none up to the highest degree tried, that degree and 1. The kernel must be local.
    """
    matrix, middle = resize_matrix(kernel, TESTED, 2 * TESTED), range(TESTED, TESTED + 2)
    for degree in range(HIGHEST + 1):
        values = torch.tensor([_moment(images, j - TESTED / 2, 1.0, degree) for j in range(TESTED)], dtype=matrix.dtype)
        for i in middle:
            place = float(centre(i, TESTED, 2 * TESTED)) - TESTED / 2
            scale = max(1.0, float((matrix[i].abs() * values.abs()).sum()))
            if abs(float(matrix[i] @ values) - _moment(images, place, 0.5, degree)) > MISSED * scale:
                return degree
    return HIGHEST + 1


def _moment(images: str, middle: float, width: float, degree: int) -> float:
    """x^degree at the middle of a pixel, or its mean over the pixel."""
    if images == "sampled":
        return middle**degree
    low, high = middle - width / 2, middle + width / 2
    return (high ** (degree + 1) - low ** (degree + 1)) / (degree + 1) / width
