"""The two sums whose quotient is an average with softmax weights, by interpolation.

Equations (2) and (3) of `softmax` are meant. The bound (3) holds for any number of nodes and any ellipse.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from varexp.enclosure.aliasing import Interpolant, aliasing_factors, ellipse_reaches
from varexp.enclosure.basis import Grid, Ring, apply_matrix, broadcast_shapes
from varexp.enclosure.libm import exp
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.node_choice import SOFTMAX_ELLIPSES, first_sufficient, node_counts
from varexp.enclosure.rounding import UNIT, gamma


class Values(NamedTuple):
    """Values V and bounds of their polynomials: the coefficients' absolute values (coefficients, ..., n, columns),
    |V_j − V_j0| and |V_j| (..., n, columns), and max_j |V_j + ε_j| (..., 1, columns)."""

    model: ChebyshevModel
    absolute: Tensor
    variation: Tensor
    reach: Tensor
    farthest: Tensor


class Scores(NamedTuple):
    """Scores in the form of (2): log(p/scale) and p (..., rows, n), scale (..., rows, 1), and exponents S_j − c_j
    (coefficients, ..., rows, n), with log(p/scale) in the place of their constant coefficient 0."""

    log_p: Tensor
    p: Tensor
    exponents: Tensor
    scale: Tensor


def bound_values(v: ChebyshevModel) -> Values:
    """The bounds of values that every row shares."""
    absolute = v.polynomial.abs()
    variation = absolute[1:].sum(dim=0).mul_(1 + gamma(len(absolute)))
    reach = (variation + absolute[0]).mul_(1 + 4 * UNIT)
    farthest = (reach + v.uncertainty()).amax(dim=-2, keepdim=True).mul_(1 + 4 * UNIT)
    return Values(v, absolute, variation, reach, farthest)


def normalise_scores(x: ChebyshevModel) -> Scores:
    """Scores in the form of (2), without ℓ.

    The largest constant of a row is subtracted, so that no exponential overflows, and Σ p_l S_l, so that the exponents
    are small.
    """
    log_p = x.polynomial[0] - x.polynomial[0].amax(dim=-1, keepdim=True)
    p = exp(log_p)
    scale = 1 / p.sum(dim=-1, keepdim=True)
    p.mul_(scale)
    exponents = x.polynomial - dot(p, x.polynomial)
    exponents[0] = log_p
    return Scores(log_p, p, exponents, scale)


def interpolate_sums(scores: Scores, v: Values, ring: Ring) -> tuple[Interpolant, Tensor]:
    """The interpolant of [Σ p_j e^{u_j} V_j, Σ p_j e^{u_j}] (coefficients, ..., rows, columns + 1), and ℓ as the
    coefficients of a polynomial (coefficients, ..., rows, 1)."""
    u, counts = scores.exponents, node_counts(ring)
    exponential_sums = _bound_exponential_sums(scores, ring)
    factors = aliasing_factors(ring.variables, counts)[:, SOFTMAX_ELLIPSES]
    chosen = _chosen_counts(factors, exponential_sums, ring)
    batch = broadcast_shapes(u.shape[1:-2], v.model.remainder.shape[:-2])
    polynomial = u.new_empty(len(u), *batch, u.shape[-2], v.model.remainder.shape[-1] + 1)
    level, above_order = u.new_zeros(*u.shape[:-1], 1), torch.empty_like(polynomial[0])
    for i, count in enumerate(counts):
        cells = (chosen == i).nonzero()[:, 0]
        if len(cells):
            index = slice(None) if len(cells) == len(chosen) else cells
            sums, own_level = _sums_at_nodes(
                ring.grid(count), u[:, index], v.model.polynomial[:, index], scores.scale[index]
            )
            level[:, cells] = own_level
            polynomial[:, cells], above_order[cells] = ring.grid(count).interpolate(sums)
    error = _interpolation_error(ring, factors[chosen], exponential_sums, level, v)
    return Interpolant(polynomial, above_order, error), level


def _bound_exponential_sums(scores: Scores, ring: Ring) -> Tensor:
    """Σ p_j e^{|S_j − c_j|} of (3), (variables, ellipses, ..., rows, 1); infinite where it overflows."""
    u = scores.exponents
    bounds = exp(ellipse_reaches(ring, u.abs(), True, SOFTMAX_ELLIPSES).add_(u[0])).sum(dim=-1, keepdim=True)
    return bounds.mul_(scores.scale * (1 + 1e-9)).nan_to_num_(nan=torch.inf, posinf=torch.inf)


def _chosen_counts(factors: Tensor, exponential_sums: Tensor, ring: Ring) -> Tensor:
    """The place of each cell's number of nodes, which affects speed alone: enough for its worst row."""
    trailing = [1] * (exponential_sums.dim() - 2)
    lost = factors.reshape(len(factors), 1, len(SOFTMAX_ELLIPSES), *trailing) * exponential_sums
    return first_sufficient(lost.amin(dim=2).sum(dim=1), ring.variables).flatten(1).amax(dim=1)


def _sums_at_nodes(grid: Grid, u: Tensor, values: Tensor, scale: Tensor) -> tuple[Tensor, Tensor]:
    """The two sums of (2) at the nodes, z as the last column, and ℓ, which interpolates log Σ p_l e^{S_l − c_l}."""
    weights = exp(grid.at_nodes(u))
    at_nodes = grid.at_nodes(values)
    sums = weights @ torch.cat([at_nodes, torch.ones_like(at_nodes[..., :1])], dim=-1)
    sums.mul_(scale)
    level = apply_matrix(grid.interpolation, sums[..., -1:].log().nan_to_num_(0.0, 0.0, 0.0))
    sums.mul_(exp(grid.at_nodes(level).neg_()))
    return sums, level


def _interpolation_error(ring: Ring, factors: Tensor, exponential_sums: Tensor, level: Tensor, v: Values) -> Tensor:
    """A bound of |sums − interpolant| for the factors (cells, ellipses) of each cell's number of nodes, by (3): the
    smallest over the ellipses. Overwrites `exponential_sums`."""
    farthest = ellipse_reaches(ring, v.absolute, True, SOFTMAX_ELLIPSES).add_(v.absolute[0]).amax(dim=-2, keepdim=True)
    farthest = torch.cat([farthest, torch.ones_like(farthest[..., :1])], dim=-1)
    exponential_sums.mul_(exp(ellipse_reaches(ring, level.abs(), True, SOFTMAX_ELLIPSES).add_(level[0].abs())))
    trailing = [1] * (exponential_sums.dim() - 3)
    factors = factors.reshape(len(factors), len(SOFTMAX_ELLIPSES), *trailing).movedim(1, 0)
    return (factors * exponential_sums * farthest).amin(dim=1).sum(dim=0)


def dot(a: Tensor, b: Tensor) -> Tensor:
    """Σ_j a_j b_j along the last axis, which stays with size 1."""
    return torch.linalg.vecdot(a, b).unsqueeze(-1)
