"""The store: one JSON file a record, written whole or not at all. Records are the source of truth for tables."""

import contextlib
import hashlib
import json
import os
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import varexp
from varexp.extensions import extension_sources

Record = dict[str, Any]
ROOMS = ("theory", "enclosure", "maps", "models", "training", "measurement", "families")  # whose code decides a record


class StoreError(OSError):
    """The results folder cannot take what is written. Records that are finished stay as they are."""


def code_version() -> str:
    """Package version and a hash of the code that decides what a record says, registered extensions included."""
    digest = hashlib.sha256(_own_code())
    for source in extension_sources():
        digest.update(source)
    return f"{varexp.__version__}+{digest.hexdigest()[:12]}"


@lru_cache(maxsize=1)
def _own_code() -> bytes:
    root = Path(varexp.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(path for room in ROOMS for path in (root / room).rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.digest()


def write_atomically(path: Path, text: str) -> None:
    """Write a file so that it is either there whole or not there; StoreError with one clear line if it cannot be."""
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        raise StoreError(
            f"cannot write {path}: {error.strerror or error}. Finished records are kept; make room or choose another "
            "folder with results=DIR, and run the same command again"
        ) from error


class Store:
    """Records under DIR/runs/records, one file per key."""

    def __init__(self, results: Path) -> None:
        self.folder = results / "runs" / "records"

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
