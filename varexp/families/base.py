"""The protocol of a family of models: its settings, its training, its evaluation; and the registry of families.

All that differs between kinds of models stands in their families and nowhere else.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from torch import nn

from varexp.maps.domains import Domain
from varexp.maps.targets import Target
from varexp.measurement.measure import Measurement
from varexp.models.block import BlockConfig
from varexp.registry import Registry, registrar
from varexp.settings import NoSettings
from varexp.theory import Interval
from varexp.training.objectives import OBJECTIVES, Objective
from varexp.training.problem import Notify, Problem, Trained
from varexp.training.recipe import Recipe

Columns = dict[str, Any]


class Reading(NamedTuple):
    """One way to read a trained model off: at a depth, used in a way that its family knows (a sampler)."""

    depth: int
    usage: Any


@dataclass(frozen=True)
class Evaluation:
    """Measurements as columns: of the row, and of each stage's row where stages are measured."""

    columns: Columns
    stages: tuple[Columns, ...] = ()
    certified: bool = False


class Family(ABC):
    """One kind of model.

    Attributes:
        name: the value of the column `model`.
        architecture: settings of the network; models with equal ones train as one ensemble.
        usage: settings of how a trained model is used; they decide nothing in training.
        default_objective: the value of `training` where a config gives none.
        default_side: the side of the words where a config gives none.
        random: whether what a model makes of a word is random, so that no sup of it can be enclosed.
        measured_columns: the columns that only this family's evaluations fill.
    """

    name: ClassVar[str]
    architecture: ClassVar[type[BlockConfig]] = BlockConfig
    usage: ClassVar[type] = NoSettings
    default_objective: ClassVar[str]
    default_side: ClassVar[int] = 1
    random: ClassVar[bool] = False
    measured_columns: ClassVar[tuple[str, ...]] = ()

    def default_sides(self, side: int) -> tuple[int, ...]:
        """The ladder of sides from a word's side where a config gives none: five that double, a = 2 of C.6."""
        return tuple(side * 2**i for i in range(5))

    def default_learning_rate(self, objective: Objective, width: int) -> float:
        """The peak learning rate where a config gives none."""
        return objective.default_learning_rate(width)

    def objectives(self) -> list[str]:
        """The objectives that this kind of model can be trained by."""
        return list(OBJECTIVES)

    def trains_each_depth(self, recipe: Recipe) -> bool:
        """Whether each depth is a model of its own, instead of being read off a deeper one."""
        return recipe.objective.trains_each_depth

    def check(self, sides: tuple[int, ...], recipe: Recipe) -> None:
        """Raise ValueError for a ladder of sides or a recipe that this kind of model cannot have."""
        if recipe.training not in self.objectives():
            raise ValueError(
                f"a {self.name} is trained by {' or '.join(self.objectives())}, got training={recipe.training}"
            )
        recipe.objective.check(sides)

    def untrained(self, problem: Problem, architecture: Any) -> nn.Module:
        """A model as deep as the target, in float64, as it is before training; weights are loaded into it.

        Raises:
            ValueError: a family that does not say how its models are made.
        """
        raise ValueError(f"a {self.name} cannot be loaded: its family has no method `untrained`")

    @abstractmethod
    def train(
        self, problems: Sequence[Problem], architecture: Any, recipe: Recipe, notify: Notify
    ) -> list[Trained[Any]]:
        """Train one model a problem, all as one ensemble. The ladders of sides are the same."""

    @abstractmethod
    def evaluate(
        self,
        trained: Sequence[Trained[Any]],
        readings: Sequence[Sequence[Reading]],
        target: Target,
        domain: Domain,
        how: Measurement,
    ) -> Iterator[dict[Reading, Evaluation]]:
        """Measure models that share a target and a domain. For every model, as it is done, an evaluation by reading.

        A reading that has no entry belongs to a model that diverged at or before its depth.
        """


FAMILIES: Registry[Family] = Registry("model")
register = registrar(FAMILIES, instance=True)


def columns_of(evidence: Any, names: Sequence[str]) -> Columns:
    """Columns from fields of the same names: an interval gives `name_lower` and `name_upper`, anything else itself."""
    found: Columns = {}
    for name in names:
        value = getattr(evidence, name)
        if value is None or isinstance(value, Interval):
            found |= ends_of(name, value)
        else:
            found[name] = value
    return found


def ends_of(name: str, value: Interval | None) -> Columns:
    """Both ends of an interval as columns; an end that is not known is None."""
    if value is None:
        return {f"{name}_lower": None, f"{name}_upper": None}
    return {f"{name}_lower": value.lower, f"{name}_upper": value.upper if value.bounded else None}
