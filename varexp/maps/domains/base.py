"""The protocol of a domain of words, and the registry that finds a kind of domain by its name."""

import math
from abc import ABC, abstractmethod
from typing import Any, ClassVar

from jaxtyping import Float
from torch import Tensor

from varexp.enclosure.policy import FIRST_CELLS
from varexp.errors import bad_value
from varexp.maps.norms import TokenNorm, find_norm
from varexp.registry import Registry, registrar

Ends = tuple[tuple[float, ...], tuple[float, ...]]


class Domain(ABC):
    """A family of token maps (side², channels), named by a few parameters θ.

    Side 1 is the theorem's word, side 2 and more an image. The column `domain` holds `kind-side`. Two domains of the
    same kind, side and channels are the same domain.

    Raises:
        ValueError: a side or a number of channels that the kind does not have.
    """

    kind: ClassVar[str]
    training_words: ClassVar[int]  # how many words models are trained on
    sample_points: ClassVar[int]  # how many points the dense sample of a measurement has
    radius: ClassVar[float] = 1.0  # the largest Euclidean norm of a word's coefficients in `basis`

    def __init__(self, side: int, channels: int = 2) -> None:
        for field, value in (("the side of a domain", side), ("channels", channels)):
            if value < 1:
                raise bad_value(field, value, "a whole number from 1 up")
        self.side, self.channels = side, channels
        self.check()

    def check(self) -> None:  # noqa: B027  # most kinds have all sides and channels
        """Raise ValueError for a side or a number of channels that this kind does not have."""

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    @property
    def _identity(self) -> tuple[str, int, int]:
        return self.kind, self.side, self.channels

    def __str__(self) -> str:
        return f"{self.kind}-{self.side}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}(side={self.side}, channels={self.channels})"

    @property
    @abstractmethod
    def basis(self) -> Float[Tensor, "features tokens channels"]:
        """B_k: token maps that are orthonormal in rms; every word is a linear combination of them."""

    @property
    @abstractmethod
    def parameters(self) -> int:
        """How many numbers name a point."""

    @abstractmethod
    def points(self, theta: Float[Any, "... parameters"]) -> Float[Any, "... tokens channels"]:
        """The token maps with these parameters, in plain torch."""

    @property
    @abstractmethod
    def box(self) -> Ends:
        """Lower and upper ends of the coordinates that `chart` takes."""

    def meets(self, middle: Float[Tensor, "cells parameters"], radius: Float[Tensor, "cells parameters"]) -> Any:
        """Which cells middle ± radius of `box` may hold a point of the domain: all, unless a kind knows better."""
        return (radius >= 0).all(dim=1)

    @property
    def first_cells(self) -> tuple[int, ...]:
        """Into how many cells along every coordinate `box` is cut before a search begins: a hint for its speed."""
        count = self.parameters
        return FIRST_CELLS.get(count, (1,) * count)

    @abstractmethod
    def chart(self, u: Float[Any, "... parameters"]) -> Float[Any, "... parameters"]:
        """Parameters from coordinates in `box`, onto the domain, in plain torch."""

    @abstractmethod
    def project(self, theta: Float[Tensor, "... parameters"]) -> Float[Tensor, "... parameters"]:
        """Parameters inside the domain. A parameter inside stays, and none moves away from a point of the domain."""

    @abstractmethod
    def cover(self) -> tuple[Float[Tensor, "cells parameters"], float]:
        """Middles and half width of square cells that together hold every parameter."""

    def cell_radius(self, half: float) -> float:
        """How far a parameter in a square cell of this half width may be from the cell's middle."""
        return half * math.sqrt(self.parameters)

    def grid(self, count: int) -> Float[Tensor, "count parameters"]:
        """A fixed set of `count` parameters spread evenly over the domain: the training words."""
        return self.spread(count, offset=0.0)

    def sample(self, count: int) -> Float[Tensor, "count parameters"]:
        """A dense set of `count` parameters, even over the domain; no point is on a grid of as many or of half as many.

        Averages over it approximate the uniform measure (angle on the curve, area on the disc, volume on the ball).
        """
        return self.spread(count, offset=0.5)

    @abstractmethod
    def spread(self, count: int, offset: float) -> Float[Tensor, "count parameters"]:
        """`count` parameters spread evenly; sets with offsets 0 and 0.5 have no point in common."""

    def spacing(self, count: int) -> float:
        """About how far apart neighbours among `count` evenly spread parameters are."""
        return count ** (-1 / self.parameters)

    def lipschitz(self, norm: str | TokenNorm) -> float:
        """A Lipschitz constant of θ ↦ points(θ), from the Euclidean distance to the norm.

        The coefficients of B_k move at most as far as θ does.
        """
        return find_norm(norm).span_radius(self.basis)

    def diameter(self, norm: str | TokenNorm) -> float:
        """An upper bound of sup ‖x − x'‖ over the domain, which has the opposite of every word."""
        return 2 * self.radius * find_norm(norm).span_radius(self.basis)

    def combination(self, features: Float[Any, "... features"]) -> Float[Any, "... tokens channels"]:
        """Σ_k features_k·B_k."""
        basis = self.basis.to(features.dtype).flatten(1)
        return (features @ basis).unflatten(-1, (self.side**2, self.channels))


DOMAINS: Registry[type[Domain]] = Registry("domain")
register = registrar(DOMAINS, "kind")

TURN = math.nextafter(2 * math.pi, math.inf)  # angles go a little beyond a full turn


def parse_domain(name: str, channels: int = 2) -> Domain:
    """The domain of a column value such as `curve-2`. ValueError for another form, or a kind that does not exist."""
    kind, _, side = name.partition("-")
    if not (side.isascii() and side.isdigit()):
        raise bad_value("domain", name, "a kind and a side, such as curve-2, disc-1 or ball-4")
    return DOMAINS[kind](int(side), channels)
