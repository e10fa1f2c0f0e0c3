"""Cells and states cut in two along every parameter."""

import itertools
import math
from fractions import Fraction
from functools import lru_cache

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.enclosure.basis import chebyshev_in_powers, ring, substitute_affine
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.rounding import UNIT, gamma, tiny_where
from varexp.enclosure.symbols import fresh_symbols

MOST_AT_ONCE = 4  # parameters along which a box is cut at once


def halve_boxes(
    middle: Float[Tensor, "boxes parameters"], radius: Float[Tensor, "boxes parameters"]
) -> tuple[Float[Tensor, "parts parameters"], Float[Tensor, "parts parameters"]]:
    """The parts of every box, one after the other. Radii are rounded up, so that the parts cover it.

    A box is cut along every parameter, and beyond MOST_AT_ONCE parameters along its widest one alone.
    """
    if middle.shape[1] > MOST_AT_ONCE:
        return _halve_widest(middle, radius)
    signs = 0.5 * corner_signs(middle.shape[1])
    middles = (middle[:, None] + radius[:, None] * signs).flatten(0, 1)
    radii = (radius / 2 + 4 * UNIT * (middle.abs() + radius)).repeat_interleave(len(signs), dim=0)
    return middles, radii


def halve_state(state: ChebyshevModel) -> ChebyshevModel:
    """A state on the parts of its cells: t = ±1/2 + t'/2 in the polynomial, with the same generators and remainder.

    A new coefficient is a sum of at most len(ring) products with exact entries, so that it is off by γ·Σ_f |M_ef P_f|.
    Over all e these add up to γ·g·Σ_f |P_f| at most, where g is the largest Σ_e |M_ef|. g exceeds 1, so that the
    magnitude is that of the new polynomial.
    """
    matrices = _halving_matrices(state.ring.variables, state.ring.order)
    parts, terms = len(matrices), len(state.ring)
    polynomial = torch.einsum("pef,fc...->ecp...", matrices, state.polynomial).flatten(1, 2)
    growth = float(matrices.abs().sum(dim=1).max()) * (1 + gamma(terms))
    size = state.magnitude.repeat_interleave(parts, dim=0)
    rounding = gamma(terms + 4) * growth * size + tiny_where(size > 0)
    remainder = (state.remainder.repeat_interleave(parts, dim=0) + rounding) * (1 + 8 * UNIT)
    generators = state.generators.repeat_interleave(parts, dim=1)
    uncertainty = state.uncertainty().repeat_interleave(parts, dim=0) + rounding
    magnitude = (polynomial.abs().sum(dim=0) + uncertainty) * (1 + gamma(terms + 8))
    least = None if state.least is None else state.least.repeat_interleave(parts, dim=0)
    symbols = fresh_symbols(state.symbols)
    return ChebyshevModel(state.ring, polynomial, generators, remainder, magnitude, symbols, least)


def parts_of(parameters: int) -> int:
    """Into how many parts a box of so many parameters is cut."""
    return 2**parameters if parameters <= MOST_AT_ONCE else 2


def _halve_widest(middle: Tensor, radius: Tensor) -> tuple[Tensor, Tensor]:
    widest = torch.nn.functional.one_hot(radius.argmax(dim=1), radius.shape[1]).to(radius.dtype)
    step = radius * widest / 2
    middles = torch.stack([middle - step, middle + step], dim=1).flatten(0, 1)
    radii = radius - step + 4 * UNIT * (middle.abs() + radius)
    return middles, radii.repeat_interleave(2, dim=0)


def corner_signs(variables: int) -> Tensor:
    """The corners of [-1, 1]^variables."""
    return torch.tensor(list(itertools.product([-1.0, 1.0], repeat=variables)), dtype=torch.float64)


@lru_cache(maxsize=16)
def _halving_matrices(variables: int, order: int) -> Float[Tensor, "parts coefficients coefficients"]:
    """Column f holds the coefficients of T_f at t = (sign + t')/2, which are exact: integers over a power of 2."""
    powers = ring(variables, order).powers
    table = {
        sign: [
            _powers_to_chebyshev(substitute_affine(chebyshev_in_powers(a), Fraction(sign) / 2, Fraction(1, 2)))
            for a in range(order + 1)
        ]
        for sign in (-1.0, 1.0)
    }

    def entry(e: tuple[int, ...], f: tuple[int, ...], signs: list[float]) -> float:
        factors = zip(f, e, signs, strict=True)
        return math.prod(table[sign][a][b] if b <= a else 0.0 for a, b, sign in factors)

    parts = [[[entry(e, f, signs) for f in powers] for e in powers] for signs in corner_signs(variables).tolist()]
    return torch.tensor(parts, dtype=torch.float64)


def _powers_to_chebyshev(polynomial: list[Fraction]) -> list[float]:
    """The coefficients by T_0, T_1, … of a polynomial given by powers of t; the leading power is removed first."""
    left, out = list(polynomial), [0.0] * len(polynomial)
    for m in range(len(polynomial) - 1, -1, -1):
        basis = chebyshev_in_powers(m)
        factor = left[m] / basis[m]
        out[m] = float(factor)
        left = [a - factor * b for a, b in itertools.zip_longest(left[: m + 1], basis, fillvalue=Fraction(0))]
    return out
