"""Registries of the things that configs call by name. A file that registers something makes it known everywhere."""

import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import FrameType, ModuleType
from typing import Any, Generic, TypeVar

from varexp.errors import unknown_name

Item = TypeVar("Item")
Cls = TypeVar("Cls", bound=type)


_registries: list["Registry[Any]"] = []


class Registry(Mapping[str, Item], Generic[Item]):
    """Things of one kind by name, in the order in which they were registered."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._items: dict[str, Item] = {}
        self._files: dict[str, Path | None] = {}  # whose code registered each
        _registries.append(self)

    def register(self, name: str, item: Item) -> Item:
        """Make an item known. ValueError for a name that is taken."""
        if name in self._items:
            raise ValueError(f"a {self.kind} named {name!r} is already registered: {self._items[name]!r}")
        self._items[name] = item
        self._files[name] = _registering_file()
        return item

    def remove(self, name: str) -> None:
        """Forget an item, such as one that a test registered."""
        del self._items[name], self._files[name]

    def __getitem__(self, name: str) -> Item:
        if name not in self:
            raise unknown_name(self.kind, name, self._items)
        return self._items[name]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)


def registrations() -> Iterator[tuple[str, str, Any, Path | None]]:
    """Everything registered: kind, name, item, and the file whose code registered it (None outside of files)."""
    for registry in _registries:
        for name, item in registry.items():
            yield registry.kind, name, item, registry._files[name]


def _registering_file() -> Path | None:
    """The file of the first caller that is not this module."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__") == __name__:
        frame = frame.f_back
    file = None if frame is None else frame.f_globals.get("__file__")
    return None if file is None else Path(file).resolve()


def import_all(package: ModuleType | Any, name: str) -> list[ModuleType]:
    """Import the modules of a package whose names do not start with _, so that each registers its contents."""
    return [import_module(f"{name}.{module.name}") for module in iter_modules(package) if module.name[0] != "_"]


def registrar(
    registry: Registry[Any], attribute: str = "name", instance: bool = False
) -> Callable[[str], Callable[[Cls], Cls]]:
    """A decorator factory: `register("some name")` on a class sets its `attribute` to the name and makes it known.

    With `instance`, the only instance of the class is registered.
    """

    def register(name: str) -> Callable[[Cls], Cls]:
        def add(cls: Cls) -> Cls:
            setattr(cls, attribute, name)
            registry.register(name, cls() if instance else cls)
            return cls

        return add

    return register
