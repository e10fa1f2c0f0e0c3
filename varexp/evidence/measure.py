"""What is known of a chain: lower ends of the sups at every depth, means, and the pointwise bound.

Sups are bounded from below by a dense sample followed by gradient ascent from several starts for every stage and every
quantity. Only points of stages up to n enter what is said at depth n, so that a chain read off at depth n gives the
numbers of a chain trained to depth n.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.evidence.attack import ascend
from varexp.evidence.ensemble import Ensemble
from varexp.evidence.soundness import check_constants, check_trace, pointwise_bound
from varexp.evidence.trace import SPLIT, SUPS, Trace, trace, tracers
from varexp.maps.domain import Domain
from varexp.maps.norms import NormName, merged_norm
from varexp.maps.targets import Target
from varexp.models.chain import Chain

SAMPLES = {"curve": 512, "disc": 2048, "ball": 4096}  # points of the dense sample by kind of domain


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """How hard sups are sought: ascent from `starts` points per stage and quantity, `ascent_steps` steps each.

    0 starts leave the dense sample alone, for a search with enclosures to go on from. Otherwise `starts` is a multiple
    of 4: with the four quantities that fills whole vectors, so that results keep their bits.
    """

    starts: int = 4
    ascent_steps: int = 12

    def __post_init__(self) -> None:
        if self.starts < 0 or self.starts % 4 or self.ascent_steps < 1:
            raise ValueError(
                "measuring needs starts in 0, 4, 8, … and ascent_steps >= 1, got "
                f"starts={self.starts}, ascent_steps={self.ascent_steps}"
            )


@dataclass(frozen=True)
class Interval:
    """A sup in [lower, upper]; an end that is None is not known, and without a lower end the sup has no meaning."""

    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class StageEvidence:
    """The sups of one stage's errors."""

    eps_interpolation: Interval
    eps_block: Interval
    local_error: Interval


@dataclass(frozen=True)
class DepthEvidence:
    """What was measured of the first n blocks: `stages` has n entries."""

    error: Interval
    error_merged: Interval  # of the merged token maps (t_1, …, t_n), Rem 3.5
    error_mean: float  # over the uniform measure on the domain
    error_l2: float
    bound_pointwise: float  # largest right side of (**) over the evaluated points
    stages: tuple[StageEvidence, ...]
    places: tuple[tuple[float, ...], ...]  # parameters of the points where each quantity of stage n was largest


def measure(
    chains: Sequence[Chain], target: Target, domain: Domain, norm: NormName, how: Measurement
) -> list[list[DepthEvidence]]:
    """Evidence of every chain at every depth 1..n. The chains share a target and their shapes.

    Raises SoundnessError if an inequality that is a theorem fails at an evaluated point or along an adversarial pair.
    """
    if len(chains) == 1:  # batched products of one take another route, with other bits: run beside a copy
        return measure([*chains, *chains], target, domain, norm, how)[:1]
    depth = chains[0].depth
    lipschitz = [stage.lipschitz(norm).upper for stage in target.stages]
    features = [stage.lipschitz_feature(norm).upper for stage in target.stages]
    check_constants(target, norm)
    alone = all(stage.alone for stage in chains[0].stages)
    theta = domain.sample(SAMPLES[domain.kind])
    sampled = trace(tracers(chains, target, domain, norm, depth), theta)
    check_trace(sampled, lipschitz, features, alone)
    reached: list[tuple[Trace, Tensor]] = []  # traces, over all stages, of the points that ascent for stage i ends in
    for stage in range(1, depth + 1) if how.starts else ():
        prefix = tracers(chains, target, domain, norm, stage)
        peaks = _peaks(prefix, sampled, theta, stage, domain, how)
        found = trace(tracers(chains, target, domain, norm, depth), peaks)
        check_trace(found, lipschitz, features, alone)
        reached.append((found, peaks))
    return [_evidence(model, theta, sampled, reached, target, norm, alone) for model in range(len(chains))]


def _peaks(
    prefix: Ensemble, sampled: Trace, theta: Tensor, stage: int, domain: Domain, how: Measurement
) -> Float[Tensor, "models points parameters"]:
    """Local maxima of the four quantities of one stage, each from the best sample of every stretch of the domain."""
    models = len(prefix)
    starts, names = [], [name for name in SUPS if not getattr(sampled, name).isnan().all()]
    for name in names:
        values = getattr(sampled, name)[..., stage - 1]  # models points
        stretches = values.tensor_split(how.starts, dim=1)
        offsets = torch.tensor([0, *(part.shape[1] for part in stretches)]).cumsum(0)
        best = [part.argmax(dim=1) + offset for part, offset in zip(stretches, offsets[:-1], strict=True)]
        starts.append(theta[torch.stack(best, dim=1)])  # models starts parameters
    quantity = torch.arange(len(names)).repeat_interleave(how.starts).expand(models, -1)

    def objective(points: Tensor) -> Tensor:
        column = prefix(points)
        values = torch.stack([getattr(column, name)[..., -1] for name in names], dim=-1)
        return values.gather(-1, quantity[..., None])[..., 0]

    spacing = 2 * torch.pi / len(theta) if domain.kind == "curve" else len(theta) ** (-1 / domain.parameters)
    return ascend(objective, torch.cat(starts, dim=1), domain.project, spacing, how.ascent_steps)


def _evidence(
    model: int,
    theta: Tensor,
    sampled: Trace,
    reached: list[tuple[Trace, Tensor]],
    target: Target,
    norm: NormName,
    alone: bool,
) -> list[DepthEvidence]:
    result = []
    lipschitz = [stage.lipschitz(norm).upper for stage in target.stages]
    tokens = [stage.side_out**2 for stage in target.stages]
    for depth in range(1, len(lipschitz) + 1):
        traces = [sampled, *(found for found, _ in reached[:depth])]
        points = Trace(*(torch.cat([t[model] for t in field]) for field in zip(*traces, strict=True)))
        places = torch.cat([theta, *(peaks[model] for _, peaks in reached[:depth])])
        uniform = sampled.error[model, :, depth - 1].contiguous()  # the order of a sum depends on strides
        merged = merged_norm(points.error[:, :depth], tokens[:depth], norm)[:, -1]
        highest = {name: getattr(points, name).amax(dim=0).tolist() for name in SUPS}
        known = [getattr(points, name)[:, depth - 1] for name in SUPS if alone or name not in SPLIT]
        result.append(
            DepthEvidence(
                error=Interval(highest["error"][depth - 1]),
                error_merged=Interval(float(merged.max())),
                error_mean=float(uniform.mean()),
                error_l2=float(uniform.square().mean().sqrt()),
                bound_pointwise=float(pointwise_bound(points.local, lipschitz)[:, depth - 1].max()),
                stages=tuple(_stage({name: highest[name][i] for name in SUPS}) for i in range(depth)),
                places=tuple(tuple(places[values.argmax()].tolist()) for values in [*known, merged]),
            )
        )
    return result


def _stage(highest: dict[str, float]) -> StageEvidence:
    known = {name: Interval(None if math.isnan(value) else value) for name, value in highest.items()}
    return StageEvidence(known["interpolation"], known["block"], known["local"])
