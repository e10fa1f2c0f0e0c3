"""What a calculation is, and the registry that finds one by name."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from varexp.files import write_atomically
from varexp.registry import Registry, registrar

Row = dict[str, Any]


class Calculation(ABC):
    """The settings of a calculation, as the fields of a dataclass, and the rows that they give."""

    name: ClassVar[str]

    @abstractmethod
    def rows(self) -> Iterator[Row]:
        """The rows of the table, one after the other. ValueError for settings out of range, before any work."""


CALCULATIONS: Registry[type[Calculation]] = Registry("calculation")
register = registrar(CALCULATIONS)  # class decorator: make a calculation known under a name


def write(name: str, rows: Sequence[Row], results: Path) -> Path:
    """Write the table of a calculation whole. StoreError where it cannot be written."""
    path = results / "tables" / f"{name}.csv"
    write_atomically(path, pd.DataFrame(rows, dtype=object).to_csv(index=False, lineterminator="\n"))
    return path
