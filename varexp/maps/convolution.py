"""B.6: 3x3 convolutions of token maps, their matrices and their norms.

A convolution is the sum over its nine taps of (shift of the tokens)·X·(tap on the channels), plain matrix products.
"""

from functools import lru_cache
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.errors import unknown_name
from varexp.maps.constants import Constant
from varexp.maps.norms import TokenNorm, find_norm

PADDINGS = ("zero", "circular")
OFFSETS = tuple((m, n) for m in (-1, 0, 1) for n in (-1, 0, 1))


def shifts(side: int, padding: str = "zero") -> Float[Tensor, "9 tokens tokens"]:
    """Matrices that bring the neighbour at each of OFFSETS to a token; zero outside, or around the edge."""
    return _shifts(side, padding).clone()


@lru_cache(maxsize=64)
def _shifts(side: int, padding: str) -> Tensor:
    if padding not in PADDINGS:
        raise unknown_name("padding", padding, PADDINGS)
    ones = torch.ones(side, dtype=torch.float64)

    def line(offset: int) -> Tensor:
        if padding == "circular":
            return torch.diag(ones).roll(offset, dims=1)
        return torch.diag(ones[abs(offset) :], offset)

    lines = {offset: line(offset) for offset in (-1, 0, 1)}
    return torch.stack([torch.kron(lines[m], lines[n]) for m, n in OFFSETS])


def convolution(
    x: Float[Any, "... tokens channels_in"],
    kernels: Float[Tensor, "channels_out 3 3 channels_in"],
    padding: str = "zero",
) -> Float[Any, "... tokens channels_out"]:
    """B.6 on square token maps: stride 1, Y_{i,j,l} = Σ X_{i+m-2, j+n-2, c} K^l_{m,n,c}."""
    side = round(x.shape[-2] ** 0.5)
    taps = kernels.permute(1, 2, 3, 0).flatten(0, 1)  # taps channels_in channels_out
    parts = [shift @ x @ tap for shift, tap in zip(_shifts(side, padding).to(kernels.dtype), taps, strict=True)]
    return sum(parts[1:], start=parts[0])


def convolution_matrix(
    kernels: Float[Tensor, "channels_out 3 3 channels_in"], side: int, padding: str = "zero"
) -> Float[Tensor, "entries_out entries_in"]:
    """The convolution as a matrix on token maps flattened row by row, channels last. Its entries are taps, exactly."""
    taps = kernels.flatten(1, 2)  # channels_out taps channels_in
    pairs = zip(_shifts(side, padding).to(kernels.dtype), taps.unbind(dim=1), strict=True)
    return torch.stack([torch.kron(shift, tap) for shift, tap in pairs]).sum(dim=0)


def convolution_norm(
    kernels: Float[Tensor, "channels_out 3 3 channels_in"], side: int, padding: str, norm: str | TokenNorm
) -> Constant:
    """Operator norm by the matrix, as an interval. From side 3 every tap has entries of its own, and nothing rounds."""
    return find_norm(norm).operator_norm(convolution_matrix(kernels, side, padding))
