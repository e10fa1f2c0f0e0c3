"""The error of the best constant prediction, min over token maps c of sup_x ‖f(x) − c‖, from both sides.

A bound above it is vacuous: the map that ignores its input does as well. Both ends are about the target alone.
"""

import math
from functools import lru_cache

import torch
from torch import Tensor

from varexp.maps.domains import Domain
from varexp.maps.norms import TokenNorm
from varexp.maps.targets import Target
from varexp.theory import Interval

POINTS = 1024  # whose smallest enclosing ball gives the lower end
GAP = 0.005  # relative gap at which it stops
LIMIT = 200_000  # cells evaluated in all
ROUNDING = 1e-9  # relative: covers the float64 evaluation of a target


@lru_cache(maxsize=1024)
def constant_prediction(target: Target, domain: Domain, norm: TokenNorm) -> Interval:
    """The sup error of the best constant token map.

    lower: the smallest ball that encloses some evaluated images, from its dual. upper: the sup distance from that
    ball's centre, by branch and bound with the target's declared Lipschitz constant.
    """
    with torch.no_grad():
        images = target(domain.points(domain.sample(POINTS)))  # points tokens channels
        centre, lower = norm.enclosing_ball(images)
        growth = math.prod(stage.lipschitz(norm).upper for stage in target.stages) * domain.lipschitz(norm)
        upper = _sup_distance(target, domain, norm, centre, growth)
    return Interval(lower * (1 - ROUNDING), upper * (1 + ROUNDING))


def _sup_distance(target: Target, domain: Domain, norm: TokenNorm, centre: Tensor, growth: float) -> float:
    """Upper bound of sup_x ‖f(x) − centre‖: a cell of parameters within r of its middle adds at most growth·r.

    In three parameters and more the domain is one cell.
    """
    middles, half = domain.cover()
    highest_point, finished, evaluated = 0.0, 0.0, 0
    while True:
        radius = domain.cell_radius(half)
        values = norm(target(domain.points(domain.project(middles))) - centre).nan_to_num(nan=math.inf)
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
