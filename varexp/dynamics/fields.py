"""The vector fields, each on its box. The docstring of a field states it.

The fields and most boxes are those of "Neural Abstractions" (Abate, Edwards, Giacobbe, NeurIPS 2022) and of "Certified
Neural Approximations of Nonlinear Dynamics" (Mathiesen, Vertovec, Fabiano, Laurenti, Abate, 2025). Two differ:
`root` is there sqrt(x) on [0, 1] x [-1, 1] and here sqrt|x| on the whole square, with the singularity inside the box;
`spacecraft` has there seven coordinates; here mass and thrust are constant, the angle of the position, on which nothing
depends, is left out, and units are canonical.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.registry import Registry

Box = tuple[tuple[float, float], ...]
Value = Callable[[Any], Any]  # of a tensor, or of what stands in for one while it is certified

UNIT = (-1.0, 1.0)
THRUST = 0.1  # acceleration of the spacecraft by its engine; gravity at r = 1 is 1


@dataclass(frozen=True)
class Field:
    """A vector field x' = f(x) on a box.

    Attributes:
        name: its key in `FIELDS`.
        equations: the field as text.
        box: the ends of every coordinate.
        value: f in plain torch, out of place: (..., coordinates) to (..., components).
    """

    name: str
    equations: str
    box: Box
    value: Value

    @property
    def coordinates(self) -> int:
        """How many coordinates a point has."""
        return len(self.box)

    @property
    def components(self) -> int:
        """How many numbers the field has at a point."""
        return int(self(torch.tensor([[low for low, _ in self.box]], dtype=torch.float64)).shape[-1])

    def __call__(self, x: Float[Tensor, "*points coordinates"]) -> Float[Tensor, "*points components"]:
        """The field at points."""
        return self.value(x)


FIELDS: Registry[Field] = Registry("field")


def field(*box: tuple[float, float]) -> Callable[[Value], Value]:
    """A decorator that registers a function under its own name as a field on a box; its docstring is the statement."""

    def register(value: Value) -> Value:
        FIELDS.register(value.__name__, Field(value.__name__, " ".join((value.__doc__ or "").split()), box, value))
        return value

    return register


def _columns(x: Any, count: int) -> Sequence[Any]:
    return [x[..., i : i + 1] for i in range(count)]


def _together(*components: Any) -> Any:
    return torch.cat(components, dim=-1)


@field((0.0, 2.0))
def water_tank(x: Any) -> Any:
    """x' = 1.5 - sqrt(x)"""
    return 1.5 - torch.sqrt(x)


@field(UNIT, UNIT)
def jet_engine(x: Any) -> Any:
    """x' = -y - 1.5 x^2 - 0.5 x^3 - 0.1, y' = 3 x - y"""
    x, y = _columns(x, 2)
    return _together(-y - 1.5 * x**2 - 0.5 * x**3 - 0.1, 3 * x - y)


@field(UNIT, UNIT, UNIT)
def steam_governor(x: Any) -> Any:
    """x' = y, y' = z^2 sin(x) cos(x) - sin(x) - 3 y, z' = -(cos(x) - 1)"""
    x, y, z = _columns(x, 3)
    sine, cosine = torch.sin(x), torch.cos(x)
    return _together(y, z**2 * sine * cosine - sine - 3 * y, 1 - cosine)


@field(UNIT, UNIT)
def exponential(x: Any) -> Any:
    """x' = -sin(exp(y^3 + 1)) - y^2, y' = -x"""
    x, y = _columns(x, 2)
    return _together(-torch.sin(torch.exp(y**3 + 1)) - y**2, -x)


@field((-3.0, 3.0), (-3.0, 3.0))
def van_der_pol(x: Any) -> Any:
    """x' = y, y' = (1 - x^2) y - x"""
    x, y = _columns(x, 2)
    return _together(y, (1 - x**2) * y - x)


@field((-math.pi, math.pi), (-math.pi, math.pi))
def sine_2d(x: Any) -> Any:
    """x' = sin(y / 2), y' = -sin(x)"""
    x, y = _columns(x, 2)
    return _together(torch.sin(0.5 * y), -torch.sin(x))


@field((-3.0, 3.0))
def nonlinear_oscillator(x: Any) -> Any:
    """x' = -x - 0.5 x^3 + 0.3 sin(x)"""
    return -x - 0.5 * x**3 + 0.3 * torch.sin(x)


@field((1.0, 1.5), (-0.2, 0.2), (0.8, 1.2), (0.0, math.pi))
def spacecraft(x: Any) -> Any:
    """r' = v, angle' = w / r, v' = w^2 / r - 1 / r^2 + 0.1 cos(a), w' = -v w / r + 0.1 sin(a), in (r, v, w, a):
    distance, radial and tangential velocity, direction of a thrust of 0.1, with gravity 1 at r = 1"""
    r, v, w, a = _columns(x, 4)
    turn = w / r
    radial = turn * w - 1 / r**2 + THRUST * torch.cos(a)
    return _together(v, turn, radial, THRUST * torch.sin(a) - turn * v)


@field(UNIT, UNIT)
def root(x: Any) -> Any:
    """x' = y, y' = sqrt|x|"""
    x, y = _columns(x, 2)
    return _together(y, torch.sqrt(x.abs()))


@field(UNIT, UNIT)
def cube_root(x: Any) -> Any:
    """x' = x^2 + y, y' = (x^2)^(1/3) - x"""
    x, y = _columns(x, 2)
    square = x.square()
    return _together(square + y, torch.pow(square, 1 / 3) - x)
