"""Scale maps g_i of targets (Assumption 5.2): linear resizes of one axis, which act on images as U⊗U.

The cosine interpolant is the default. The others are there so that no answer hangs on it: with another g another kernel
is close to it.
"""

import math
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.maps.interpolation import bspline, centre, resize_matrix
from varexp.maps.patterns import generator
from varexp.registry import Registry

AxisMap = Callable[[int, int, int], Tensor]  # (size_in, size_out, seed) to a matrix (size_out, size_in) in float64
SHIFT = 0.3  # of an input pixel: the largest displacement of `warped`
WAVES = 3  # of the displacement


def _cosine(size_in: int, size_out: int, seed: int) -> Tensor:
    """The cosine (DCT-II) interpolant at the output pixels' centres; truncates when it shrinks."""
    return resize_matrix("dct", size_in, size_out)


def _area(size_in: int, size_out: int, seed: int) -> Tensor:
    """The mean over the part of the input that an output pixel covers."""
    return resize_matrix("area", size_in, size_out)


def _spline(size_in: int, size_out: int, seed: int) -> Tensor:
    """The cubic spline through all pixels, reflected at the border: B-splines after their prefilter."""
    return _splines(size_in, size_out, size_in) @ torch.linalg.inv(_splines(size_in, size_in, size_in))


def _splines(size_in: int, size_out: int, period: int) -> Tensor:
    """The cubic B-splines of reflected input pixels at the output pixels' centres."""
    rows = []
    for i in range(size_out):
        x = centre(i, size_in, size_out)
        row = [Fraction(0)] * size_in
        for tap in range(math.floor(x) - 1, math.floor(x) + 3):
            place = tap % (2 * period)
            row[min(place, 2 * period - 1 - place)] += bspline(x - tap)
        rows.append([float(weight) for weight in row])
    return torch.tensor(rows, dtype=torch.float64)


def _warped(size_in: int, size_out: int, seed: int) -> Tensor:
    """The cosine interpolant at places that are displaced smoothly and at random, by at most SHIFT input pixels."""
    source = generator("scale map", seed, size_in, size_out)
    shares = torch.randn(WAVES, dtype=torch.float64, generator=source)
    unit = (torch.arange(size_out, dtype=torch.float64) + 0.5) / size_out
    waves = torch.sin(math.pi * torch.arange(1, WAVES + 1)[:, None] * unit)  # 0 at both borders
    places = unit + SHIFT / size_in * (shares @ waves) / shares.abs().sum()
    k = torch.arange(size_in, dtype=torch.float64)
    at_pixels = torch.cos(math.pi * k[:, None] * (torch.arange(size_in, dtype=torch.float64) + 0.5) / size_in)
    at_places = torch.cos(math.pi * k[:, None] * places)
    return (at_places.T * torch.where(k > 0, 2.0, 1.0)) @ at_pixels / size_in


SCALE_MAPS: Registry[AxisMap] = Registry("scale_map")
for _name, _map in {"dct": _cosine, "area": _area, "spline": _spline, "warped": _warped}.items():
    SCALE_MAPS.register(_name, _map)


def scale_matrix(name: str, size_in: int, size_out: int, seed: int = 0) -> Float[Tensor, "size_out size_in"]:
    """The matrix by which the scale map `name` resizes one axis, in float64. `seed` is of those that are random.

    Raises ValueError for an unknown scale map or a size below 1.
    """
    SCALE_MAPS[name]  # ValueError if there is no such map
    if size_in < 1 or size_out < 1:
        raise ValueError(f"sizes are whole numbers from 1 up, got size_in={size_in}, size_out={size_out}")
    return _cached(SCALE_MAPS[name], size_in, size_out, seed).clone()


@lru_cache(maxsize=1024)
def _cached(made: AxisMap, size_in: int, size_out: int, seed: int) -> Tensor:
    return made(size_in, size_out, seed)
