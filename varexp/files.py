"""Writing files whole or not at all."""

import contextlib
import os
import tempfile
from pathlib import Path


class StoreError(OSError):
    """A file cannot be written to the results folder. Finished records stay as they are."""


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file so that it is either there whole or not there; StoreError with one clear line if it cannot be."""
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
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
