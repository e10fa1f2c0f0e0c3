"""Settings: frozen dataclasses whose fields are declared once and become keys of configs, axes of sweeps and columns.

A field made by `setting` carries the sentence that documents it, and the value that a config starts from where that
differs from the field's own default: None there means that the value is derived from others.
"""

import dataclasses
import typing
from dataclasses import MISSING, dataclass, field
from functools import lru_cache
from typing import Any


class _Derived(int):
    """A number that is derived from other settings where it is not given."""


DERIVED = _Derived(0)  # the default of such a setting; a 0 that a user gives is another object


def setting(default: Any, doc: str, config: Any = MISSING) -> Any:
    """A field of settings: its default, a sentence about it, and the default of configs if it is another one."""
    return field(default=default, metadata={"doc": doc, "config": default if config is MISSING else config})


@dataclass(frozen=True)
class Declared:
    """One setting as configs see it."""

    name: str
    type: Any
    default: Any
    doc: str
    derived: bool = False  # where none is given, it follows from others: a row always has one

    def __hash__(self) -> int:
        return hash((self.name, repr(self.default), self.doc))


def declared(group: type) -> tuple[Declared, ...]:
    """The settings of a dataclass, in order. A default of None makes the type optional."""
    return _declared(group)


@lru_cache(maxsize=64)
def _declared(group: Any) -> tuple[Declared, ...]:
    types = typing.get_type_hints(group)
    found = []
    for f in dataclasses.fields(group):
        if "doc" not in f.metadata:
            continue
        kind, default = types[f.name], f.metadata["config"]
        derived = default is None and type(None) not in typing.get_args(kind)
        found.append(Declared(f.name, kind | None if derived else kind, default, f.metadata["doc"], derived))
    return tuple(found)


def own_fields(group: type, values: dict[str, Any]) -> dict[str, Any]:
    """The flat values that are settings of a dataclass. A None for a derived setting is left out."""
    own = {f.name: f.default for f in dataclasses.fields(group)}
    return {
        s.name: values[s.name]
        for s in declared(group)
        if s.name in values and not (values[s.name] is None and own[s.name] is DERIVED)
    }


@dataclass(frozen=True)
class NoSettings:
    """Settings of something that has none."""
