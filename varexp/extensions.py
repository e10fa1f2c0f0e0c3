"""Targets, kernels, norms, domains, objectives, families and figures that live outside this package.

They register themselves when their module is imported. An installed package names its module as an entry point of the
group `varexp.extensions`, which every command and every worker process loads; a script of one's own imports its module
before it calls `varexp.commands.main`. Nothing is ever imported by a name in a config.
"""

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from varexp.registry import registrations

GROUP = "varexp.extensions"


@lru_cache(maxsize=1)
def load_extensions() -> tuple[str, ...]:
    """Import the modules of all installed extensions, once; their names.

    Raises:
        ImportError: an extension cannot be imported; the message names it.
    """
    names = []
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        try:
            point.load()
        except Exception as error:
            raise ImportError(f"extension {point.name} ({point.value}) cannot be imported: {error}") from error
        names.append(point.name)
    return tuple(names)


def extension_sources() -> Iterator[bytes]:
    """A digest of everything registered from outside that decides numbers: its files, its name, its functions' code.

    The files are all Python files of its package; of a module outside a package, all Python files beside it.
    """
    package = Path(__file__).parent
    for kind, name, item, file in registrations():
        if kind in ("figure", "engine") or (file is not None and package in file.parents):
            continue
        digest = hashlib.sha256(f"{kind} {name}".encode())
        for path in _files(file):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
        for part in _code_of(item if isinstance(item, type) else type(item)):
            digest.update(part)
        for part in _code_of(item):
            digest.update(part)
        yield digest.digest()


def _files(file: Path | None) -> list[Path]:
    if file is None or not file.is_file():
        return []
    folder = file.parent
    if folder.name in ("site-packages", "dist-packages"):
        return [file]
    if not (folder / "__init__.py").is_file():
        return sorted(folder.glob("*.py"))
    while (folder.parent / "__init__.py").is_file():
        folder = folder.parent
    return sorted(folder.rglob("*.py"))


def _code_of(item: Any) -> Iterator[bytes]:
    """The code, the closed-over values and the plain attributes of a class, an object or a function."""
    members = vars(item) if hasattr(item, "__dict__") else {}
    for name, member in [("", item), *sorted(members.items(), key=lambda pair: pair[0])]:
        function = getattr(member, "__func__", getattr(member, "func", member))
        code = getattr(function, "__code__", None)
        if code is not None:
            yield from _code(code)
            yield from (_plain(cell.cell_contents) for cell in getattr(function, "__closure__", None) or ())
        yield from (_plain(part) for part in getattr(member, "args", ()) if not isinstance(part, type))
        if name and not name.startswith("__"):
            yield name.encode() + _plain(member)


def _code(code: Any) -> Iterator[bytes]:
    yield code.co_code + repr(code.co_names).encode()
    for constant in code.co_consts:
        if hasattr(constant, "co_code"):
            yield from _code(constant)
        else:
            yield _plain(constant)


def _plain(value: Any) -> bytes:
    """A number, a text or a tuple of them; the rest has no text that is the same in every process."""
    simple = isinstance(value, bool | int | float | str | bytes | type(None))
    if isinstance(value, tuple):
        return b"".join(_plain(part) for part in value)
    return repr(value).encode() if simple else b""
