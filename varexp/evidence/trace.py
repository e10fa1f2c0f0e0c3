"""One pass along the model's own trajectory t and the target's y: what each stage gets wrong, at every point.

t_0 = y_0 = x, t_i = T_i(t_{i-1}), y_i = F_i(y_{i-1}). The errors of stage i are measured at t_{i-1}(x), never at y and
never on a ball around it: that is where the theorem needs them.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from varexp.evidence.ensemble import Ensemble
from varexp.maps.domain import Domain
from varexp.maps.interpolation import resample
from varexp.maps.norms import NormName, token_norm
from varexp.maps.targets import Target, TargetStage
from varexp.models.chain import Chain

CHUNK = 128  # points in one pass: bounds the memory and fixes the shapes, so that results do not depend on the count


class Trace(NamedTuple):
    """Norms at every point and stage i; each field has the same shape (..., points, stages)."""

    interpolation: Float[Tensor, "... points stages"]  # ‖(g_i − Φ_i) t_{i-1}‖
    block: Float[Tensor, "... points stages"]  # ‖f_i(Φ_i t_{i-1}) − τ_i(Φ_i t_{i-1})‖
    local: Float[Tensor, "... points stages"]  # ‖F_i(t_{i-1}) − T_i(t_{i-1})‖
    error: Float[Tensor, "... points stages"]  # ‖t_i − y_i‖
    propagated: Float[Tensor, "... points stages"]  # ‖F_i(t_{i-1}) − F_i(y_{i-1})‖
    replaced: Float[Tensor, "... points stages"]  # ‖f_i(g_i t_{i-1}) − f_i(Φ_i t_{i-1})‖
    size: Float[Tensor, "... points stages"]  # ‖t_i‖ + ‖y_i‖


SUPS = ("interpolation", "block", "local", "error")  # the fields whose sup over the domain is asked for


class Tracer(nn.Module):
    """A chain beside its target, as a map from parameters of words to a trace."""

    def __init__(self, chain: Chain, target: Target, domain: Domain, norm: NormName) -> None:
        super().__init__()
        self.chain, self.target, self.domain, self.norm = chain, target, domain, norm

    def forward(self, theta: Float[Tensor, "points parameters"]) -> Trace:
        t = y = self.domain.points(theta)
        columns = []
        for stage, target in zip(self.chain.stages, self.target.stages, strict=False):
            column, t, y = self._stage(stage, target, t, y)
            columns.append(column)
        return Trace(*(torch.stack(values, dim=-1) for values in zip(*columns, strict=True)))

    def _stage(self, stage: Any, target: TargetStage, t: Tensor, y: Tensor) -> tuple[Trace, Tensor, Tensor]:
        def norm(x: Tensor) -> Tensor:
            return token_norm(x, self.norm)

        u = stage.interpolate(t)  # Φ_i t
        aim = target.feature_map(u)  # f_i(Φ_i t)
        through = target(t)  # F_i(t)
        y = target(y)
        missed = resample(t, target.scale_map - stage.interpolation)  # (g_i − Φ_i) t, exactly 0 if the matrices agree
        t = stage.block(u)
        column = Trace(
            interpolation=norm(missed),
            block=norm(aim - t),
            local=norm(through - t),
            error=norm(t - y),
            propagated=norm(through - y),
            replaced=norm(through - aim),
            size=norm(t) + norm(y),
        )
        return column, t, y


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
