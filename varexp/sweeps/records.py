"""The store: a JSON file a record, a safetensors file of weights, each written whole or not at all.

Records are the source of truth for tables. A record carries a checksum of its content and names the weights of its
model, as deep as its row, by their hash. A file that is not exactly a record of its key is set aside, and its cell runs
again.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import varexp
from varexp.extensions import extension_sources
from varexp.files import StoreError, require_writable, write_atomically
from varexp.safetensors import sha256, unpacked
from varexp.sweeps.cells import SCHEMA, key_of

Record = dict[str, Any]
# whose code decides no record: all the rest of the package does
BYSTANDERS = ("api", "audit", "benchmarks", "calculations", "claims", "commands", "dynamics", "report", "sweeps")
DECIDING = ("cells.py", "execute.py", "rows.py")  # of this room
CHECKSUM = "sha256"  # of the rest of a record


def code_version() -> str:
    """Package version and a hash of what decides a record: the code, registered extensions, torch's version."""
    digest = hashlib.sha256(_own_code() + torch.__version__.encode())
    for source in extension_sources():
        digest.update(source)
    return f"{varexp.__version__}+{digest.hexdigest()[:12]}"


@lru_cache(maxsize=1)
def _own_code() -> bytes:
    root = Path(varexp.__file__).parent
    digest = hashlib.sha256()
    paths = [path for path in root.rglob("*.py") if path.relative_to(root).parts[0] not in BYSTANDERS]
    for path in sorted([*paths, *(root / "sweeps" / name for name in DECIDING)]):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.digest()


class DamagedError(ValueError):
    """A file is not the record that its name says, or its weights are not the ones that it names."""


class Store:
    """Records under DIR/runs/records, one file per key; weights under DIR/runs/weights, one file per hash.

    Attributes:
        set_aside: a line for every file that was not what its name says; it lies under DIR/runs/damaged now.
    """

    def __init__(self, results: Path) -> None:
        self.results = results
        self.folder = results / "runs" / "records"
        self.weights = results / "runs" / "weights"
        self.damaged = results / "runs" / "damaged"
        self.failures = results / "runs" / "failures"
        self.set_aside: list[str] = []

    def check_writable(self) -> None:
        """Raise StoreError now rather than after hours of work."""
        for folder in (self.folder, self.weights):
            require_writable(folder)

    def path(self, key: str) -> Path:
        """Where the record of a key lies."""
        return self.folder / f"{key}.json"

    def weights_path(self, name: str) -> Path:
        """Where weights of this hash lie."""
        return self.weights / f"{name}.safetensors"

    def read(self, key: str) -> Record | None:
        """The record of a key. None if there is none, or if the file was damaged and is set aside now.

        Raises:
            StoreError: the file is there and cannot be read.
        """
        path = self.path(key)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"cannot read {path}: {error.strerror or error}") from error
        try:
            record = checked_record(data, key)
            self._checked_weights(record)
        except DamagedError as fault:
            self._set_aside(path, str(fault))
            return None
        return record

    def weights_of(self, record: Record) -> dict[str, Tensor]:
        """The weights that a record names. DamagedError if they are not there, or not the ones."""
        return unpacked(self._checked_weights(record))

    def _checked_weights(self, record: Record) -> bytes:
        path = self.weights_path(str(record["weights"]))
        try:
            data = path.read_bytes()
        except OSError as error:
            raise DamagedError(f"its weights {path.name} cannot be read: {error.strerror or error}") from error
        if sha256(data) != record["weights"]:
            raise DamagedError(f"its weights {path.name} do not have the hash that is their name")
        return data

    def _set_aside(self, path: Path, fault: str) -> None:
        """Move a file to runs/damaged, under a name that is free there."""
        self.damaged.mkdir(parents=True, exist_ok=True)
        number, place = 1, self.damaged / path.name
        while place.exists():
            number += 1
            place = self.damaged / f"{path.stem}-{number}{path.suffix}"
        with contextlib.suppress(FileNotFoundError):  # another process was faster
            os.replace(path, place)
        self.set_aside.append(f"{path} is no record of that key: {fault}; moved to {place}, and its cell runs again")

    def write(self, record: Record) -> None:
        """Write a record with its checksum. What is known of an earlier failure of its cell goes."""
        whole = {**record, CHECKSUM: checksum(record)}
        write_atomically(self.path(record["key"]), json.dumps(whole, indent=1, allow_nan=False) + "\n")
        self._failure_path(record["key"]).unlink(missing_ok=True)

    def write_all(self, records: Iterable[Record], weights: Mapping[str, bytes]) -> None:
        """Write records, and before them the weights that they name."""
        for name, file in weights.items():
            write_atomically(self.weights_path(name), file)
        for record in records:
            self.write(record)

    def write_failure(self, key: str, text: str) -> None:
        """Keep the traceback of a cell that failed."""
        write_atomically(self._failure_path(key), text)

    def _failure_path(self, key: str) -> Path:
        return self.failures / f"{key}.txt"


def checksum(record: Record) -> str:
    """The sha256 of a record without its checksum, in a form that does not depend on spaces or on the order of keys."""
    content = {name: value for name, value in record.items() if name != CHECKSUM}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def checked_record(data: bytes, key: str) -> Record:
    """The record in a file's bytes. DamagedError, with the reason, unless it is whole and the record of this key."""
    try:
        record = json.loads(data.decode())
    except ValueError as error:  # of UTF-8, or of JSON
        raise DamagedError(f"it is no JSON ({error})") from error
    if not isinstance(record, dict) or CHECKSUM not in record:
        raise DamagedError("it has no checksum")
    try:
        found = checksum(record)
    except ValueError as error:
        raise DamagedError("it holds numbers that JSON does not have") from error
    if found != record[CHECKSUM]:
        raise DamagedError("its content does not have its checksum")
    del record[CHECKSUM]
    if record.get("schema") != SCHEMA:
        raise DamagedError(f"its schema is {record.get('schema')}, expected {SCHEMA}")
    cell = record.get("cell")
    if record.get("key") != key or not isinstance(cell, dict) or key_of(cell) != key:
        raise DamagedError(f"it is the record of {record.get('key')}")
    return record
