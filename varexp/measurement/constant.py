"""The error of the best constant prediction, min over token maps c of sup_x ‖f(x) − c‖, from both sides.

A bound above it is vacuous: the map that ignores its input does as well. Both ends are about the target alone, in exact
arithmetic.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.caching import remembered_by_content
from varexp.enclosure import Box, Goal, Search, State, Transition, point
from varexp.enclosure.policy import ORDERS
from varexp.enclosure.rounding import UNIT
from varexp.maps.domains import Domain
from varexp.maps.norms import TokenNorm
from varexp.maps.targets import Target
from varexp.theory import Interval

POINTS = 1024  # whose smallest enclosing ball gives the lower end
GAP = 0.005  # relative gap at which the search for the upper end stops
EVALUATIONS = 2_000  # cells of that search
CHUNK = 4096  # middles that are evaluated at once
ROUGH = 4  # times GAP: beyond, the declared Lipschitz constant is tried as well
LIMIT = 40_000  # cells that it is tried on
BALL = 1e-9  # relative: covers the roundings of the enclosing ball's radius
SUBTRACTED = 4096 * UNIT  # of the largest image: taking the first one off rounds by u; the rest is ample


@remembered_by_content(1024)
@torch.no_grad()
def constant_prediction(target: Target, domain: Domain, norm: TokenNorm) -> Interval:
    """The sup error of the best constant token map.

    lower: the radius of the smallest ball that encloses some evaluated images, from its dual, less how far computed
    images can be from true ones. upper: the sup distance from that ball's centre, enclosed; beyond three parameters by
    the target's declared Lipschitz constant.
    """
    theta = domain.sample(POINTS)
    images = target(domain.points(theta))  # points tokens channels
    enclosed = target(domain.points(point(theta))).model()
    missed = norm((enclosed.polynomial[0] - images).abs() + enclosed.uncertainty()).nan_to_num(nan=math.inf)
    if not bool(images.isfinite().all()):
        return Interval(0.0)
    centre, radius = norm.enclosing_ball(images)
    allowance = float(missed.max()) + SUBTRACTED * float(norm(images.abs() + images[0].abs()).max())
    lower = max(0.0, radius * (1 - BALL) - allowance * (1 + BALL))
    upper = math.inf
    if domain.parameters in ORDERS:
        upper = enclosed_sup(target, domain, norm, lambda y: y - centre, lower)
    if not upper <= lower * (1 + ROUGH * GAP):
        upper = min(upper, _distance_by_lipschitz_constant(target, domain, norm, centre))
    return Interval(lower, upper)


def enclosed_sup(target: Target, domain: Domain, norm: TokenNorm, of: Callable[[Any], Any], known: float) -> float:
    """An upper end of sup ‖of(f(x))‖, within GAP where the budget allows; `known` is a lower end."""

    def start(u: Any) -> State:
        return (domain.points(domain.chart(u)),)

    def step(state: State) -> tuple[State, list[Any]]:
        return state, [of(target(state[0]))]

    largest = max(stage.side_out for stage in target.stages) ** 2 * domain.channels
    box = Box(*domain.box, domain.first_cells, domain.meets)
    stage = Transition(step, lambda state: state, largest)
    search = Search(start, [stage], box, norm, ORDERS[domain.parameters], Goal(gap=GAP, evaluations=EVALUATIONS))
    return search.run([[known]])[0][0].upper


def _distance_by_lipschitz_constant(
    target: Target, domain: Domain, norm: TokenNorm, centre: Float[Tensor, "tokens channels"]
) -> float:
    """An upper end by branch and bound: a cell within r of its middle adds at most (Lipschitz constant)·r.

    In three parameters and more the domain is one cell.
    """
    growth = math.prod(stage.lipschitz(norm).upper for stage in target.stages) * domain.lipschitz(norm) * (1 + BALL)
    middles, half = domain.cover()
    highest, finished, evaluated = 0.0, 0.0, 0
    while True:
        values = torch.cat([_distances(target, domain, norm, centre, part) for part in middles.split(CHUNK)])
        highest, evaluated = max(highest, float(values.max())), evaluated + len(middles)
        reach = (values + growth * domain.cell_radius(half)) * (1 + 8 * UNIT)
        is_open = ~(reach <= highest * (1 + GAP))  # true of nan
        finished = max([finished, *reach[~is_open].tolist()])
        parts, count = 2 ** middles.shape[1], int(is_open.sum())
        if count == 0 or evaluated + parts * count > LIMIT or domain.parameters > 2:
            return max([finished, *reach[is_open].nan_to_num(nan=math.inf).tolist()])
        half /= 2
        signs = torch.cartesian_prod(*[torch.tensor([-half, half], dtype=torch.float64)] * middles.shape[1])
        middles = (middles[is_open][:, None] + signs.reshape(1, parts, -1)).flatten(0, 1)


def _distances(
    target: Target, domain: Domain, norm: TokenNorm, centre: Float[Tensor, "tokens channels"], middles: Tensor
) -> Float[Tensor, "cells"]:
    """Upper bounds of ‖f(x) − centre‖ at the middles of cells, rounding included."""
    return norm.upper_bound((target(domain.points(point(domain.project(middles)))) - centre).model())
