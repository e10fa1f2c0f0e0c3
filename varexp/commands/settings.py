"""List every setting with its type, its default and a sentence. Each is a key of configs, an axis and a column.

In a pipe: a line each, parts separated by tabs.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from varexp.commands._options import parsed
from varexp.sweeps.config import settings


@dataclass
class NoOptions:
    """This command takes none."""


def run(arguments: Sequence[str]) -> int:
    """Print the table of settings."""
    if parsed(NoOptions, arguments, __doc__ or "") is None:
        return 0
    rows = [(s.name, _name(s.type), "" if s.default is None else str(s.default), s.doc) for s in settings().values()]
    if not sys.stdout.isatty():
        print("\n".join("\t".join(row) for row in rows))
        return 0
    table = Table("setting", "type", "default", "", box=None)
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    Console().print(table)
    return 0


def _name(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) else str(kind)
