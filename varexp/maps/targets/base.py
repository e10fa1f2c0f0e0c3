"""What a feature map f_i is, and the registry that finds one by name."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.caching import cached_tensor
from varexp.errors import bad_value
from varexp.maps.constants import Constant, Kind, product_rounding
from varexp.maps.interpolation import resample
from varexp.maps.norms import TokenNorm, find_norm
from varexp.maps.patterns import cosine_modes, frequencies, generator, orthogonal, smooth_pattern
from varexp.registry import Registry, registrar


class UnknownConstantError(ValueError):
    """A map has no known Lipschitz constant in the norm asked for."""


@dataclass(frozen=True, kw_only=True)
class FeatureMap(ABC):
    """f_i: token maps (..., side², channels) to the same shape, in float64, with a declared Lipschitz constant.

    `K` is the constant asked for, `stage` counts from 1, `seed` names the draw. Everything random depends on (name,
    seed, stage, purpose) alone, never on the depth. A subclass adds its own options as fields.
    """

    K: float
    stage: int
    side: int
    channels: int
    seed: int = 0

    name: ClassVar[str]
    kind: ClassVar[Kind] = "upper"
    known_norms: ClassVar[tuple[str, ...] | None] = None  # names of norms; None: every norm

    def __post_init__(self) -> None:
        if not 0 < self.K < math.inf:
            raise bad_value("K", self.K, "a finite Lipschitz constant above 0")

    @abstractmethod
    def __call__(self, x: Float[Any, "... tokens channels"]) -> Float[Any, "... tokens channels"]:
        """The image of token maps: plain torch, out of place, broadcasting over leading axes."""

    @abstractmethod
    def constant(self, norm: TokenNorm, before: Float[Tensor, "tokens tokens_in"]) -> Constant:
        """Lip(f_i ∘ before) for a linear map `before` on tokens; `before` = identity gives K_{1,i} itself."""

    def lipschitz(self, norm: str | TokenNorm, before: Float[Tensor, "tokens tokens_in"] | None = None) -> Constant:
        """K_{1,i} = Lip(f_i), or L_i = Lip(f_i ∘ g_i) with `before` = g_i. ValueError where not known, or none."""
        norm = find_norm(norm)
        if self.known_norms is not None and norm.name not in self.known_norms:
            raise UnknownConstantError(
                f"{self.name} has no known Lipschitz constant in the {norm} norm: use {' or '.join(self.known_norms)}"
            )
        identity = torch.eye(self.side**2, dtype=torch.float64)
        found = self.constant(norm, identity if before is None else before)
        if not isinstance(found, Constant):
            raise ValueError(
                f"the constant of target {self.name} is a {type(found).__name__}: expected a Constant, such as "
                "norm.operator_norm(before) * self.K or Constant(lower, upper, 'upper')"
            )
        return found

    def random(self, purpose: str) -> torch.Generator:
        """The source of randomness of one ingredient."""
        return generator("target", self.name, self.seed, self.stage, purpose)


FEATURE_MAPS: Registry[type[FeatureMap]] = Registry("target")
register = registrar(FEATURE_MAPS)  # class decorator: make a feature map known to configs and tests under a name


@dataclass(frozen=True, kw_only=True)
class PatternedMap(FeatureMap):
    """Shared ingredients: orthogonal A, A' on channels, a blur B of norm 1 on tokens, a fixed smooth pattern P."""

    smoothness: float = 2.0  # P: cosine coefficients times (1 + frequency)^-smoothness
    pattern_rms: float = 0.7
    blur: float = 0.0  # B: cosine coefficients times (1 + frequency)^-blur; 0 is the identity

    @cached_tensor
    def pattern(self) -> Float[Tensor, "tokens channels"]:
        """P, which breaks the symmetry between tokens."""
        return smooth_pattern(self.side, self.channels, self.smoothness, self.random("pattern"), self.pattern_rms)

    @cached_tensor
    def inner(self) -> Float[Tensor, "channels channels"]:
        """A, applied to the channels of a token from the right."""
        return orthogonal(self.channels, self.random("inner"))

    @cached_tensor
    def outer(self) -> Float[Tensor, "channels channels"]:
        """A', likewise."""
        return orthogonal(self.channels, self.random("outer"))

    @cached_tensor
    def tokens(self) -> Float[Tensor, "tokens tokens"] | None:
        """B as a matrix on tokens, None for the identity."""
        if self.blur == 0:
            return None
        modes = cosine_modes(self.side)
        gains = (1 + frequencies(self.side).sort(stable=True).values) ** -self.blur
        return modes.T @ (gains[:, None] * modes) / self.side**2

    def blurred(self, x: Float[Any, "... tokens channels"]) -> Float[Any, "... tokens channels"]:
        """B(X)."""
        return x if self.tokens is None else resample(x, self.tokens)

    def blurred_norm(self, before: Float[Tensor, "tokens tokens_in"], norm: TokenNorm) -> Constant:
        """‖B∘before‖ on tokens."""
        rounding = None if self.tokens is None else product_rounding(self.tokens, before)
        return norm.operator_norm(self.blurred(before), rounding)
