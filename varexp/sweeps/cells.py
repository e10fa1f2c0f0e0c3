"""A cell: everything that determines a run, and nothing else. Its key names its record on any machine."""

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from varexp.enclosure.policy import ORDERS
from varexp.errors import bad_value
from varexp.families import FAMILIES, DomainSettings, Family, TargetSettings
from varexp.families.base import Reading
from varexp.maps.domains import Domain
from varexp.maps.interpolation import KERNELS
from varexp.maps.targets import Target
from varexp.measurement.measure import Measurement
from varexp.models.block import BlockConfig
from varexp.settings import declared
from varexp.training.problem import Problem
from varexp.training.recipe import Recipe

SCHEMA = 5  # raised when the meaning of a cell or the form of a record changes

Value = str | int | float | bool | None


def key_of(content: dict[str, Any]) -> str:
    """The key of a cell with this content: a hash of it and of the schema version."""
    text = json.dumps({"schema": SCHEMA, **content}, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _part(kind: type, content: dict[str, Any]) -> Any:
    """The settings of a part from its content, where None is left out."""
    return kind(**{field.name: content.get(field.name) for field in dataclasses.fields(kind)})


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One row of results, as the settings of its parts.

    Cells whose parts are equal run together: see `trained_with`, `measured_with` and `trained_as`.

    Raises:
        ValueError: something that does not exist, or parts that do not fit each other.
    """

    model: str
    architecture: BlockConfig
    usage: Any
    target: TargetSettings
    domain: DomainSettings
    sides: tuple[int, ...]  # depth + 1 of them
    kernel: str
    seed: int
    recipe: Recipe
    measurement: Measurement

    def __post_init__(self) -> None:
        KERNELS[self.kernel]  # ValueError if there is no such kernel
        if len(self.sides) < 2 or min(self.sides) < 1:
            raise bad_value("sides", "-".join(map(str, self.sides)), "two or more whole numbers from 1 up")
        domain = self.domain_object
        if self.sides[0] != domain.side:
            raise ValueError(f"domain {domain} starts at side {domain.side}, but sides start at {self.sides[0]}")
        self.family.check(self.sides, self.recipe)
        if self.measurement.gap is not None and domain.parameters not in ORDERS:
            raise ValueError(
                f"sups are enclosed over at most {max(ORDERS)} parameters; {domain} has {domain.parameters}: gap=null"
            )
        first = self.target.build((1, 1), self.domain.channels).stages[0]
        first.lipschitz(self.measurement.norm)  # UnknownConstantError, a ValueError, where the target has none

    @property
    def family(self) -> Family:
        """The family that `model` names."""
        return FAMILIES[self.model]

    @property
    def depth(self) -> int:
        """n, the number of blocks."""
        return len(self.sides) - 1

    @property
    def reading(self) -> Reading:
        """Which reading of the trained model this cell is."""
        return Reading(self.depth, self.usage)

    # ---- cells that run together ----------------------------------------------------------------------------------

    @property
    def trained_with(self) -> tuple[Any, ...]:
        """What cells share whose models train as one ensemble."""
        return self.model, self.architecture, self.domain, self.sides, self.recipe

    @property
    def measured_with(self) -> tuple[Any, ...]:
        """What cells share whose models are measured together."""
        return self.model, self.target, self.domain, self.sides, self.measurement

    @property
    def trained_as(self) -> tuple[Any, ...]:
        """What cells share that are readings of one trained model, where sides are not told apart by depth."""
        parts = (self.model, self.architecture, self.target, self.domain, self.kernel, self.seed, self.recipe)
        sides = self.sides if self.family.trains_each_depth(self.recipe) else None
        return (*parts, self.measurement, sides)

    # ---- objects of the settings ---------------------------------------------------------------------------------

    @property
    def domain_object(self) -> Domain:
        """The domain of words."""
        return self.domain.build()

    @property
    def target_object(self) -> Target:
        """The target along the sides."""
        return self.target.build(self.sides, self.domain.channels)

    @property
    def problem(self) -> Problem:
        """What the model is to learn."""
        return Problem(self.target_object, self.domain_object, self.kernel, self.seed)

    # ---- key and columns -----------------------------------------------------------------------------------------

    @cached_property
    def key(self) -> str:
        """Hash of the content and the schema version."""
        return key_of(self.content())

    def content(self) -> dict[str, Any]:
        """All settings as plain values, part by part, ready for JSON. A setting that decides nothing is left out."""
        found: dict[str, Any] = {}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if dataclasses.is_dataclass(value) and not isinstance(value, type):
                parts = dataclasses.asdict(value)
                found[field.name] = {name: part for name, part in parts.items() if part is not None}
            else:
                found[field.name] = list(value) if isinstance(value, tuple) else value
        found["target"]["target_options"] = dict(self.target.target_options)
        return found

    @classmethod
    def from_content(cls, content: dict[str, Any]) -> "Cell":
        """The cell that has this content."""
        family, target = FAMILIES[content["model"]], dict(content["target"])
        target["target_options"] = tuple(target["target_options"].items())
        return cls(
            model=content["model"],
            architecture=_part(family.architecture, content["architecture"]),
            usage=_part(family.usage, content["usage"]),
            target=_part(TargetSettings, target),
            domain=_part(DomainSettings, content["domain"]),
            sides=tuple(content["sides"]),
            kernel=content["kernel"],
            seed=content["seed"],
            recipe=_part(Recipe, content["recipe"]),
            measurement=_part(Measurement, content["measurement"]),
        )

    def columns(self) -> dict[str, Value]:
        """All settings by their names, as a table shows them."""
        found: dict[str, Value] = {"model": self.model, "kernel": self.kernel, "seed": self.seed, "depth": self.depth}
        found["sides"] = "-".join(map(str, self.sides))
        for part in (self.architecture, self.usage, self.domain, self.recipe, self.measurement):
            found |= {s.name: getattr(part, s.name) for s in declared(type(part))}
        return found | {s.name: self.target.column(s.name) for s in declared(TargetSettings)}
