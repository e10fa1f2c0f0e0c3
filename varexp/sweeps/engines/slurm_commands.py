"""What SLURM is asked and told beside what submitit does: the queue, and the end of jobs."""

import subprocess
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

OWNER = ".owner"  # a file in the folder of a sweep


def queue() -> dict[str, str] | None:
    """Why each of the user's jobs is where it is, by number; None where SLURM does not answer."""
    try:
        command = ["squeue", "--noheader", "--array", "--me", "--format=%i|%r"]
        shown = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    return {number: why for number, _, why in (line.partition("|") for line in shown.splitlines())}


def cancel(*words: str) -> None:
    """End jobs, those in the queue and those that run, as far as SLURM answers."""
    with suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run(["scancel", *words], check=False, capture_output=True, timeout=60)


# ---- the jobs of a sweep ---------------------------------------------------------------------------------------------


def name_of(folder: Path) -> str:
    """The name that all jobs of a sweep have: that of its folder."""
    return f"varexp-{folder.name}"


def cancel_all(folder: Path) -> None:
    """End all jobs of a sweep."""
    cancel("--me", f"--name={name_of(folder)}")


def owned(folder: Path) -> FileLock:
    """Make the folder of a sweep, with a lock in it that lasts as long as this process."""
    folder.mkdir(parents=True)
    lock = FileLock(folder / OWNER)
    lock.acquire()
    return lock


def disown(folder: Path, lock: FileLock) -> None:
    """Say that no jobs are left, and leave no empty folder."""
    lock.release()
    (folder / OWNER).unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()


def cancel_orphans(root: Path) -> None:
    """End the jobs of sweeps that are gone: those that have not disowned their folder, and hold its lock no more."""
    for owner in root.glob(f"*/{OWNER}"):
        lock = FileLock(owner, blocking=False)
        with suppress(OSError, Timeout):
            lock.acquire()
            cancel_all(owner.parent)
            disown(owner.parent, lock)
