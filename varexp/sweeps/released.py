"""Released weights: results/weights holds chains of the tables, with all that a second proof of their rows needs.

A row has a JSON with its settings and its certified intervals. The rows of one chain share a file of tensors: its
weights, the interpolations Φ_i and g_i, the target's own matrices and the basis of the words.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from varexp.families import DomainSettings, TargetSettings
from varexp.files import StoreError, write_atomically
from varexp.maps.targets import Target
from varexp.safetensors import packed, sha256
from varexp.sweeps.cells import Cell
from varexp.sweeps.records import Record, Store
from varexp.sweeps.tables import read_column, table_path

SCHEMA = 2
OF_A_TARGET = ("pattern", "inner", "outer", "tokens", "places", "values")  # attributes of feature maps
CERTIFIED = ("error", "error_merged", "eps_interpolation", "eps_block", "local_error")  # intervals of a trained model
OF_A_ROW = (
    "model target K target_options target_seed scale_map kernel domain channels sides depth seed training steps norm "
    "activation width hidden "
    "heads head_size positions scaled attention_residual ffn_residual error_lower error_upper"
).split()


@dataclass(frozen=True)
class Limits:
    """Which rows are released: certified chains of one seed and draw on curves, up to these sizes."""

    depth: int = 6
    side: int = 6
    width: int = 64
    seed: int = 0
    target_seed: int = 0

    def hold(self, row: dict[str, Any]) -> bool:
        """Whether a row is released."""
        small = row["depth"] <= self.depth and row["width"] <= self.width and max(_sides(row)) <= self.side
        one = row["seed"] == self.seed and row["target_seed"] == self.target_seed
        return small and one and row["model"] == "chain" and _proved(row)


def _proved(row: dict[str, Any]) -> bool:
    return row["certified"] and row["domain"].startswith("curve")


def _sides(row: dict[str, Any]) -> tuple[int, ...]:
    return tuple(map(int, row["sides"].split("-")))


def release(results: Path, experiments: Sequence[str], limits: Limits) -> list[Path]:
    """Rebuild results/weights from the tables and records of experiments. StoreError where a record has no weights."""
    store, folder = Store(results), results / "weights"
    chains: dict[object, list[Record]] = {}
    for record in _recorded(store, results, experiments):
        if limits.hold(record["row"]):
            chains.setdefault(Cell.from_content(record["cell"]).trained_as, []).append(record)
    written = [path for records in chains.values() for path in _release_chain(store, folder, records)]
    for path in set(folder.glob("*.*")) - set(written):
        path.unlink()
    return sorted(written)


def _recorded(store: Store, results: Path, experiments: Sequence[str]) -> list[Record]:
    """The records of the tables, each once."""
    for name in experiments:
        if not table_path(results, name).exists():
            raise StoreError(f"no table {table_path(results, name)}: varexp sweep experiment={name} makes it")
    keys = {key: None for name in experiments for key in read_column(table_path(results, name), "key")}
    found = {key: store.read(key) for key in keys}
    if missing := [key for key, record in found.items() if record is None]:
        reason = f"; {store.set_aside[0]}" if store.set_aside else ""
        raise StoreError(
            f"{len(missing)} rows have no record in {store.folder}, such as {missing[0]}: sweep again{reason}"
        )
    return [record for record in found.values() if record is not None]


def _release_chain(store: Store, folder: Path, records: Sequence[Record]) -> list[Path]:
    """Write the tensors of a chain, as deep as its deepest row, and the JSON of every row."""
    deepest = max(records, key=lambda record: record["row"]["depth"])
    tensors = released_tensors(deepest, store.weights_of(deepest))
    data = packed(tensors, keep=[name for name in tensors if ".block." not in name])
    path = folder / f"{deepest['key']}.safetensors"
    write_atomically(path, data)
    written = [path]
    for record in records:
        row = {"schema": SCHEMA, "key": record["key"], **{name: record["row"][name] for name in OF_A_ROW}}
        row |= {"sides": _sides(row), "place": record["row"].get("error_place"), "version": record["version"]}
        row |= {"tensors": path.name, "sha256": sha256(data), "cell": record["cell"], "ends": ends_of(record["row"])}
        written.append(folder / f"{record['key']}.json")
        write_atomically(written[-1], json.dumps(row, indent=1, allow_nan=False) + "\n")
    return written


def ends_of(columns: Mapping[str, Any]) -> dict[str, list[float]]:
    """The certified intervals among columns, by name."""
    ends = {name: [columns.get(f"{name}_lower"), columns.get(f"{name}_upper")] for name in CERTIFIED}
    return {name: [low, high] for name, (low, high) in ends.items() if low is not None and high is not None}


def released_tensors(record: Record, weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights of a row, and the matrices of its target and of its words."""
    row, settings = record["row"], record["cell"]["target"]
    target = TargetSettings(**{**settings, "target_options": tuple(settings["target_options"].items())})
    words = DomainSettings(domain=row["domain"], channels=row["channels"]).build()
    own = target_tensors(target.build(_sides(row), row["channels"]))
    return weights | own | {"domain.basis": words.basis}


def target_tensors(target: Target) -> dict[str, Tensor]:
    """The matrices that a target is made of, by stage."""
    found = {}
    for index, stage in enumerate(target.stages):
        found[f"target.{index}.scale_map"] = stage.scale_map
        for name in OF_A_TARGET:
            value = getattr(stage.feature_map, name, None)
            if isinstance(value, Tensor):
                found[f"target.{index}.{name}"] = value
    return found
