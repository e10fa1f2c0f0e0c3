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
    """A digest for everything that was registered from outside: of its file, its name, and what it closes over."""
    package = Path(__file__).parent
    for kind, name, item, file in registrations():
        if file is not None and package in file.parents:
            continue
        source = file.read_bytes() if file is not None and file.is_file() else b"not in a file"
        yield hashlib.sha256(b"\0".join([kind.encode(), name.encode(), source, *_closed_over(item)])).digest()


def _closed_over(item: Any) -> Iterator[bytes]:
    """The code and the closed-over values of the functions of a class or object, which its file does not tell."""
    for function in [item, *vars(item if isinstance(item, type) else type(item)).values(), *vars(item).values()]:
        code = getattr(function, "__code__", None)
        if code is not None:
            yield code.co_code + repr(code.co_consts).split(" at 0x")[0].encode()
            cells = getattr(function, "__closure__", None) or ()
            yield from (repr(cell.cell_contents).split(" at 0x")[0].encode() for cell in cells)
