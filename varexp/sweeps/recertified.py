"""Released rows certified again from their weights, without training: on any machine the intervals must intersect."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from varexp.errors import bad_value
from varexp.safetensors import sha256, unpacked
from varexp.sweeps.cells import Cell
from varexp.sweeps.released import SCHEMA, ends_of
from varexp.torch_state import controlled_torch
from varexp.training.problem import Trained

Row = dict[str, Any]


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
        lost = [f"{name} was not certified" for name in self.released if name not in self.found]
        return lost + [
            f"{name} was [{low!r}, {high!r}] and is [{self.found[name][0]!r}, {self.found[name][1]!r}]"
            for name, (low, high) in self.released.items()
            if name in self.found and not (low <= self.found[name][1] and self.found[name][0] <= high)
        ]


def released_rows(folder: Path, keys: Sequence[str] = ()) -> list[Row]:
    """The rows of results/weights, or those with given keys. ValueError if there are none, or of another schema."""
    rows = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
    rows = [row for row in rows if not keys or row["key"] in keys]
    if not rows:
        raise bad_value("weights", str(folder), "a folder with released rows, which varexp weights makes")
    if other := [row["key"] for row in rows if row["schema"] != SCHEMA]:
        raise ValueError(f"row {other[0]} of {folder} has another form: make results/weights again with varexp weights")
    return rows


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
