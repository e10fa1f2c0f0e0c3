"""Released weights: results/weights holds the small chains of tables, with all that a second proof of their rows needs.

A row has a JSON with its settings and its certified interval, and a file of tensors: the weights, the interpolations
Φ_i and g_i, the target's own matrices and the basis of the words.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from varexp.families import DomainSettings, TargetSettings
from varexp.files import StoreError, write_atomically
from varexp.maps.targets import Target
from varexp.safetensors import packed, sha256
from varexp.sweeps.records import Record, Store
from varexp.sweeps.tables import read_column, table_path

SCHEMA = 1
OF_A_TARGET = ("pattern", "inner", "outer", "tokens", "places", "values")  # attributes of feature maps
OF_A_ROW = (
    "model target K target_options target_seed scale_map kernel domain channels sides depth seed training steps norm "
    "activation width hidden "
    "heads head_size positions scaled attention_residual ffn_residual error_lower error_upper"
).split()


@dataclass(frozen=True)
class Limits:
    """Which rows are released: certified chains of one seed and draw on curves of words, up to these sizes.

    The audit knows one scale map, the cosine interpolant.
    """

    depth: int = 3
    side: int = 5
    width: int = 16
    seed: int = 0
    target_seed: int = 0

    def hold(self, row: dict[str, Any]) -> bool:
        """Whether a row is released."""
        small = row["depth"] <= self.depth and row["width"] <= self.width and max(_sides(row)) <= self.side
        one = row["seed"] == self.seed and row["target_seed"] == self.target_seed and row["scale_map"] == "dct"
        return small and one and row["model"] == "chain" and _proved(row)


def _proved(row: dict[str, Any]) -> bool:
    return row["certified"] and row["domain"].startswith("curve")


def _sides(row: dict[str, Any]) -> tuple[int, ...]:
    return tuple(map(int, row["sides"].split("-")))


def release(results: Path, experiments: Sequence[str], limits: Limits) -> list[Path]:
    """Rebuild results/weights from the tables and records of experiments. StoreError where a record has no weights."""
    store, folder = Store(results), results / "weights"
    chosen = [record for record in _recorded(store, results, experiments) if limits.hold(record["row"])]
    written = [path for record in chosen for path in _release_row(store, folder, record)]
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


def _release_row(store: Store, folder: Path, record: Record) -> list[Path]:
    """Write the tensors and the JSON of a row."""
    tensors = released_tensors(record, store.weights_of(record))
    data = packed(tensors, keep=[name for name in tensors if ".block." not in name])
    path = folder / f"{record['key']}.safetensors"
    row = {"schema": SCHEMA, "key": record["key"], **{name: record["row"][name] for name in OF_A_ROW}}
    row |= {"sides": _sides(row), "place": record["row"].get("error_place"), "version": record["version"]}
    row |= {"tensors": path.name, "sha256": sha256(data)}
    write_atomically(path, data)
    write_atomically(path.with_suffix(".json"), json.dumps(row, indent=1, allow_nan=False) + "\n")
    return [path, path.with_suffix(".json")]


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
