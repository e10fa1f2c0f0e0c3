"""Folders that are full, cannot be written any more, or are gone."""

import os
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from ..checks import Reference, Tally, check_end, check_records, finish
from ..sweeps import Process, start
from .base import FAULTS, AtRandom, kind

MOUNTS = ("a full disk", "a folder that becomes read-only")
ROOM = "64m"


@contextmanager
def disk(folder: Path, size: str = ROOM) -> Iterator[None]:
    """A file system of its own in memory."""
    folder.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def can_mount() -> bool:
    """Whether this machine lets us mount."""
    try:
        with disk(Path(f"/tmp/varexp-mount-{os.getpid()}")):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


def remount(options: str, folder: Path) -> None:
    """Change a file system that is in use, as soon as no file on it is being written."""
    deadline = time.monotonic() + 60
    while subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], capture_output=True).returncode:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{folder} could not be remounted with {options}")
        time.sleep(0.001)


@kind("a full disk")
def full_disk(folder: Path, reference: Reference, count: int, source: random.Random) -> Tally:
    """Disks of `count` sizes between nothing and what the sweep needs; then room is made."""
    tally = Tally()
    for place in range(1, count + 1):
        results = folder / f"{place:04d}" / "results"
        with disk(results, str(reference.bytes * place // (count + 1))):
            process = start(results)
            tally.sweeps += 1
            tally.faults += process.wait() != 0
            check_end(process, tally)
            check_records(results, reference, tally)
            remount(f"size={ROOM}", results)
            finish(results, reference, tally)
    return tally


def make_read_only(process: Process, results: Path, source: random.Random) -> bool:
    """From here on nothing can be written."""
    remount("ro", results)
    return True


FAULTS["a folder that becomes read-only"] = AtRandom(make_read_only, repair=partial(remount, "rw"), folder=disk)


def delete(process: Process, results: Path, source: random.Random) -> bool:
    """Delete the records, all of runs/, or all results, if there are any."""
    gone = results / source.choice(["runs/records", "runs", "."])
    found = gone.exists()
    shutil.rmtree(gone, ignore_errors=True)
    return found


FAULTS["a folder that vanishes"] = AtRandom(delete)
