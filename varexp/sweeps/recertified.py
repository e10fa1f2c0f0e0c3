"""Released rows certified again from their weights, without training: on any machine the intervals must intersect."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from varexp.errors import bad_value
from varexp.report.tables import typed
from varexp.safetensors import sha256, unpacked
from varexp.sweeps.cells import Cell
from varexp.sweeps.released import SCHEMA, ends_of
from varexp.torch_state import controlled_torch
from varexp.training.problem import Trained

Row = dict[str, Any]
WIDER, ROUGH = 10.0, 0.02  # a released interval may be so many times as wide as the new one, and this share of its end


@dataclass(frozen=True)
class Recertified:
    """What came of a row: the intervals that were released, and those that were found, by name."""

    key: str
    released: dict[str, list[float]]
    found: dict[str, list[float]]
    fault: str = ""

    @property
    def complaints(self) -> list[str]:
        """Why the row is not confirmed; nothing if it is."""
        if self.fault:
            return [self.fault]
        lost = [f"{name} was not certified now" for name in self.released if name not in self.found]
        lost += [f"{name} was not released" for name in self.found if name not in self.released]
        both = [(name, self.released[name], self.found[name]) for name in self.released if name in self.found]
        return lost + [line for name, old, new in both for line in _disagreement(name, old, new)]


def _disagreement(name: str, old: list[float], new: list[float]) -> Iterator[str]:
    if not (old[0] <= new[1] and new[0] <= old[1]):
        yield f"{name} was [{old[0]!r}, {old[1]!r}] and is [{new[0]!r}, {new[1]!r}]"
    elif old[1] - old[0] > WIDER * (new[1] - new[0]) + ROUGH * new[1]:
        yield f"{name} was [{old[0]!r}, {old[1]!r}], which is wider than [{new[0]!r}, {new[1]!r}] needs to be"


def released_rows(folder: Path, keys: Sequence[str] = ()) -> list[Row]:
    """The rows of results/weights, or those with given keys. ValueError for none, for unknown keys, for other files."""
    rows = [_read(path) for path in sorted(folder.glob("*.json"))]
    if not rows:
        raise bad_value("weights", str(folder), "a folder with released rows, which varexp weights makes")
    if unknown := set(keys) - {row["key"] for row in rows}:
        raise bad_value("key", ", ".join(sorted(unknown)), f"keys of rows in {folder}")
    return [row for row in rows if not keys or row["key"] in keys]


def _read(path: Path) -> Row:
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is no JSON: {error}") from None
    if not isinstance(row, dict) or row.get("schema") != SCHEMA:
        raise ValueError(f"{path} has another form: make results/weights again with varexp weights")
    return row


def in_tables(rows: Sequence[Row], results: Path) -> list[str]:
    """A line for every row whose error is not that of a released table with its key."""
    known: dict[str, tuple[float, float]] = {}
    for path in sorted((results / "tables").glob("*.csv")):
        table = typed(path)
        if {"key", "error_lower", "error_upper"} <= set(table):
            known |= dict(zip(table.key, zip(table.error_lower, table.error_upper, strict=True), strict=True))
    return [
        f"{row['key']}: the error is {row['ends'].get('error')} in weights/ and {known.get(row['key'])} in tables/"
        for row in rows
        if list(known.get(row["key"], ())) != row["ends"].get("error")
        or [row["error_lower"], row["error_upper"]] != row["ends"].get("error")
    ]


def recertify(folder: Path, rows: Sequence[Row], workers: int) -> Iterator[Recertified]:
    """Certify rows again, chain by chain, on several processes."""
    chains: dict[str, list[Row]] = {}
    for row in rows:
        chains.setdefault(row["tensors"], []).append(row)
    jobs = [(folder, chain) for chain in chains.values()]
    if workers <= 1:
        for job in jobs:
            yield from certified_again(job)
        return
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        for found in pool.map(certified_again, jobs):
            yield from found


def certified_again(job: tuple[Path, Sequence[Row]]) -> list[Recertified]:
    """The rows of one chain."""
    folder, rows = job
    data = (folder / rows[0]["tensors"]).read_bytes()
    if any(sha256(data) != row["sha256"] for row in rows):
        return [Recertified(row["key"], row["ends"], {}, f"{row['tensors']} has another hash") for row in rows]
    cells = {row["key"]: Cell.from_content(row["cell"]) for row in rows}
    deepest = max(cells.values(), key=lambda cell: cell.depth)
    stages = tuple(f"stages.{index}." for index in range(deepest.depth))  # the file may hold a deeper chain
    weights = {name: value.double() for name, value in unpacked(data).items() if name.startswith(stages)}
    with controlled_torch():
        model = deepest.family.untrained(deepest.problem, deepest.architecture)
        model.load_state_dict(weights)
        trained = Trained(model.requires_grad_(False), [0.0] * deepest.depth, [[]] * deepest.depth)
        readings = [cell.reading for cell in cells.values()]
        target, domain = deepest.target_object, deepest.domain_object
        (found,) = deepest.family.evaluate([trained], [readings], target, domain, deepest.measurement)
    return [Recertified(row["key"], row["ends"], ends_of(found[cells[row["key"]].reading].columns)) for row in rows]
