"""Tables: results/tables/<experiment>.csv with one row a cell, <experiment>_stages.csv with one a cell and stage.

Unknown is empty, booleans are True and False, floats are written with the fewest digits that read back the same. A
table is replaced only by one that holds every row of the old one: a row of the same key, or of the same settings. What
cannot replace it is written beside it as <experiment>.incomplete.csv.
"""

from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd

from varexp.files import locked, write_atomically
from varexp.sweeps.config import settings
from varexp.sweeps.records import Record
from varexp.sweeps.rows import STAGE_COLUMNS, columns

INCOMPLETE = ".incomplete"


class TableError(ValueError):
    """A table would lose rows."""


def table_path(results: Path, experiment: str) -> Path:
    return results / "tables" / f"{experiment}.csv"


def stages_path(results: Path, experiment: str) -> Path:
    return results / "tables" / f"{experiment}_stages.csv"


def incomplete_path(results: Path, experiment: str) -> Path:
    """Where the rows of a sweep lie that may not replace the table."""
    return results / "tables" / f"{experiment}{INCOMPLETE}.csv"


def check_keeps_rows(results: Path, experiment: str, rows: Sequence[dict[str, Any]], overwrite: bool) -> None:
    """Raise TableError if rows, of which keys and settings count, would not replace every row of the table there is."""
    path = table_path(results, experiment)
    if overwrite or not path.exists():
        return
    present = pd.read_csv(path, dtype=str, keep_default_na=False)
    coming = _as_text(rows, ["key", *settings()])
    known = [name for name in settings() if name in present]
    keys, same = set(coming["key"]), set(coming[known].itertuples(index=False, name=None))
    kept = [row.key in keys for row in present.itertuples()]
    kept = [a or b in same for a, b in zip(kept, present[known].itertuples(index=False, name=None), strict=True)]
    lost = present["key"][[not k for k in kept]].tolist()
    if lost:
        raise TableError(
            f"{path} holds {len(present)} rows, this sweep has {len(coming)} and would drop {len(lost)} of them, such "
            f"as {lost[0]}: say overwrite=true to replace it, or write elsewhere with results=DIR"
        )


def read_column(path: Path, column: str) -> list[str]:
    """One column of a table as text."""
    return pd.read_csv(path, usecols=[column], dtype=str)[column].tolist()


def write_tables(results: Path, experiment: str, records: Sequence[Record], overwrite: bool) -> None:
    """Replace both tables of an experiment by these records, in their order.

    Raises:
        TableError: a row of the old table would be lost; the records are written beside it instead.
    """
    rows = [{"experiment": experiment, **record["row"]} for record in records]
    with locked(results / "runs"):  # between looking at the old table and replacing it
        try:
            check_keeps_rows(results, experiment, rows, overwrite)
        except TableError as error:
            beside = write_incomplete(results, experiment, records)
            raise TableError(f"{error}; its rows are in {beside}") from None
        stages = [stage for record in records for stage in record["stages"]]
        _write(stages_path(results, experiment), stages, STAGE_COLUMNS)
        _write(table_path(results, experiment), rows, columns())
        incomplete_path(results, experiment).unlink(missing_ok=True)


def write_incomplete(results: Path, experiment: str, records: Sequence[Record]) -> Path:
    """Write the rows of a sweep that is not complete beside the table, which stays as it is; the path."""
    path = incomplete_path(results, experiment)
    _write(path, [{"experiment": experiment, **record["row"]} for record in records], columns())
    return path


def _write(path: Path, rows: Sequence[dict[str, Any]], names: Sequence[str]) -> None:
    write_atomically(path, _csv(rows, names))


def _csv(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> str:
    return str(pd.DataFrame(rows, columns=list(names), dtype=object).to_csv(index=False, lineterminator="\n"))


def _as_text(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> pd.DataFrame:
    """Rows as they read back from a file, every value as text."""
    return pd.read_csv(StringIO(_csv(rows, names)), dtype=str, keep_default_na=False)
