"""A trained chain in the paper's own function norm: L_α under the law of what each stage is given (trained arm)."""

from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

import torch

from varexp.claims.evidence import Comparison, Evidence, Instance, at_most, number
from varexp.claims.instances.contextual import ball
from varexp.enclosure import Enclosure, point
from varexp.families.chain import new_stage
from varexp.maps.domains import Curve
from varexp.maps.norms import RMS
from varexp.maps.targets import build_target
from varexp.measurement.trace import propagate_stage
from varexp.models.block import BlockConfig
from varexp.theory import Interval
from varexp.torch_state import controlled_torch
from varexp.training.problem import Problem
from varexp.training.recipe import Recipe
from varexp.training.staged import train

SIDES, K, WORDS, STEPS, SEED = (2, 3, 4, 5), 2.1, 32, 200, 0


class Norms(NamedTuple):
    """Of one stage: an interval for every word, and one for its Lipschitz constant."""

    error: list[Interval]
    local: list[Interval]
    lipschitz: Interval


@lru_cache(maxsize=1)
def norms() -> tuple[Norms, ...]:
    """rms norms of ‖t_i − y_i‖ and ‖(F_i − T_i) t_{i−1}‖ at WORDS words of a curve, by enclosures of zero width."""
    domain, target = Curve(SIDES[0]), build_target("fold", SIDES, K)
    config = BlockConfig(width=8, hidden=16, head_size=8)
    with controlled_torch():  # the same bits on any number of cores
        problem = Problem(target, domain, "keys", SEED)
        (trained,) = train([problem], lambda p, index: new_stage(p, index, config), Recipe(steps=STEPS))
    found = []
    with torch.no_grad():
        t = y = domain.points(point(domain.grid(WORDS)))
        for stage, aim in zip(trained.model.stages, target.stages, strict=True):
            differences, _, t, y = propagate_stage(stage, aim, t, y, _evaluated)
            error, local = (_ends(getattr(differences, name)) for name in ("error", "local_error"))
            constant = aim.lipschitz(RMS)
            found.append(Norms(error, local, Interval(Fraction(constant.lower), Fraction(constant.upper))))
            t, y = (Enclosure.of(x.model().condense(0)) for x in (t, y))
    return tuple(found)


def function_norm(alpha: int = 2, scale: Fraction = Fraction(1)) -> Evidence:
    """‖T − F‖_{L_α(λ)} <= scale·Σ_j (Π_{i>j} L_i) ‖F_j − T_j‖_{L_α(μ_{j−1})} from depth 2, λ uniform on the words,
    μ_{j−1} the law of t_{j−1}: Minkowski's inequality applied to (**)."""
    stages, conclusions = norms(), list[Comparison]()
    for depth in range(2, len(stages) + 1):  # at depth 1 the two sides are the same number
        error, bound = _law_norm(stages[depth - 1].error, alpha), number(0)
        for stage in stages[:depth]:
            local, L = _law_norm(stage.local, alpha), stage.lipschitz
            bound = Interval(bound.lower * L.lower + local.lower, bound.upper * L.upper + local.upper)
        bound = Interval(scale * bound.lower, scale * bound.upper)
        conclusions.append(at_most(f"depth {depth}: error <= bound in L_{alpha}", error, bound))
    what = f"fold, K = {K}, keys, width 8, {STEPS} steps, {WORDS} words of a curve"
    numbers = {c.what.split(":")[0]: f"{float(c.left.upper):.4f} <= {float(c.right.lower):.4f}" for c in conclusions}
    return Evidence((Instance(what, tuple(conclusions)),), numbers, SEED)


def _evaluated(x: Enclosure) -> Enclosure:
    return Enclosure.of(x.model())


def _ends(x: Enclosure) -> list[Interval]:
    below, above = RMS.lower_bound(x.model()).tolist(), RMS.upper_bound(x.model()).tolist()
    return [Interval(Fraction(low), Fraction(high)) for low, high in zip(below, above, strict=True)]


def _law_norm(values: list[Interval], alpha: int) -> Interval:
    """(mean of v^α)^{1/α}."""
    low = sum((Fraction(v.lower) ** alpha for v in values), Fraction(0)) / len(values)
    high = sum((Fraction(v.upper) ** alpha for v in values), Fraction(0)) / len(values)
    return Interval(number(ball(low).root(alpha)).lower, number(ball(high).root(alpha)).upper)
