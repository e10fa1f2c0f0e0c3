"""What was measured at points, with the rigorous ends of its enclosure; each is checked against the other."""

import itertools
from collections.abc import Sequence
from dataclasses import replace

import torch

from varexp.enclosure import Goal
from varexp.enclosure.sup import FLOOR
from varexp.errors import SoundnessError
from varexp.maps.domains import Domain
from varexp.maps.norms import TokenNorm
from varexp.maps.targets import Target
from varexp.measurement.certify import Certificate, PointsByDepth, enclose_sups
from varexp.measurement.measure import DepthEvidence, StageEvidence
from varexp.measurement.soundness import check_trace, pointwise_bound
from varexp.measurement.trace import trace, tracers
from varexp.models.chain import Chain
from varexp.theory import Interval

COMPARED = 1e-9  # relative: by which plain torch may differ from exact arithmetic where both are compared
MERGED_ROUNDING = 1e-13  # relative: covers the sum and the root of a merged norm of at most a hundred scales


def attach_intervals(
    found: Sequence[DepthEvidence], chain: Chain, target: Target, domain: Domain, norm: TokenNorm, goal: Goal | None
) -> list[DepthEvidence]:
    """Evidence of a model at depths 1..n with rigorous ends: both with a goal, else the lower ones alone.

    Raises:
        SoundnessError: an inequality that is a theorem fails at a point that the search adds.
    """
    chain, target = chain.prefix(len(found)), target.prefix(len(found))
    points = PointsByDepth([torch.tensor(depth.places, dtype=torch.float64) for depth in found])
    values = points.lower_bounds(chain, target, domain, norm)
    lower = points.largest(values)
    errors = torch.stack([stage["error"] for stage in values], dim=-1)
    merged = norm.merged(errors, [stage.side_out**2 for stage in target.stages])  # points depths
    stages: list[dict[str, Interval]] = [{name: Interval(v) for name, v in stage.items()} for stage in lower]
    pointwise = [0.0] * len(found)
    if goal is not None:
        certificate = enclose_sups(chain, target, domain, norm, goal, lower)
        stages = [{name: Interval(sup.lower, sup.upper) for name, sup in s.items()} for s in certificate.stages]
        pointwise = _pointwise_at_new_places(certificate, chain, target, domain, norm)
    _check_measured(found, lower, stages)
    return [
        _with_intervals(
            evidence,
            stages[:depth],
            target,
            norm,
            float(merged[points.up_to(depth), depth - 1].max()),
            pointwise[depth - 1],
        )
        for depth, evidence in enumerate(found, start=1)
    ]


def _check_measured(
    found: Sequence[DepthEvidence], lower: Sequence[dict[str, float]], stages: Sequence[dict[str, Interval]]
) -> None:
    """Raise SoundnessError if what plain torch measured lies above an upper end, or below a lower end at its points."""
    for number, (evidence, ends, least) in enumerate(zip(found, stages, lower, strict=True), start=1):
        measured = {"error": evidence.error, **{n: getattr(evidence.stages[-1], n) for n in ends if n != "error"}}
        for name, interval in ends.items():
            value = float(measured[name].lower)
            if not (value <= interval.upper * (1 + COMPARED) + FLOOR and least[name] <= value * (1 + COMPARED) + FLOOR):
                raise SoundnessError(
                    f"stage {number}: {name} is {value!r} at an evaluated point in plain torch, at least "
                    f"{least[name]!r} there by its enclosure, and at most {float(interval.upper)!r} everywhere: one of "
                    "them is wrong"
                )


def _with_intervals(
    evidence: DepthEvidence,
    stages: list[dict[str, Interval]],
    target: Target,
    norm: TokenNorm,
    merged_lower: float,
    pointwise: float,
) -> DepthEvidence:
    errors = torch.tensor([stage["error"].upper for stage in stages], dtype=torch.float64)
    tokens = [stage.side_out**2 for stage in target.stages[: len(stages)]]
    merged_upper = float(norm.merged(errors, tokens)[-1]) * (1 + MERGED_ROUNDING)
    return replace(
        evidence,
        error=stages[-1]["error"],
        error_merged=Interval(merged_lower * (1 - MERGED_ROUNDING), merged_upper),
        bound_pointwise=max(evidence.bound_pointwise, pointwise),
        stages=tuple(
            StageEvidence(stage.get("eps_interpolation"), stage.get("eps_block"), stage["local_error"])
            for stage in stages
        ),
    )


def _pointwise_at_new_places(
    certificate: Certificate, chain: Chain, target: Target, domain: Domain, norm: TokenNorm
) -> list[float]:
    """The right side of (**) at the points that the search found to be higher, for every depth: 0 without any."""
    places = [[sup.place for sup in stage.values() if sup.place is not None] for stage in certificate.stages]
    if not any(places):
        return [0.0] * chain.depth
    coordinates = torch.tensor([place for stage in places for place in stage], dtype=torch.float64)
    theta = domain.project(domain.chart(coordinates))
    points = trace(tracers([chain], target, domain, norm, chain.depth), theta)
    lipschitz = [stage.lipschitz(norm).upper for stage in target.stages]
    features = [stage.lipschitz_feature(norm).upper for stage in target.stages]
    check_trace(points, lipschitz, features, all(stage.sees_only_previous_scale for stage in chain.stages))
    values = pointwise_bound(points.local_error[0], lipschitz)  # points depths
    ends = itertools.accumulate(len(stage) for stage in places)
    return [float(values[:end, i].max()) if end else 0.0 for i, end in enumerate(ends)]
