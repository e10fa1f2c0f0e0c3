"""The error of the best constant prediction, min over token maps c of sup_x ‖f(x) − c‖, from both sides.

A bound above it is vacuous: the map that ignores its input does as well. Both ends are about the target alone.
"""

import math
from functools import lru_cache

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.maps.domain import Domain
from varexp.maps.norms import NormName, token_norm
from varexp.maps.targets import Target

POINTS = 1024  # whose smallest enclosing ball gives the lower end
ITERATIONS = 400
CELLS = 2048  # on which branch and bound for the upper end starts
GAP = 0.005  # relative gap at which it stops
LIMIT = 200_000  # cells evaluated in all
ROUNDING = 1e-9  # relative: covers the float64 evaluation of a target


@lru_cache(maxsize=1024)
def constant_prediction(target: Target, domain: Domain, norm: NormName) -> tuple[float, float]:
    """(lower, upper) ends of the sup error of the best constant token map.

    lower: the smallest ball that encloses some evaluated images, from its dual. upper: the sup distance from that
    ball's centre, by branch and bound with the target's declared Lipschitz constant.
    """
    with torch.no_grad():
        images = target(domain.points(domain.sample(POINTS)))  # points tokens channels
        centre, lower = _enclosing_ball(images, norm)
        growth = math.prod(stage.lipschitz(norm).upper for stage in target.stages) * domain.diameter(norm) / 2
        upper = _sup_distance(target, domain, norm, centre, growth)
    return lower * (1 - ROUNDING), upper * (1 + ROUNDING)


def _enclosing_ball(images: Float[Tensor, "points tokens channels"], norm: NormName) -> tuple[Tensor, float]:
    """Centre, and a radius that no ball enclosing these images can undercut.

    max: the middle of each entry's range, exact. rms, frobenius: for weights λ summing to 1, radius² >= Σ λ_i ‖p_i‖² −
    ‖Σ λ_i p_i‖² (Yıldırım 2008); Frank-Wolfe steps with exact line search improve λ.
    """
    if norm == "max":
        low, high = images.amin(dim=0), images.amax(dim=0)
        return (low + high) / 2, float(((high - low) / 2).max())
    points = (images - images[0]).flatten(1)  # shifted: the formula below subtracts squares
    scale = math.sqrt(points.shape[1]) if norm == "rms" else 1.0
    squares = points.square().sum(dim=1)
    centre, mean_square = points.mean(dim=0), float(squares.mean())
    best = 0.0
    for _ in range(ITERATIONS):
        radius_squared = mean_square - float(centre.square().sum())  # of the dual
        best = max(best, radius_squared)
        distances = squares - 2 * (points @ centre) + centre.square().sum()
        far = int(distances.argmax())
        gap = float(distances[far]) - radius_squared
        if gap <= 1e-9 * radius_squared:
            break
        # along λ + s(e_far − λ) the dual changes by s·gap − s²·‖p_far − centre‖²
        share = min(1.0, gap / (2 * float(distances[far]))) if float(distances[far]) > 0 else 0.0
        mean_square += share * (float(squares[far]) - mean_square)
        centre = centre + share * (points[far] - centre)
    middle = images[0] + centre.reshape(images.shape[1:])
    return middle, math.sqrt(best) / scale


def _sup_distance(target: Target, domain: Domain, norm: NormName, centre: Tensor, growth: float) -> float:
    """Upper bound of sup_x ‖f(x) − centre‖: a cell of parameters within r of its middle adds at most growth·r.

    In three parameters and more the domain is one cell.
    """
    middles, half = _cells(domain)
    highest_point, finished, evaluated = 0.0, 0.0, 0
    while True:
        radius = half * math.sqrt(middles.shape[1])
        values = token_norm(target(domain.points(domain.project(middles))) - centre, norm)
        highest_point = max(highest_point, float(values.max()))
        reach = values + growth * radius
        evaluated += len(middles)
        open_cells = reach > highest_point * (1 + GAP)
        finished = max(finished, float(reach[~open_cells].max()) if bool((~open_cells).any()) else 0.0)
        parts = 2 ** middles.shape[1]
        count = int(open_cells.sum())
        if count == 0 or evaluated + parts * count > LIMIT or domain.parameters > 2:
            remaining = float(reach[open_cells].max()) if count else 0.0
            return max(finished, remaining)
        half /= 2
        signs = torch.cartesian_prod(*[torch.tensor([-half, half], dtype=torch.float64)] * middles.shape[1])
        middles = (middles[open_cells][:, None] + signs.reshape(1, parts, -1)).flatten(0, 1)


def _cells(domain: Domain) -> tuple[Float[Tensor, "cells parameters"], float]:
    """Middles and half width of square cells whose images under projection cover the parameters."""
    if domain.kind == "curve":
        half = math.pi / CELLS
        return (2 * torch.arange(CELLS, dtype=torch.float64)[:, None] + 1) * half, half
    if domain.kind == "disc":
        count = math.isqrt(CELLS)
        axis = (2 * torch.arange(count, dtype=torch.float64) + 1) / count - 1
        return torch.cartesian_prod(axis, axis), 1 / count
    return torch.zeros(1, domain.parameters, dtype=torch.float64), 1 / math.sqrt(domain.parameters)
