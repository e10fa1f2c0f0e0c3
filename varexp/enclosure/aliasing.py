"""Interpolation at Chebyshev nodes of functions that are analytic around a cell, and a bound of its error.

(1) Let a function be at most M in absolute value while one variable is in the ellipse with foci ±1 and half axes that
add up to ρ, and the others are in [-1, 1]. It differs from its interpolant at the N zeros of T_N of that variable by at
most 4Mρ^{1−N}/(ρ − 1) (Trefethen 2013, thm 8.2).
(2) Each interpolation in another variable multiplies this error by at most Λ = 1 + (2/π) log N (Rivlin 1990, thm 1.2).
(3) A polynomial Σ a_e T_e maps the ellipse of variable v to points within Σ |a_e| cosh(e_v log ρ) of a_0, the sum over
e ≠ 0, and within the same sum with sinh of the real line: |T_n| <= cosh(n log ρ), |Im T_n| <= sinh(n log ρ) there.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import torch
from flint import arb
from torch import Tensor

from varexp.enclosure.basis import Ring, apply_matrix, lebesgue_bound, ring
from varexp.enclosure.node_choice import LOG_RHOS, node_counts
from varexp.enclosure.rounding import UNIT, gamma
from varexp.enclosure.tabulated import tabulate

LOG_RHO_BALLS = [arb(r) for r in LOG_RHOS]


@lru_cache(maxsize=16)
def aliasing_factors(variables: int, counts: tuple[int, ...]) -> Tensor:
    """What M is multiplied by (counts, ellipses), for every variable: (1) times Λ to the number of other variables."""
    pairs = [(r, N) for N in counts for r in LOG_RHO_BALLS]
    factors = tabulate(lambda of: 4 * (of[0] * (1 - of[1])).exp() / (of[0].exp() - 1), pairs)
    others = [lebesgue_bound(N) ** max(variables - 1, 0) * (1 + 1e-9) for N in counts]
    return factors.reshape(len(counts), -1) * torch.tensor(others, dtype=torch.float64)[:, None]


@lru_cache(maxsize=1)
def coth_log_rhos() -> Tensor:
    """1/tanh(log ρ), rounded up."""
    return tabulate(lambda r: 1 / r.tanh(), LOG_RHO_BALLS) * (1 + 4 * UNIT)


@lru_cache(maxsize=64)
def _reach_matrix(variables: int, order: int, cosh: bool, ellipses: tuple[int, ...]) -> Tensor:
    """Rows are variables and ellipses, columns the e ≠ 0; rounded up by more than the sums lose."""
    powers = ring(variables, order).powers[1:]
    degrees = [[e[v] for e in powers] for v in range(variables)]
    rows = [[(LOG_RHO_BALLS[i], degree) for degree in row] for row in degrees for i in ellipses]
    if not rows:
        return torch.zeros(0, len(powers), dtype=torch.float64)
    up = 1 + gamma(64 + 4 * len(powers))
    return torch.stack([tabulate(_cosh_of_multiple if cosh else _sinh_of_multiple, row) for row in rows]) * up


def _cosh_of_multiple(of: tuple[arb, int]) -> arb:
    return (of[0] * of[1]).cosh()


def _sinh_of_multiple(of: tuple[arb, int]) -> arb:
    return (of[0] * of[1]).sinh()


def ellipse_reaches(ring: Ring, absolute: Tensor, cosh: bool, ellipses: Sequence[int] = range(len(LOG_RHOS))) -> Tensor:
    """How far (variables, ellipses, ...) polynomials map the ellipses, by (3).

    Args:
        absolute: (coefficients, ...), the absolute values of the coefficients.
        cosh: the distance from a_0; otherwise from the real line.
    """
    matrix = _reach_matrix(ring.variables, ring.order, cosh, tuple(ellipses))
    return apply_matrix(matrix, absolute[1:]).unflatten(0, (ring.variables, len(ellipses)))


class Interpolant(NamedTuple):
    """An interpolant of a function, as far as it lies in the ring.

    `polynomial` (coefficients, ...) holds its coefficients within the ring, `above_order` (...) the absolute sum of its
    other coefficients, and `interpolation_error` (...) bounds |function − interpolant|.
    """

    polynomial: Tensor
    above_order: Tensor
    interpolation_error: Tensor

    def variation(self) -> Tensor:
        """A bound of |interpolant − its constant coefficient|."""
        return (self.polynomial[1:].abs().sum(dim=0) + self.above_order) * 1.001

    def remainder(self, ring: Ring, noise: Tensor, variation: Tensor) -> Tensor:
        """A bound of |function − polynomial|, where values at the nodes have an error of at most `noise`.

        Noise at the nodes moves the interpolant by at most Λ·noise. The transform is applied to differences from one
        value, so that its rounding is relative to the variation. The constants Λ and weight of the finest grid hold for
        the coarser ones, since both grow with the count.
        """
        finest = ring.grid(node_counts(ring)[-1])
        bound = torch.add(self.above_order + self.interpolation_error, noise, alpha=finest.lebesgue + 1)
        bound.add_(variation, alpha=2 * finest.weight * gamma(len(finest) + 16))
        return bound.mul_(1 + gamma(len(finest) + 64))
