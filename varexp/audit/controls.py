"""Planted lies, which the audit must catch: each changes one thing about a row that is true."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from varexp.audit.tensors import Tensor, Tensors, read_tensors
from varexp.audit.verdict import Row, audited, judged

Lie = Callable[[Row, Path], dict[str, Any]]


def lowered_end(row: Row, folder: Path) -> dict[str, Any]:
    """An upper end 1 % below the lower end of the true interval, and a lower end below it."""
    claim = {**row, "error_lower": 0.9 * row["error_lower"], "error_upper": 0.99 * row["error_lower"]}
    return audited(claim, folder)


def raised_end(row: Row, folder: Path) -> dict[str, Any]:
    """A lower end 1 % above the upper end of the true interval, and an upper end above it."""
    return audited({**row, "error_lower": 1.01 * row["error_upper"], "error_upper": 1.1 * row["error_upper"]}, folder)


def changed_weight(row: Row, folder: Path) -> dict[str, Any]:
    """One weight of the last block, the largest that reads out, with its sign turned."""
    return judged(row, _changed(row, folder, f"stages.{row['depth'] - 1}.block.readout", _turned))


def other_target(row: Row, folder: Path) -> dict[str, Any]:
    """The last stage's matrices of another target: every one of its own with its entries in the opposite order."""
    tensors = read_tensors(folder / row["tensors"], row["sha256"])
    prefix, fixed = f"target.{row['depth'] - 1}.", f"target.{row['depth'] - 1}.scale_map"
    own = [name for name in tensors if name.startswith(prefix) and name != fixed]
    return judged(row, tensors | {name: _reversed(tensors[name]) for name in own})


def scaled_words(row: Row, folder: Path) -> dict[str, Any]:
    """Words that are shorter by a millionth."""
    return judged(row, _changed(row, folder, "domain.basis", _shortened))


def damaged_file(row: Row, folder: Path) -> dict[str, Any]:
    """A file of tensors with one bit turned."""
    data = bytearray((folder / row["tensors"]).read_bytes())
    data[-1] ^= 1
    with TemporaryDirectory() as copy:
        (Path(copy) / row["tensors"]).write_bytes(bytes(data))
        return audited(row, Path(copy))


def _changed(row: Row, folder: Path, name: str, change: Callable[[Tensor], Tensor]) -> Tensors:
    tensors = read_tensors(folder / row["tensors"], row["sha256"])
    return {**tensors, name: change(tensors[name])}


def _turned(tensor: Tensor) -> Tensor:
    numbers = list(tensor.numbers)
    largest = max(range(len(numbers)), key=lambda i: abs(numbers[i]))
    numbers[largest] = -numbers[largest]
    return Tensor(tensor.shape, tuple(numbers))


def _shortened(tensor: Tensor) -> Tensor:
    return Tensor(tensor.shape, tuple(number * (1 - 1e-6) for number in tensor.numbers))


def _reversed(tensor: Tensor) -> Tensor:
    return Tensor(tensor.shape, tensor.numbers[::-1])


LIES: dict[str, Lie] = {
    lie.__name__: lie for lie in (lowered_end, raised_end, changed_weight, other_target, scaled_words, damaged_file)
}


@dataclass(frozen=True)
class Control:
    """A lie about a row."""

    lie: str
    row: Mapping[str, Any]

    def __call__(self, folder: Path) -> dict[str, Any]:
        """What the audit says to it. It is caught if it is refuted."""
        found = LIES[self.lie](self.row, folder)
        shown = {"lie": self.lie, "key": self.row["key"], "target": self.row["target"], "depth": self.row["depth"]}
        verdict = {name: found[name] for name in ("verdict", "because", "cells")}
        return {**shown, **verdict, "caught": found["verdict"] == "refuted"}


def controls(rows: Iterable[Row]) -> list[Control]:
    """All lies about one row of every target, the smallest."""
    smallest: dict[str, Row] = {}
    for row in sorted(rows, key=lambda row: (row["depth"], max(row["sides"]), row["key"])):
        smallest.setdefault(row["target"], row)
    return [Control(lie, row) for _, row in sorted(smallest.items()) for lie in LIES]
