"""Interpolation at Chebyshev nodes of functions that are analytic around a cell, and what it is off by.

A function that is at most M in size while one variable is in the ellipse with foci ±1 and half axes adding up to ρ, and
the others are in [-1, 1], differs from its interpolant at N zeros of T_N of that variable by 4Mρ^{1−N}/(ρ − 1) at most
(Trefethen 2013, thm 8.2). Each interpolation in another variable makes that Λ times larger at most, for Λ = 1 +
2/π log N (Rivlin 1990, thm 1.2). A polynomial Σ a_e T_e maps the ellipse of variable v to within
Σ |a_e| cosh(e_v log ρ) of a_0, the sum over e ≠ 0, and to within the same sum with sinh of the real line.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from varexp.enclosure.basis import Ring, apply, lebesgue, ring
from varexp.enclosure.rounding import gamma

NODES = {0: (1,), 1: (10, 12, 16, 20, 26, 32), 2: (6, 8, 10, 12, 16), 3: (4, 6)}  # along every variable
# what interpolation may lose, relative to M: the number of nodes is chosen by it
NEGLIGIBLE = {1: 1e-9, 2: 1e-6, 3: 1e-4}
COARSE = 1e-3  # the same in more variables
ANGLES = tuple(0.1 * 1.5**i for i in range(11))  # log ρ of the ellipses that are looked at


def nodes(shape: Ring) -> tuple[int, ...]:
    """The numbers of nodes along every variable that there are to choose from."""
    return tuple(sorted({max(count, shape.order + 1) for count in NODES.get(shape.variables, (4,))}))


@lru_cache(maxsize=16)
def angles() -> Tensor:
    return torch.tensor(ANGLES, dtype=torch.float64)


def enough(lost: Tensor, variables: int) -> Tensor:
    """The place of the first of the counts with which next to nothing is lost; of the last one, if there is none."""
    return (lost > NEGLIGIBLE.get(variables, COARSE)).sum(dim=0).clamp_max_(len(lost) - 1)


@lru_cache(maxsize=16)
def aliasing(variables: int, counts: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """What M is multiplied by (counts, ellipses), for every variable, and which count is enough on each ellipse."""
    rho = angles().exp()
    factors = torch.stack([4 * lebesgue(N) ** max(variables - 1, 0) * rho ** (1 - N) / (rho - 1) for N in counts])
    return factors * (1 + 1e-9), enough(factors, variables)


@lru_cache(maxsize=64)
def _reaches(variables: int, order: int, cosh: bool, ellipses: tuple[int, ...]) -> Tensor:
    """Rows are variables and ellipses, columns the e ≠ 0; rounded up by more than the sums lose."""
    powers = ring(variables, order).powers[1:]
    degrees = torch.tensor(powers, dtype=torch.float64).reshape(len(powers), variables).T  # variables coefficients
    multiples = angles()[list(ellipses), None] * degrees[:, None]
    up = 1 + gamma(64 + 4 * len(powers))
    return (multiples.cosh() if cosh else multiples.sinh()).flatten(0, 1) * up


def reaches(shape: Ring, absolute: Tensor, cosh: bool, ellipses: Sequence[int] = range(len(ANGLES))) -> Tensor:
    """How far ellipses are mapped (variables, ellipses, ...) by polynomials with these |coefficients|."""
    matrix = _reaches(shape.variables, shape.order, cosh, tuple(ellipses))
    return apply(matrix, absolute[1:]).unflatten(0, (shape.variables, len(ellipses)))


class Interpolant(NamedTuple):
    """Coefficients within the ring; the others' absolute sum; what interpolation is off by."""

    P: Tensor
    above: Tensor
    lost: Tensor

    def variation(self) -> Tensor:
        """A bound of |interpolant − P_0|."""
        return (self.P[1:].abs().sum(dim=0) + self.above) * 1.001

    def remainder(self, shape: Ring, noise: Tensor, variation: Tensor) -> Tensor:
        """|function − P| where values at the nodes are off by at most `noise`."""
        finest = shape.grid(nodes(shape)[-1])  # its constants hold for coarser ones
        R = torch.add(self.above + self.lost, noise, alpha=finest.lebesgue + 1)
        R.add_(variation, alpha=2 * finest.weight * gamma(len(finest) + 16))
        return R.mul_(1 + gamma(len(finest) + 64))
