"""Writing files whole or not at all."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock

WRITING, PROBE = ".writing-", ".probe-"  # how the names of temporary files begin
ABANDONED = 3600.0  # seconds after which nobody writes to such a file any more


class StoreError(OSError):
    """A file cannot be written to the results folder. Finished records stay as they are."""


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file so that it is either there whole or not there; StoreError with one clear line if it cannot be."""
    with atomic(path) as temporary, open(temporary, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)


@contextlib.contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """A file beside `path` to write to, which takes its place at the end. Its permissions are those of a new file.

    Raises:
        StoreError: the file cannot be written; what was there before is still there.
    """
    temporary = path.parent / f"{WRITING}{_own_name()}{path.suffix}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.touch(exist_ok=False)
        yield temporary
        with open(temporary, "rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise StoreError(
            f"cannot write {path}: {error.strerror or error}. Finished records are kept; make room or choose another "
            "folder with results=DIR, and run the same command again"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _own_name() -> str:
    """A name that no other process or thread chooses."""
    return f"{os.getpid()}-{os.urandom(4).hex()}"


def require_writable(folder: Path) -> None:
    """Raise StoreError if no file can be made in a folder, and delete files that killed processes left half written."""
    probe = folder / f"{PROBE}{_own_name()}"
    write_atomically(probe, "x" * 4096)
    now = probe.stat().st_mtime  # by the clock of the file system, which other machines may share
    probe.unlink(missing_ok=True)
    for kind in (WRITING, PROBE):
        for path in folder.glob(f"{kind}*"):
            with contextlib.suppress(OSError):  # another sweep deletes it as well
                if now - path.stat().st_mtime > ABANDONED:
                    path.unlink()


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Wait until no other process is inside `locked` for this folder. StoreError if the lock cannot be made."""
    path = folder / ".lock"
    lock = FileLock(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror or error}") from error
    try:
        yield
    finally:
        lock.release()
