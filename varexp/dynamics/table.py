"""The table of the experiment: written whole; a run of some fields replaces their rows and leaves the others."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from varexp.dynamics.experiment import Row
from varexp.files import require_writable, write_atomically

NAME = "dynamics"


def path_in(results: Path) -> Path:
    """Where the table lies in a folder of results."""
    return results / "tables" / f"{NAME}.csv"


def prepare(results: Path) -> None:
    """Find out before any work whether the table can be written. StoreError if not."""
    require_writable(path_in(results).parent)


def write(rows: Sequence[Row], results: Path, order: Sequence[str]) -> Path:
    """Write the rows, and after them those of other fields that are there already, sorted by field.

    Args:
        rows: new rows of the table; they replace all rows there are of their fields.
        results: the folder that receives tables/.
        order: the names of all fields.

    Raises:
        ValueError: the table that is there has other columns.
    """
    path = path_in(results)
    table = pd.DataFrame(rows, dtype=object)
    others = _others(path, table) if path.exists() else table[:0]
    if len(others):  # a table without rows would still add its columns
        table = pd.concat([table, others])
    table = table.sort_values("field", key=lambda names: names.map(list(order).index), kind="stable")
    write_atomically(path, table.to_csv(index=False, lineterminator="\n"))
    return path


def _others(path: Path, table: pd.DataFrame) -> pd.DataFrame:
    """The rows that are there of fields that a new table lacks, as text, so that no digit changes."""
    there = pd.read_csv(path, dtype=str, keep_default_na=False)
    kept = there if "field" not in there else there[~there["field"].isin(table["field"])]
    if len(kept) and list(kept.columns) != list(table.columns):
        raise ValueError(
            f"{path} has the columns {', '.join(kept.columns)}, expected {', '.join(table.columns)}: run all fields "
            "(no fields=), or choose another folder with results=DIR"
        )
    return kept
