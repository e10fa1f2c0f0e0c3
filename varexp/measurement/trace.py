"""One pass along the model's own trajectory t and the target's y: the errors of every stage at every point.

t_0 = y_0 = x, t_i = T_i(t_{i-1}), y_i = F_i(y_{i-1}). The errors of stage i are measured at t_{i-1}(x), never at y and
never on a ball around it: that is where the theorem needs them.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from varexp.maps.domains import Domain
from varexp.maps.norms import TokenNorm
from varexp.maps.targets import Target, TargetStage
from varexp.models.chain import Chain
from varexp.models.ensemble import Ensemble
from varexp.models.stage import Stage

CHUNK = 128  # points in one pass: bounds the memory and fixes the shapes, so that results do not depend on the count

SUPS = (
    "eps_interpolation",
    "eps_block",
    "local_error",
    "error",
)  # whose sup over the domain is asked for
SPLIT = ("eps_interpolation", "eps_block", "replaced")  # of Lemma 5.3


class Trace(NamedTuple):
    """Norms at every point and stage i; each field has the same shape (..., points, stages).

    Where a block sees more than Φ_i t_{i-1}, the fields that split its error are nan: they have no meaning there.
    """

    eps_interpolation: Float[Tensor, "... points stages"]  # ‖(g_i − Φ_i) t_{i-1}‖
    eps_block: Float[Tensor, "... points stages"]  # ‖f_i(Φ_i t_{i-1}) − τ_i(Φ_i t_{i-1})‖
    local_error: Float[Tensor, "... points stages"]  # ‖F_i(t_{i-1}) − T_i(t_{i-1})‖
    error: Float[Tensor, "... points stages"]  # ‖t_i − y_i‖
    propagated: Float[Tensor, "... points stages"]  # ‖F_i(t_{i-1}) − F_i(y_{i-1})‖
    replaced: Float[Tensor, "... points stages"]  # ‖f_i(g_i t_{i-1}) − f_i(Φ_i t_{i-1})‖
    magnitude: Float[Tensor, "... points stages"]  # ‖t_i‖ + ‖y_i‖


def sups_of(stage: Stage) -> tuple[str, ...]:
    """The names of SUPS that have a meaning at a stage."""
    return tuple(name for name in SUPS if stage.sees_only_previous_scale or name not in SPLIT)


class Differences(NamedTuple):
    """The token maps whose norms a trace holds, at one stage; None where one has no meaning."""

    local_error: Any
    error: Any
    propagated: Any
    eps_interpolation: Any = None
    eps_block: Any = None
    replaced: Any = None


class Propagated(NamedTuple):
    """What one stage gives: the differences, t_i, the state after it (which holds t_i) and y_i."""

    differences: Differences
    model_output: Any
    state: Any
    target_output: Any


def propagate_stage(
    stage: Stage, target: TargetStage, state: Any, y: Any, evaluate: Callable[[Any], Any] = lambda x: x
) -> Propagated:
    """Take both trajectories through one stage, from the model's state and y_{i-1}. Plain torch throughout.

    `evaluate` is applied to values that are used more than once.
    """
    t = stage.previous_scale(state)
    interpolated = evaluate(stage.interpolate(state))  # Φ_i t
    target_on_model_state = evaluate(target(t))  # F_i(t)
    target_output = evaluate(target(y))
    model_output = evaluate(stage.answer(interpolated))
    found = {
        "local_error": target_on_model_state - model_output,
        "error": model_output - target_output,
        "propagated": target_on_model_state - target_output,
    }
    if stage.sees_only_previous_scale:
        target_of_interpolated = evaluate(target.feature_map(interpolated))  # f_i(Φ_i t)
        found["eps_interpolation"] = target.scale(t) - stage.interpolate(state)  # exactly 0 if the matrices agree
        found["eps_block"] = target_of_interpolated - model_output
        found["replaced"] = target_on_model_state - target_of_interpolated
    return Propagated(Differences(**found), model_output, stage.next_state(state, model_output), target_output)


class Tracer(nn.Module):
    """A chain beside its target, as a map from parameters of words to a trace."""

    def __init__(self, chain: Chain, target: Target, domain: Domain, norm: TokenNorm) -> None:
        super().__init__()
        self.chain, self.target, self.domain, self.norm = chain, target, domain, norm

    def forward(self, theta: Float[Tensor, "points parameters"]) -> Trace:
        state = y = self.domain.points(theta)
        columns = []
        for stage, target in zip(self.chain.stages, self.target.stages, strict=True):
            differences, made, state, y = propagate_stage(stage, target, state, y)
            norms = {name: self.norm(x) for name, x in differences._asdict().items() if x is not None}
            magnitude = self.norm(made) + self.norm(y)
            unknown = dict.fromkeys(Differences._fields, torch.full_like(magnitude, torch.nan))
            columns.append(Trace(**{**unknown, **norms}, magnitude=magnitude))
        return Trace(*(torch.stack(values, dim=-1) for values in zip(*columns, strict=True)))


def tracers(chains: Sequence[Chain], target: Target, domain: Domain, norm: TokenNorm, depth: int) -> Ensemble:
    """The first `depth` stages of chains that share a target, as an ensemble of tracers.

    A single chain is joined by a copy of itself: batched products of one take another route, with other bits.
    """
    target(domain.points(domain.sample(1)))  # draws the target's fixed patterns, which vmap would refuse
    prefixes = [chain.prefix(depth) for chain in (chains if len(chains) > 1 else [*chains, *chains])]
    return Ensemble([Tracer(prefix, target.prefix(depth), domain, norm) for prefix in prefixes])


@torch.no_grad()
def trace(ensemble: Ensemble, theta: Float[Tensor, "*models points parameters"]) -> Trace:
    """The trace of every model at shared parameters (points, …) or at its own (models, points, …)."""
    shared = theta.dim() == 2
    chunks = [ensemble(part, shared=shared) for part in theta.split(CHUNK, dim=-2)]
    return Trace(*(torch.cat(parts, dim=-2) for parts in zip(*chunks, strict=True)))
