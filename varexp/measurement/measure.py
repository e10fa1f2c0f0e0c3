"""Measuring a staged model at points: lower ends of the sups at every depth, means, and the pointwise bound.

Sups are bounded from below by a dense sample followed by gradient ascent from several starts for every stage and every
quantity. Only points of stages up to n enter what is said at depth n, so that a chain read off at depth n gives the
numbers of a chain trained to depth n.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.enclosure import Goal
from varexp.errors import bad_value
from varexp.maps.domains import Domain
from varexp.maps.norms import NORMS, TokenNorm, find_norm
from varexp.maps.targets import Target
from varexp.measurement.attack import ascend
from varexp.measurement.soundness import check_constants, check_trace, pointwise_bound
from varexp.measurement.trace import SUPS, Trace, sups_of, trace, tracers
from varexp.models.chain import Chain
from varexp.models.ensemble import Ensemble
from varexp.settings import setting
from varexp.theory import Interval


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """Settings of measuring: the norm, and how hard sups are sought.

    With a `gap`, sups are enclosed, and the search finds where they are: `starts` and `ascent_steps` are None. Without
    one, `evaluations` is None, and gradient ascent from `starts` points per stage and quantity follows the dense
    sample. `starts` is a multiple of 4: with the four quantities that fills whole vectors, so that results keep their
    bits.

    Raises:
        ValueError: a norm that does not exist, or a number out of range.
    """

    norm: str = setting("rms", "norm of every error and constant of a row")
    gap: float | None = setting(None, "relative gap to which sups are enclosed; null: lower ends alone", config=0.01)
    evaluations: int | None = setting(
        None, "cells of one stage after which an enclosure is left; by default from the domain"
    )
    starts: int | None = setting(4, "points per stage and quantity from which ascent starts, where nothing is enclosed")
    ascent_steps: int | None = setting(12, "steps of gradient ascent, where nothing is enclosed")

    def __post_init__(self) -> None:
        NORMS[self.norm]  # ValueError if there is no such norm
        for name in ("starts", "ascent_steps") if self.gap is not None else ("evaluations",):
            object.__setattr__(self, name, None)
        if self.gap is not None:
            self.goal()
            return
        if self.starts is None and self.ascent_steps is None:  # nothing is sought
            return
        if self.starts is None or self.starts < 0 or self.starts % 4:
            raise bad_value("starts", self.starts, "0 or a multiple of 4")
        if self.ascent_steps is None or self.ascent_steps < 1:
            raise bad_value("ascent_steps", self.ascent_steps, "a whole number from 1 up")

    def goal(self) -> Goal | None:
        """When an enclosure is good enough; None: nothing is enclosed."""
        if self.gap is None:
            return None
        return Goal(gap=self.gap) if self.evaluations is None else Goal(gap=self.gap, evaluations=self.evaluations)


@dataclass(frozen=True)
class StageEvidence:
    """The sups of one stage's errors; None where one has no meaning (a block that sees more than Φ_i t_{i-1})."""

    eps_interpolation: Interval | None
    eps_block: Interval | None
    local_error: Interval


SUPS_OF_A_STAGE = tuple(field.name for field in fields(StageEvidence))


@dataclass(frozen=True)
class DepthEvidence:
    """Measurements of the first n blocks. Fields are named like the columns that they become."""

    error: Interval
    error_merged: Interval  # of the merged token maps (t_1, …, t_n), Rem 3.5
    error_mean: float  # over the uniform measure on the domain
    error_l2: float
    bound_pointwise: float  # largest right side of (**) over the evaluated points
    stages: tuple[StageEvidence, ...]  # n of them
    places: tuple[tuple[float, ...], ...]  # parameters of the points where each quantity of stage n was largest


def measure(chains: Sequence[Chain], target: Target, domain: Domain, how: Measurement) -> list[list[DepthEvidence]]:
    """Evidence of every chain at every depth 1..n, from evaluated points. The chains share a target and their shapes.

    Raises:
        SoundnessError: an inequality that is a theorem fails at an evaluated point or along an adversarial pair.
    """
    depth, norm, starts = chains[0].depth, find_norm(how.norm), 0 if how.starts is None else how.starts
    lipschitz = [stage.lipschitz(norm).upper for stage in target.stages]
    features = [stage.lipschitz_feature(norm).upper for stage in target.stages]
    check_constants(target, norm)
    split = all(stage.sees_only_previous_scale for stage in chains[0].stages)
    theta = domain.sample(domain.sample_points)
    sampled = trace(tracers(chains, target, domain, norm, depth), theta)
    check_trace(sampled, lipschitz, features, split)
    reached: list[tuple[Trace, Tensor]] = []  # traces, over all stages, of the points that ascent for stage i ends in
    for stage in range(1, depth + 1) if starts else ():
        prefix = tracers(chains, target, domain, norm, stage)
        assert how.ascent_steps is not None
        peaks = _peaks(prefix, sampled, theta, stage, domain, starts, how.ascent_steps)
        found = trace(tracers(chains, target, domain, norm, depth), peaks)
        check_trace(found, lipschitz, features, split)
        reached.append((found, peaks))
    return [_evidence(chains[i], i, theta, sampled, reached, target, norm) for i in range(len(chains))]


def _peaks(
    prefix: Ensemble, sampled: Trace, theta: Tensor, stage: int, domain: Domain, starts: int, ascent_steps: int
) -> Float[Tensor, "models points parameters"]:
    """Local maxima of the four quantities of one stage, each from the best sample of every stretch of the domain."""
    models = len(prefix)
    begin, names = [], [name for name in SUPS if not getattr(sampled, name).isnan().all()]
    for name in names:
        values = getattr(sampled, name)[..., stage - 1]  # models points
        stretches = values.tensor_split(starts, dim=1)
        offsets = torch.tensor([0, *(part.shape[1] for part in stretches)]).cumsum(0)
        best = [part.argmax(dim=1) + offset for part, offset in zip(stretches, offsets[:-1], strict=True)]
        begin.append(theta[torch.stack(best, dim=1)])  # models starts parameters
    quantity = torch.arange(len(names)).repeat_interleave(starts).expand(models, -1)

    def objective(points: Tensor) -> Tensor:
        column = prefix(points)
        values = torch.stack([getattr(column, name)[..., -1] for name in names], dim=-1)
        return values.gather(-1, quantity[..., None])[..., 0]

    return ascend(objective, torch.cat(begin, dim=1), domain.project, domain.spacing(len(theta)), ascent_steps)


def _evidence(
    chain: Chain,
    model: int,
    theta: Tensor,
    sampled: Trace,
    reached: list[tuple[Trace, Tensor]],
    target: Target,
    norm: TokenNorm,
) -> list[DepthEvidence]:
    result = []
    lipschitz = [stage.lipschitz(norm).upper for stage in target.stages]
    tokens = [stage.side_out**2 for stage in target.stages]
    for depth in range(1, len(lipschitz) + 1):
        traces = [sampled, *(found for found, _ in reached[:depth])]
        points = Trace(*(torch.cat([t[model] for t in field]) for field in zip(*traces, strict=True)))
        places = torch.cat([theta, *(peaks[model] for _, peaks in reached[:depth])])
        uniform = sampled.error[model, :, depth - 1].contiguous()  # the order of a sum depends on strides
        merged = norm.merged(points.error[:, :depth], tokens[:depth])[:, -1]
        highest = {name: getattr(points, name).amax(dim=0).tolist() for name in SUPS}
        known = [getattr(points, name)[:, depth - 1] for name in sups_of(chain.stages[depth - 1])]
        result.append(
            DepthEvidence(
                error=Interval(highest["error"][depth - 1]),
                error_merged=Interval(float(merged.max())),
                error_mean=float(uniform.mean()),
                error_l2=float(uniform.square().mean().sqrt()),
                bound_pointwise=float(pointwise_bound(points.local_error, lipschitz)[:, depth - 1].max()),
                stages=tuple(_stage({name: highest[name][i] for name in SUPS}) for i in range(depth)),
                places=tuple(tuple(places[values.argmax()].tolist()) for values in [*known, merged]),
            )
        )
    return result


def _stage(highest: dict[str, float]) -> StageEvidence:
    def known(name: str) -> Interval | None:
        return None if math.isnan(highest[name]) else Interval(highest[name])

    return StageEvidence(known("eps_interpolation"), known("eps_block"), Interval(highest["local_error"]))
