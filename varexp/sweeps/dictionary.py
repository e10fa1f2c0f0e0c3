"""The data dictionary: what each column of each table means, its type and unit, the paper's item, when it is empty.

The one source for `varexp.load_table(...).attrs`, for the page of results, for the documentation, and for
datapackage.json beside the tables, a description by the standard of Frictionless. Columns that are settings are
described where the setting is declared, the others in columns.toml.
"""

import io
import json
import tomllib
import typing
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd

from varexp.families import FAMILIES
from varexp.files import locked, write_atomically
from varexp.safetensors import sha256
from varexp.settings import Declared, declared
from varexp.sweeps.config import settings
from varexp.sweeps.tables import INCOMPLETE
from varexp.theory.verdicts import Verdict

PACKAGE = "datapackage.json"
SCHEMA = "https://datapackage.org/profiles/2.0/datapackage.json"
TYPES = {str: "string", int: "integer", float: "number", bool: "boolean"}
VERDICTS = ("verdict", "verdict_formula", "verdict_repaired")


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        name: as in the table's first line.
        type: string, integer, number or boolean.
        meaning: a sentence.
        unit: of a number, `1` where it has none; empty for words.
        item: of the paper, empty where the column is about none.
        empty: when the column has no value; empty where it always has one.
    """

    name: str
    type: str
    meaning: str
    unit: str = ""
    item: str = ""
    empty: str = ""


def kind_of(table: str, names: Sequence[str]) -> str:
    """The kind of a table, whose columns it has: chains or stages for what a sweep writes, its own name, or other."""
    if table in _written()["tables"]:
        return table
    return "chains" if {"experiment", "key"} <= set(names) else "stages" if {"stage", "key"} <= set(names) else "other"


def about(table: str, names: Sequence[str]) -> str:
    """A sentence about a table; empty for one that nothing here writes."""
    return str(_written()["tables"].get(kind_of(table, names), ""))


def described(table: str, names: Sequence[str]) -> list[Column]:
    """The columns of a table, in order.

    Args:
        table: its name, such as `depth` or `depth_stages`.
        names: its columns.

    Returns:
        What is known of each; of a column that a family outside the package measures, its name and no meaning.
    """
    known = _columns(kind_of(table, names))
    return [known.get(name) or _of_setting(name) or Column(name, "string", "") for name in names]


def _of_setting(name: str) -> Column | None:
    found = settings().get(name)
    if found is None:
        return None
    kind = "string" if isinstance(found.default, dict) else TYPES[_plain(found)]
    optional = type(None) in typing.get_args(found.type) and not found.derived
    empty = "" if _of_all(name) else "the setting means nothing to the model"
    empty = "the setting is null, or means nothing to the model" if optional else empty
    empty = "the target has no options" if isinstance(found.default, dict) else empty
    return Column(name, kind, f"setting: {found.doc}", "1" if kind in ("integer", "number") else "", "", empty)


def _plain(found: Declared) -> Any:
    return next((part for part in typing.get_args(found.type) or (found.type,) if part in TYPES), str)


def _of_all(name: str) -> bool:
    """Whether a setting means something to every family: all of them declare it, or none does, as what they share."""
    families = FAMILIES.values()
    own = [any(s.name == name for part in (f.architecture, f.usage) for s in declared(part)) for f in families]
    return all(own) or not any(own)


@lru_cache(maxsize=1)
def _written() -> dict[str, Any]:
    return tomllib.loads((files("varexp.sweeps") / "columns.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=16)
def _columns(kind: str) -> dict[str, Column]:
    found = {name: Column(name, **entry) for name, entry in _written()["only"].get(kind, {}).items()}
    for name, entry in _written()["ends"].get(kind, {}).items():
        reasons = (entry.get("empty", ""), entry.get("upper_empty", ""))
        empty = {"lower": reasons[0], "upper": ", or ".join(filter(None, reasons))}
        for end, when in empty.items():
            column, meaning = f"{name}_{end}", f"{end} end of: {entry['meaning']}"
            found[column] = Column(column, "number", meaning, entry["unit"], entry.get("item", ""), when)
    return found


def describe(results: Path) -> Path:
    """Write datapackage.json beside the tables of a folder of results: every table, every column, sizes and hashes."""
    with locked(results / "runs"):  # no table is replaced in between
        return _describe(results / "tables")


def _describe(folder: Path) -> Path:
    tables = [path for path in sorted(folder.glob("*.csv")) if INCOMPLETE not in path.name]
    resources = [found for found in map(_resource, tables) if found is not None]
    package = {
        "$schema": SCHEMA,
        "name": "varexp-tables",
        "title": "Errors of visual autoregressive transformers beside the bounds of arXiv 2502.06167",
        "licenses": [{"name": "MIT"}],
        "resources": resources,
    }
    text = json.dumps(package, indent=1, ensure_ascii=False) + "\n"
    write_atomically(folder / PACKAGE, text)
    return folder / PACKAGE


def _resource(path: Path) -> dict[str, Any] | None:
    """The description of one table; None for what is none."""
    try:
        data = path.read_bytes()
        data.decode()
        names = list(pd.read_csv(io.BytesIO(data), nrows=0).columns)
    except (OSError, ValueError):  # a folder, an empty file, other letters
        return None
    return {
        "name": path.stem,
        "path": path.name,
        "type": "table",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(data),
        "hash": f"sha256:{sha256(data)}",
        **({"description": sentence} if (sentence := about(path.stem, names)) else {}),
        "schema": {"fields": [_field(column) for column in described(path.stem, names)], "missingValues": [""]},
    }


def _field(column: Column) -> dict[str, Any]:
    said = {key: value for key, value in asdict(column).items() if value and key != "meaning"}
    field = said | ({"description": column.meaning} if column.meaning else {})
    constraints: dict[str, Any] = {} if column.empty or not column.meaning else {"required": True}
    if column.name in VERDICTS:
        constraints["enum"] = [str(verdict) for verdict in Verdict]
    return field | ({"constraints": constraints} if constraints else {})
