"""Reading tables: CSV files whose booleans are True and False, and where unknown is empty."""

from pathlib import Path

import pandas as pd

TEXT = (
    "key",
    "sides",
    "version",
    "git_commit",
    "torch",
    "target_options",
    "hidden_sizes",
    "place",
)  # columns that may look like numbers


def load_table(name: str, results: Path) -> pd.DataFrame:
    """A table of results/tables by its name, with typed columns.

    Raises:
        FileNotFoundError: the table is not there; the message says which there are.
    """
    path = results / "tables" / f"{name}.csv"
    if not path.exists():
        there = ", ".join(sorted(p.stem for p in path.parent.glob("*.csv"))) or "none"
        raise FileNotFoundError(f"there is no table {name!r} in {path.parent}; there are: {there}")
    return typed(path)


def typed(path: Path) -> pd.DataFrame:
    """A CSV file with columns of booleans as booleans, where one is unknown as nullable booleans."""
    head = pd.read_csv(path, nrows=0).columns
    table = pd.read_csv(path, dtype={name: str for name in TEXT if name in head})
    for name in table.columns:
        present = table[name].dropna()
        if len(present) and present.map(lambda value: isinstance(value, bool)).all():
            table[name] = table[name].astype("bool" if len(present) == len(table) else "boolean")
    return table
