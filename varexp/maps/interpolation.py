"""Interpolation layers Φ: every kernel as a float64 matrix between any two sizes, with exact operator norms.

A kernel resizes one axis by a matrix U (size_out, size_in); on token maps it acts as U⊗U (`image_matrix`). Pixel
centres are at half integers and the border is clamped. Weights of polynomial kernels are computed in fractions and
rounded once.

Definition 3.1 asks for a kernel with values in [0, 1]; `Kernel.in_class` says whether it has them. Definition 3.2 read
literally evaluates the kernel at integers; `literal_matrix` does so, its two unspecified points being options.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.maps.norms import find_norm
from varexp.registry import Registry

Weights = list[list[float]]  # (size_out, size_in)


@dataclass(frozen=True)
class Kernel:
    """A rule that gives, for two sizes, the matrix that resizes one axis."""

    weights: Callable[[int, int], Weights]
    in_class: bool  # W(x) in [0, 1] for every x (Def 3.1)


# ---- the kernels W(x), piecewise polynomials in exact fractions -------------------------------------------------


def cubic_convolution(x: Fraction, a: Fraction) -> Fraction:
    """Keys' kernel with parameter a (1981): a = -1/2 is Pillow's bicubic, a = -3/4 is PyTorch's."""
    x = abs(x)
    if x <= 1:
        return (a + 2) * x**3 - (a + 3) * x**2 + 1
    return a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a if x < 2 else Fraction(0)


def mitchell_netravali(x: Fraction, b: Fraction, c: Fraction) -> Fraction:
    """The two-parameter cubics of Mitchell and Netravali (1988): b = 1, c = 0 is the cubic B-spline."""
    x = abs(x)
    if x < 1:
        return ((12 - 9 * b - 6 * c) * x**3 + (-18 + 12 * b + 6 * c) * x**2 + 6 - 2 * b) / 6
    if x < 2:
        return ((-b - 6 * c) * x**3 + (6 * b + 30 * c) * x**2 + (-12 * b - 48 * c) * x + 8 * b + 24 * c) / 6
    return Fraction(0)


def keys(x: Fraction) -> Fraction:
    return cubic_convolution(x, Fraction(-1, 2))


def keys75(x: Fraction) -> Fraction:
    return cubic_convolution(x, Fraction(-3, 4))


def bspline(x: Fraction) -> Fraction:
    return mitchell_netravali(x, Fraction(1), Fraction(0))


def mitchell(x: Fraction) -> Fraction:
    return mitchell_netravali(x, Fraction(1, 3), Fraction(1, 3))


def triangle(x: Fraction) -> Fraction:
    return max(Fraction(0), 1 - abs(x))


def lanczos3(x: Fraction) -> float:
    if x == 0:
        return 1.0
    if x.denominator == 1 or abs(x) >= 3:
        return 0.0
    return 3 * math.sin(math.pi * x) * math.sin(math.pi * x / 3) / (math.pi * x) ** 2


# ---- from a kernel to the matrix of an axis ----------------------------------------------------------------------


def centre(i: int, size_in: int, size_out: int) -> Fraction:
    """Where the centre of output pixel i falls among the input pixels, half-pixel convention."""
    return Fraction((2 * i + 1) * size_in, 2 * size_out) - Fraction(1, 2)


def _convolve(
    kernel: Callable[[Fraction], Fraction | float], support: int, normalise: bool = False
) -> Callable[[int, int], Weights]:
    def weights(size_in: int, size_out: int) -> Weights:
        rows: Weights = []
        for i in range(size_out):
            x = centre(i, size_in, size_out)
            row: list[Fraction | float] = [Fraction(0)] * size_in
            for tap in range(math.floor(x) - support + 1, math.floor(x) + support + 1):
                clamped = min(max(tap, 0), size_in - 1)
                row[clamped] += kernel(x - tap)
            total = sum(row) if normalise else 1
            rows.append([float(w / total) for w in row])
        return rows

    return weights


def _nearest(size_in: int, size_out: int) -> Weights:
    """PyTorch's nearest-exact: the input pixel that holds the output pixel's centre."""
    owner = [(2 * i + 1) * size_in // (2 * size_out) for i in range(size_out)]
    return [[float(j == o) for j in range(size_in)] for o in owner]


def _area(size_in: int, size_out: int) -> Weights:
    """The mean over the part of the input axis that each output pixel covers."""

    def overlap(i: int, j: int) -> Fraction:
        left = max(Fraction(i * size_in, size_out), Fraction(j))
        return max(Fraction(0), min(Fraction((i + 1) * size_in, size_out), Fraction(j + 1)) - left)

    return [[float(overlap(i, j) * Fraction(size_out, size_in)) for j in range(size_in)] for i in range(size_out)]


def _dct(size_in: int, size_out: int) -> Weights:
    """The cosine (DCT-II) interpolant evaluated at the output pixels' centres; truncates when it shrinks."""
    if size_in == size_out:
        return [[float(i == j) for j in range(size_in)] for i in range(size_in)]

    def entry(i: int, j: int) -> float:
        waves = (
            math.cos(math.pi * k * (2 * i + 1) / (2 * size_out)) * math.cos(math.pi * k * (2 * j + 1) / (2 * size_in))
            for k in range(1, min(size_in, size_out))
        )
        return (1 + 2 * math.fsum(waves)) / size_in

    return [[entry(i, j) for j in range(size_in)] for i in range(size_out)]


def literal_matrix(
    kernel: Callable[[Fraction], Fraction],
    size_in: int,
    size_out: int,
    boundary: str = "clamp",
    first_index: int = 0,
) -> Float[Tensor, "size_out size_in"]:
    """Definition 3.2 as printed: row i is Σ_{s=-1}^{2} W(s) at input pixel ⌊i·size_in/size_out⌋ + s.

    The paper fixes neither what lies outside the map (`boundary`: clamp or zero) nor whether i counts from 0 or from
    1 (`first_index`).
    """
    if boundary not in ("clamp", "zero") or first_index not in (0, 1):
        raise ValueError(
            "expected boundary clamp or zero and first_index 0 or 1, got "
            f"boundary={boundary!r}, first_index={first_index!r}"
        )
    return torch.tensor(_literal(kernel, size_in, size_out, boundary, first_index), dtype=torch.float64)


def _literal(
    kernel: Callable[[Fraction], Fraction], size_in: int, size_out: int, boundary: str, first_index: int
) -> Weights:
    rows = []
    for i in range(first_index, size_out + first_index):
        row = [Fraction(0)] * size_in
        for s in (-1, 0, 1, 2):
            tap = i * size_in // size_out + s - first_index
            if boundary == "clamp":
                tap = min(max(tap, 0), size_in - 1)
            if 0 <= tap < size_in:
                row[tap] += kernel(Fraction(s))
        rows.append([float(w) for w in row])
    return rows


KERNELS: Registry[Kernel] = Registry("kernel")
for _name, _kernel in {
    "dct": Kernel(_dct, False),  # the scale map itself: cosine interpolant, so ε_1 = 0 (control)
    "nearest": Kernel(_nearest, True),  # nearest-exact
    "bilinear": Kernel(_convolve(triangle, 1), True),  # linear
    "keys": Kernel(_convolve(keys, 2), False),  # cubic convolution, a = -1/2
    "keys75": Kernel(_convolve(keys75, 2), False),  # cubic convolution, a = -3/4 (PyTorch's bicubic)
    "bspline": Kernel(_convolve(bspline, 2), True),  # cubic B-spline (Def 3.1), does not interpolate
    "mitchell": Kernel(_convolve(mitchell, 2), False),  # Mitchell-Netravali, b = c = 1/3
    "lanczos3": Kernel(_convolve(lanczos3, 3, normalise=True), False),  # windowed sinc, rows normalised
    "area": Kernel(_area, True),  # mean over the covered area
    "literal_keys": Kernel(lambda a, b: _literal(keys, a, b, "clamp", 0), False),  # Def 3.2 read literally, keys
    "literal_bspline": Kernel(lambda a, b: _literal(bspline, a, b, "clamp", 0), True),  # Def 3.2 literally, B-spline
}.items():
    KERNELS.register(_name, _kernel)


@lru_cache(maxsize=1024)
def _cached(kernel: Kernel, size_in: int, size_out: int) -> Tensor:
    return torch.tensor(kernel.weights(size_in, size_out), dtype=torch.float64)


def resize_matrix(kernel: str, size_in: int, size_out: int) -> Float[Tensor, "size_out size_in"]:
    """The matrix by which `kernel` resizes one axis from `size_in` to `size_out` pixels, in float64 (Def 3.2).

    Raises ValueError for an unknown kernel or a size below 1.
    """
    KERNELS[kernel]  # ValueError if there is no such kernel
    if size_in < 1 or size_out < 1:
        raise ValueError(f"sizes are whole numbers from 1 up, got size_in={size_in}, size_out={size_out}")
    return _cached(KERNELS[kernel], size_in, size_out).clone()


def image_matrix(matrix: Float[Tensor, "size_out size_in"]) -> Float[Tensor, "tokens_out tokens_in"]:
    """U⊗U: the same resize on both axes of a token map, tokens in row-major order (Rem 3.7)."""
    return torch.kron(matrix, matrix)


def resample(
    x: Float[Any, "... tokens_in channels"], matrix: Float[Tensor, "tokens_out tokens_in"]
) -> Float[Any, "... tokens_out channels"]:
    """`matrix` applied to the tokens of every map: one product for all leading axes and channels."""
    return (x.transpose(-1, -2) @ matrix.transpose(-1, -2)).transpose(-1, -2)


def operator_norm(matrix: Float[Tensor, "size_out size_in"], norm: str) -> float:
    """Operator norm of a matrix, the same norm on both sides, up to float64 rounding.

    rms: σ_max·sqrt(columns/rows); max: largest row sum of absolute values; frobenius: σ_max, since a matrix acts on
    each channel alike. All three are multiplicative under ⊗, so U⊗U has the square.
    """
    constant = find_norm(norm).operator_norm(matrix)
    return (constant.lower + constant.upper) / 2
