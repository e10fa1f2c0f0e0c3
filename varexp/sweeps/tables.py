"""Tables: results/tables/<experiment>.csv with one row a cell, <experiment>_stages.csv with one a cell and stage.

Unknown is empty, booleans are True and False, floats are written with the fewest digits that read back the same.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from varexp.files import write_atomically
from varexp.sweeps.records import Record
from varexp.sweeps.rows import STAGE_COLUMNS, columns


class TableError(ValueError):
    """A table would lose rows."""


def table_path(results: Path, experiment: str) -> Path:
    return results / "tables" / f"{experiment}.csv"


def stages_path(results: Path, experiment: str) -> Path:
    return results / "tables" / f"{experiment}_stages.csv"


def check_not_smaller(results: Path, experiment: str, keys: Sequence[str], overwrite: bool) -> None:
    """Raise TableError if the sweep's table would replace one that holds other cells, unless told to."""
    path = table_path(results, experiment)
    if overwrite or not path.exists():
        return
    present = read_column(path, "key")
    lost = len(set(present) - set(keys))
    if lost and len(keys) < len(present):
        raise TableError(
            f"{path} holds {len(present)} rows, this sweep has {len(keys)} and would drop {lost} of them: "
            "say overwrite=true to replace it, or write elsewhere with results=DIR"
        )


def read_column(path: Path, column: str) -> list[str]:
    """One column of a table as text."""
    return pd.read_csv(path, usecols=[column], dtype=str)[column].tolist()


def write_tables(results: Path, experiment: str, records: Sequence[Record]) -> None:
    """Replace both tables of an experiment by these records, in their order."""
    rows = [{"experiment": experiment, **record["row"]} for record in records]
    _write(table_path(results, experiment), rows, columns())
    _write(
        stages_path(results, experiment),
        [stage for record in records for stage in record["stages"]],
        STAGE_COLUMNS,
    )


def _write(path: Path, rows: list[dict[str, Any]], names: Sequence[str]) -> None:
    frame = pd.DataFrame(rows, columns=list(names), dtype=object)
    write_atomically(path, frame.to_csv(index=False, lineterminator="\n"))
