"""The common part of chains and pyramids: stages that are measured one by one, and errors that are enclosed."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

from varexp.families.base import Columns, Evaluation, Family, Reading, columns_of, ends_of
from varexp.maps.domains import Domain
from varexp.maps.norms import find_norm
from varexp.maps.targets import Target
from varexp.measurement.intervals import attach_intervals
from varexp.measurement.measure import SUPS_OF_A_STAGE, DepthEvidence, Measurement, measure
from varexp.models.chain import Chain
from varexp.models.stage import Stage
from varexp.theory import Interval
from varexp.training.problem import Notify, Problem, Trained
from varexp.training.recipe import Recipe
from varexp.training.staged import train

OF_A_ROW = ("error", "error_merged", "error_mean", "error_l2", "bound_pointwise")


class StagedFamily(Family):
    """Models made of stages (`varexp.models.stage.Stage`)."""

    measured_columns = ("error_merged_lower", "error_merged_upper")

    @abstractmethod
    def stage(self, problem: Problem, index: int, architecture: Any) -> Stage:
        """An untrained stage (index from 0)."""

    def untrained(self, problem: Problem, architecture: Any) -> Chain:
        stages = range(len(problem.target.stages))
        return Chain([self.stage(problem, index, architecture) for index in stages]).double()

    def train(
        self, problems: Sequence[Problem], architecture: Any, recipe: Recipe, notify: Notify
    ) -> list[Trained[Chain]]:
        return train(problems, lambda problem, index: self.stage(problem, index, architecture), recipe, notify)

    def evaluate(
        self,
        trained: Sequence[Trained[Chain]],
        readings: Sequence[Sequence[Reading]],
        target: Target,
        domain: Domain,
        how: Measurement,
    ) -> Iterator[dict[Reading, Evaluation]]:
        depth = len(target.stages)
        measured = _measured(trained, target, domain, how)
        for model, found, wanted in zip(trained, measured, readings, strict=True):
            if found:
                found = attach_intervals(found, model.model, target, domain, find_norm(how.norm), how.goal())
            yield {r: _evaluation(found[r.depth - 1]) for r in wanted if r.depth <= min(len(found), depth)}


def _measured(
    trained: Sequence[Trained[Chain]], target: Target, domain: Domain, how: Measurement
) -> list[list[DepthEvidence]]:
    """Evidence of each model at the depths before it diverged. Models that are sound to the same depth go together."""
    by_depth: dict[int, list[int]] = {}
    for place, model in enumerate(trained):
        sound = len(target.stages) if model.diverged_at is None else model.diverged_at - 1
        by_depth.setdefault(sound, []).append(place)
    result: list[list[DepthEvidence]] = [[] for _ in trained]
    for depth, places in by_depth.items():
        if depth == 0:
            continue
        models = [trained[place].model.prefix(depth) for place in places]
        for place, found in zip(places, measure(models, target.prefix(depth), domain, how), strict=True):
            result[place] = found
    return result


def _evaluation(evidence: DepthEvidence) -> Evaluation:
    columns = columns_of(evidence, OF_A_ROW)
    known = [evidence.error]
    for name in SUPS_OF_A_STAGE:
        sup = _largest([getattr(stage, name) for stage in evidence.stages])
        columns |= ends_of(name, sup)
        known += [sup] if sup is not None else []
    stages: tuple[Columns, ...] = tuple(columns_of(stage, SUPS_OF_A_STAGE) for stage in evidence.stages)
    return Evaluation(columns, stages, certified=all(sup.bounded for sup in known))


def _largest(intervals: Sequence[Interval | None]) -> Interval | None:
    """The largest of numbers that are known as intervals; None if one has no meaning."""
    known = [interval for interval in intervals if interval is not None]
    if len(known) < len(intervals):
        return None
    return Interval(max(i.lower for i in known), max(i.upper for i in known))
