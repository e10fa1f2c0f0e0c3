"""Compositions with functions that are analytic near a cell, and with piecewise linear functions.

With p the polynomial of x, D a bound of |v − P_0|, and f' in [low, high] on the cell, f(v) for a value v = p + δ is

(1) f(p) + f'(ξ)·δ for some ξ between p and v, with |δ| <= Σ|G_s| + R;
(2) f(p) is its interpolant up to `Interpolant.remainder`;
(3) f'(ξ)·Σ G_s y_s is slope·Σ G_s y_s with slope = (low + high)/2, up to (high − low)/2·Σ|G_s|;
(4) f'(ξ)·r for |r| <= R is at most max|f'|·R.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from varexp.enclosure.aliasing import Interpolant, aliasing_factors, coth_log_rhos, ellipse_reaches
from varexp.enclosure.basis import Ring
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.node_choice import (
    BLOCK,
    cheapest_common_count,
    first_sufficient,
    largest_ellipse_within,
    node_counts,
)
from varexp.enclosure.rounding import SMALLEST, TINY, UNIT, gamma

Values = Callable[[Tensor], Tensor]


class ElementaryFunction(NamedTuple):
    """What is known of a real function f that is analytic near the real intervals it is used on.

    A bound that cannot be given is nan, which ends as an infinite bound.

    Attributes:
        value: f, as `libm` computes it.
        value_error: value_error(x, y) bounds the error of a computed value(x') with |x'| <= x and |value(x')| <= y.
        slope_range: slope_range(low, high) encloses f' on [low, high].
        complex_variation: complex_variation(c, U, H) bounds |f(z) − f(c)| for complex z with |z − c| <= U and, unless
            `on_disc`, |Im z| <= H.
        preferred_reach: preferred_reach(c, D) is how large H should be (with `on_disc`: U) for D the reach along the
            real axis. It affects speed, never soundness.
        on_disc: `complex_variation` holds on discs, without regard to H.
    """

    value: Values
    value_error: Callable[[Tensor, Tensor], Tensor]
    slope_range: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
    complex_variation: Callable[[Tensor, Tensor, Tensor], Tensor]
    preferred_reach: Callable[[Tensor, Tensor], Tensor]
    on_disc: bool = False


def compose(x: ChebyshevModel, f: ElementaryFunction) -> ChebyshevModel:
    """f∘x, by (1) to (4)."""
    ring, c, uncertainty = x.ring, x.polynomial[0], x.uncertainty()
    D = x.deviation(uncertainty)
    reach = D + gamma(2 * len(ring) + 8) * x.magnitude
    low, high = f.slope_range(c - reach, c + reach)
    steepest, slope = torch.maximum(low.abs(), high.abs()).add_(4 * SMALLEST), (low + high) / 2
    interpolant = interpolate_composition(x, f, D)
    variation = interpolant.variation()
    largest = torch.add(variation, interpolant.polynomial[0].abs(), alpha=1.001)  # of |f|
    # a value at a node is off by f's own error, and by the error of its argument times the slope
    argument_error = (gamma(len(ring) + 8) * D).add_(c.abs(), alpha=8 * UNIT)
    noise = f.value_error(c.abs() + reach, largest).addcmul_(steepest, argument_error)
    remainder = interpolant.remainder(ring, noise.add_(largest, alpha=8 * UNIT), variation)  # (2)
    remainder.addcmul_(steepest, x.remainder)  # (4)
    if len(x.generators):
        half = (high - low).mul_(0.5).add_(steepest, alpha=2 * UNIT)  # the middle is rounded
        remainder.add_(half.mul_(uncertainty - x.remainder))  # (3)
    remainder.mul_(1 + 16 * UNIT).add_(TINY)
    magnitude = torch.addcmul(largest, slope.abs(), uncertainty).add_(remainder).mul_(1 + 16 * UNIT)
    return ChebyshevModel(ring, interpolant.polynomial, slope * x.generators, remainder, magnitude, x.symbols)


def interpolate_composition(x: ChebyshevModel, f: ElementaryFunction, deviation: Tensor) -> Interpolant:
    """An interpolant of f∘p for the polynomial p of x.

    Every entry gets ellipses, one a variable, and a number of nodes. This choice affects speed alone: the bound of the
    interpolation error holds for any choice.
    """
    ring, shape = x.ring, x.remainder.shape
    counts = node_counts(ring)
    entries, D = x.polynomial.reshape(len(x.polynomial), -1), deviation.reshape(-1)
    reaches = ellipse_reaches(ring, entries.abs(), cosh=f.on_disc)  # of U or H: variables ellipses entries
    ellipses = largest_ellipse_within(reaches, f.preferred_reach(entries[0], D))
    chosen = _chosen_counts(ring, counts, ellipses, D)
    error = _interpolation_error(ring, counts, f, entries[0], D, reaches, ellipses, chosen)
    polynomial, above_order = _evaluate_at_nodes(ring, counts, f.value, entries, chosen)
    return Interpolant(polynomial.reshape(x.polynomial.shape), above_order.reshape(shape), error.reshape(shape))


def _chosen_counts(ring: Ring, counts: tuple[int, ...], ellipses: Tensor, like: Tensor) -> Tensor:
    """The place in `counts` of the number of nodes (entries,) with a negligible loss in every variable."""
    if ring.variables == 0:
        return torch.zeros_like(like, dtype=torch.long)
    return _sufficient_counts(ring.variables, counts)[ellipses].amax(dim=0)


@lru_cache(maxsize=16)
def _sufficient_counts(variables: int, counts: tuple[int, ...]) -> Tensor:
    """The place in `counts` of the first that is sufficient on each ellipse."""
    return first_sufficient(aliasing_factors(variables, counts), variables)


def _interpolation_error(
    ring: Ring,
    counts: tuple[int, ...],
    f: ElementaryFunction,
    centre: Tensor,
    deviation: Tensor,
    reaches: Tensor,
    ellipses: Tensor,
    chosen: Tensor,
) -> Tensor:
    """A bound (entries,) of |f∘p − interpolant|, for these ellipses (variables, entries) and numbers of nodes.

    Σ over variables of the aliasing factor times a bound M of |f∘p − f(P_0)| on the ellipse, since interpolation is
    exact on the constant f(P_0). Where D is 0, p is constant and nothing is lost. From the reach H of sinh the reach U
    of cosh follows by cosh(jr)/sinh(jr) <= cosh(r)/sinh(r).
    """
    reached = reaches.gather(1, ellipses[:, None])[:, 0]
    U = reached if f.on_disc else (reached * coth_log_rhos()[ellipses]).add_(deviation).mul_(1 + 8 * UNIT)
    factors = aliasing_factors(ring.variables, counts)
    error = f.complex_variation(centre, U, reached).mul_(factors[chosen, ellipses]).sum(dim=0)
    return torch.where(deviation > 0, error, 0.0).nan_to_num_(nan=math.inf, posinf=math.inf)


def _evaluate_at_nodes(
    ring: Ring, counts: tuple[int, ...], f: Values, entries: Tensor, chosen: Tensor
) -> tuple[Tensor, Tensor]:
    """The results of `Grid.interpolate` for each entry (coefficients, entries), at its own number of nodes.

    All entries are interpolated with one count. Entries that need more nodes are then interpolated again, since picking
    entries costs time as well.
    """
    polynomial, above_order = torch.empty_like(entries), torch.empty_like(entries[0])
    common = cheapest_common_count(chosen, counts)
    grid = ring.grid(counts[common])
    block = BLOCK // len(grid)
    for start in range(0, entries.shape[1], block):
        part = slice(start, start + block)
        polynomial[:, part], above_order[part] = grid.interpolate(f(grid.at_nodes(entries[:, part])))
    for i in range(common + 1, len(counts)):
        grid = ring.grid(counts[i])
        for picked in (chosen == i).nonzero()[:, 0].split(BLOCK // len(grid)):
            picked_polynomial, picked_above = grid.interpolate(f(grid.at_nodes(entries.index_select(1, picked))))
            polynomial.index_copy_(1, picked, picked_polynomial)
            above_order.index_copy_(0, picked, picked_above)
    return polynomial, above_order


def clip_to_range(x: ChebyshevModel, low: Tensor | float, high: Tensor | float) -> ChebyshevModel:
    """A model of the same values, all of which lie in [low, high].

    Where the remainder is wider than this range, or nan, the range itself becomes the enclosure.
    """
    low, high = (torch.as_tensor(end, dtype=torch.float64) for end in (low, high))
    middle = low + (high - low) / 2
    half = torch.maximum(high - middle, middle - low) * (1 + 4 * UNIT)
    wide = ~(half >= x.remainder)
    if not bool(wide.any()):
        return x
    polynomial = x.polynomial.masked_fill(wide, 0.0)
    polynomial[0] = torch.where(wide, middle, polynomial[0])
    remainder = torch.where(wide, half, x.remainder)
    magnitude = torch.maximum(low.abs(), high.abs()) * (1 + 4 * UNIT) + half
    magnitude = torch.where(wide, magnitude * (1 + 4 * UNIT), x.magnitude)
    return ChebyshevModel(x.ring, polynomial, x.generators.masked_fill(wide, 0.0), remainder, magnitude, x.symbols)


def between_parallel_lines(x: ChebyshevModel, slope: Tensor, half: Tensor) -> ChebyshevModel:
    """slope·x + half ± half, which encloses a function with slope·v <= f(v) <= slope·v + 2·half."""
    magnitude = slope.abs() * x.magnitude + 2 * half
    remainder = (slope.abs() * x.remainder + half + 4 * UNIT * magnitude) * (1 + 16 * UNIT) + TINY
    polynomial = slope * x.polynomial
    polynomial[0] += half
    magnitude = magnitude * (1 + 16 * UNIT)
    return ChebyshevModel(x.ring, polynomial, slope * x.generators, remainder, magnitude, x.symbols)


def between_lines(x: ChebyshevModel, slope: Tensor, below: Tensor, above: Tensor) -> ChebyshevModel:
    """An enclosure of a function with slope·v + below <= f(v) <= slope·v + above."""
    middle = (below + above) / 2
    half = torch.maximum(above - middle, middle - below) * (1 + 8 * UNIT) + 4 * UNIT * middle.abs()
    magnitude = (slope.abs() * x.magnitude + middle.abs() + half) * (1 + 16 * UNIT)
    remainder = (slope.abs() * x.remainder + half + 8 * UNIT * magnitude) * (1 + 16 * UNIT) + TINY
    polynomial = slope * x.polynomial
    polynomial[0] += middle
    return ChebyshevModel(x.ring, polynomial, slope * x.generators, remainder, magnitude, x.symbols)


def at_least(x: ChebyshevModel, least: float) -> ChebyshevModel:
    """The same model, of values that are known to be at least so large."""
    known = torch.full_like(x.remainder, least)
    return replace(x, least=known if x.least is None else torch.maximum(known, x.least), derived={})
