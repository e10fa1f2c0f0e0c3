"""One pass along the model's own trajectory t and the target's y: what each stage gets wrong, at every point.

t_0 = y_0 = x, t_i = T_i(t_{i-1}), y_i = F_i(y_{i-1}). The errors of stage i are measured at t_{i-1}(x), never at y and
never on a ball around it: that is where the theorem needs them.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from varexp.evidence.ensemble import Ensemble
from varexp.maps.domain import Domain
from varexp.maps.norms import NormName, token_norm
from varexp.maps.targets import Target, TargetStage
from varexp.models.chain import Chain

CHUNK = 128  # points in one pass: bounds the memory and fixes the shapes, so that results do not depend on the count


class Trace(NamedTuple):
    """Norms at every point and stage i; each field has the same shape (..., points, stages).

    Where a block sees more than Φ_i t_{i-1}, the fields that split its error are nan: they have no meaning there.
    """

    interpolation: Float[Tensor, "... points stages"]  # ‖(g_i − Φ_i) t_{i-1}‖
    block: Float[Tensor, "... points stages"]  # ‖f_i(Φ_i t_{i-1}) − τ_i(Φ_i t_{i-1})‖
    local: Float[Tensor, "... points stages"]  # ‖F_i(t_{i-1}) − T_i(t_{i-1})‖
    error: Float[Tensor, "... points stages"]  # ‖t_i − y_i‖
    propagated: Float[Tensor, "... points stages"]  # ‖F_i(t_{i-1}) − F_i(y_{i-1})‖
    replaced: Float[Tensor, "... points stages"]  # ‖f_i(g_i t_{i-1}) − f_i(Φ_i t_{i-1})‖
    size: Float[Tensor, "... points stages"]  # ‖t_i‖ + ‖y_i‖


SUPS = ("interpolation", "block", "local", "error")  # the fields whose sup over the domain is asked for


SPLIT = ("interpolation", "block", "replaced")  # the fields of Lemma 5.3


def sups_of(stage: Any) -> tuple[str, ...]:
    """The sups that have a meaning at a stage."""
    return tuple(name for name in SUPS if stage.alone or name not in SPLIT)


class Differences(NamedTuple):
    """The token maps whose norms a trace holds, at one stage; None where one has no meaning."""

    local: Any
    error: Any
    propagated: Any
    interpolation: Any = None
    block: Any = None
    replaced: Any = None


class Step(NamedTuple):
    """What one stage gives: what differs, t_i, the state after it (t_i and what is remembered), y_i."""

    differences: Differences
    made: Any
    state: Any
    y: Any


def advance(stage: Any, target: TargetStage, state: Any, y: Any, settle: Callable[[Any], Any] = lambda x: x) -> Step:
    """One stage of both trajectories from the model's state and y_{i-1}. Plain torch throughout.

    `settle` is applied to values that are used more than once.
    """
    t = stage.last(state)
    u = settle(stage.interpolate(state))  # Φ_i t
    through = settle(target(t))  # F_i(t)
    y_next = settle(target(y))
    made = settle(stage.answer(u))
    found = {"local": through - made, "error": made - y_next, "propagated": through - y_next}
    if stage.alone:
        aim = settle(target.feature_map(u))  # f_i(Φ_i t)
        found["interpolation"] = target.scale(t) - stage.interpolate(state)  # exactly 0 if the matrices agree
        found |= {"block": aim - made, "replaced": through - aim}
    return Step(Differences(**found), made, stage.extended(state, made), y_next)


class Tracer(nn.Module):
    """A chain beside its target, as a map from parameters of words to a trace."""

    def __init__(self, chain: Chain, target: Target, domain: Domain, norm: NormName) -> None:
        super().__init__()
        self.chain, self.target, self.domain, self.norm = chain, target, domain, norm

    def forward(self, theta: Float[Tensor, "points parameters"]) -> Trace:
        state = y = self.domain.points(theta)
        columns = []
        for stage, target in zip(self.chain.stages, self.target.stages, strict=False):
            differences, made, state, y = advance(stage, target, state, y)
            norms = {name: token_norm(x, self.norm) for name, x in differences._asdict().items() if x is not None}
            size = token_norm(made, self.norm) + token_norm(y, self.norm)
            unknown = dict.fromkeys(Differences._fields, torch.full_like(size, torch.nan))
            columns.append(Trace(**{**unknown, **norms}, size=size))
        return Trace(*(torch.stack(values, dim=-1) for values in zip(*columns, strict=True)))


def tracers(chains: Sequence[Chain], target: Target, domain: Domain, norm: NormName, depth: int) -> Ensemble:
    """The first `depth` stages of chains that share a target, as an ensemble of tracers."""
    target(domain.points(domain.sample(1)))  # draws the target's fixed patterns, which vmap would refuse
    prefixes = [chain.prefix(depth) for chain in chains]
    return Ensemble([Tracer(prefix, target, domain, norm) for prefix in prefixes])


@torch.no_grad()
def trace(ensemble: Ensemble, theta: Float[Tensor, "*models points parameters"]) -> Trace:
    """The trace of every model at shared parameters (points, …) or at its own (models, points, …)."""
    shared = theta.dim() == 2
    chunks = [ensemble(part, shared=shared) for part in theta.split(CHUNK, dim=-2)]
    return Trace(*(torch.cat(parts, dim=-2) for parts in zip(*chunks, strict=True)))
