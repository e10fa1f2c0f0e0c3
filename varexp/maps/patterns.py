"""Fixed random ingredients of targets and domains: seeds by name, orthogonal matrices, smooth patterns."""

import hashlib
import math
from functools import lru_cache

import torch
from jaxtyping import Float
from torch import Tensor


def seed_of(*names: object) -> int:
    """A seed that depends on the names alone, such as (seed, stage, purpose)."""
    return int.from_bytes(hashlib.sha256(repr(names).encode()).digest()[:6], "big")


def generator(*names: object) -> torch.Generator:
    """A source of randomness that depends on the names alone."""
    return torch.Generator().manual_seed(seed_of(*names))


def orthogonal(size: int, source: torch.Generator) -> Float[Tensor, "size size"]:
    """A random orthogonal matrix (QR of a Gaussian matrix, signs fixed)."""
    q, r = torch.linalg.qr(torch.randn(size, size, dtype=torch.float64, generator=source))
    return q * r.diagonal().sign()


def cosine_matrix(side: int) -> Float[Tensor, "modes side"]:
    """The cosine modes of one axis (DCT-II), each of root mean square 1."""
    return _cosine_matrix(side).clone()


@lru_cache(maxsize=64)
def _cosine_matrix(side: int) -> Tensor:
    k = torch.arange(side, dtype=torch.float64)[:, None]
    i = torch.arange(side, dtype=torch.float64)[None, :]
    waves = torch.cos(math.pi * k * (2 * i + 1) / (2 * side))
    return torch.where(k > 0, math.sqrt(2) * waves, waves)


def frequencies(side: int) -> Float[Tensor, "modes"]:
    """sqrt(k² + l²) of each cosine mode (k, l) of a map, row-major."""
    k = torch.arange(side, dtype=torch.float64)
    return (k[:, None].square() + k[None, :].square()).sqrt().reshape(-1)


def cosine_modes(side: int) -> Float[Tensor, "modes tokens"]:
    """The cosine modes of a map, root mean square 1, from the lowest frequency up (ties in row-major order)."""
    modes = torch.kron(_cosine_matrix(side), _cosine_matrix(side))
    return modes[frequencies(side).argsort(stable=True)]


def mode_basis(side: int, channels: int, modes: int) -> Float[Tensor, "features tokens channels"]:
    """The first cosine modes in every channel by itself: token maps that are orthonormal in rms, mode by mode."""
    eye = torch.eye(channels, dtype=torch.float64) * math.sqrt(channels)
    return torch.einsum("mt,kc->mktc", cosine_modes(side)[:modes], eye).reshape(-1, side**2, channels)


def smooth_pattern(
    side: int, channels: int, smoothness: float, source: torch.Generator, rms: float = 1.0
) -> Float[Tensor, "tokens channels"]:
    """Gaussian cosine coefficients times (1 + frequency)^-smoothness, scaled to the given root mean square."""
    coefficients = torch.randn(side**2, channels, dtype=torch.float64, generator=source)
    damped = coefficients * (1 + frequencies(side))[:, None] ** -smoothness
    pattern = torch.kron(_cosine_matrix(side), _cosine_matrix(side)).T @ damped
    return pattern * (rms / pattern.square().mean().sqrt())
