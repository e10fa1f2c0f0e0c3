"""The store: a JSON file a record, a safetensors file of weights, each written whole or not at all.

Records are the source of truth for tables. A record names the weights of its model, as deep as its row, by their hash.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

import varexp
from varexp.extensions import extension_sources
from varexp.files import write_atomically

Record = dict[str, Any]
# whose code decides no record: all the rest of the package does
BYSTANDERS = ("api", "audit", "claims", "commands", "dynamics", "report", "sweeps")
DECIDING = ("cells.py", "execute.py", "rows.py")  # of this room


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


class Store:
    """Records under DIR/runs/records, one file per key; weights under DIR/runs/weights, one file per hash."""

    def __init__(self, results: Path) -> None:
        self.folder = results / "runs" / "records"
        self.weights = results / "runs" / "weights"

    def check_writable(self) -> None:
        """Raise StoreError now rather than after hours of work."""
        probe = self.folder / ".probe"
        write_atomically(probe, "x" * 4096)
        probe.unlink()

    def path(self, key: str) -> Path:
        return self.folder / f"{key}.json"

    def read(self, key: str) -> Record | None:
        """The record of a key; None if there is none, or only a damaged file."""
        try:
            return json.loads(self.path(key).read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return None

    def write(self, record: Record) -> None:
        write_atomically(self.path(record["key"]), json.dumps(record, indent=1, allow_nan=False) + "\n")

    def weights_path(self, sha256: str) -> Path:
        return self.weights / f"{sha256}.safetensors"

    def write_all(self, records: Iterable[Record], weights: Mapping[str, bytes]) -> None:
        """Write records, and before them the weights that they name."""
        for sha256, file in weights.items():
            write_atomically(self.weights_path(sha256), file)
        for record in records:
            self.write(record)
