"""What SLURM is asked and told beside what submitit does: the queue, and the end of jobs."""

import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout


def queue() -> dict[str, str] | None:
    """Why each of the user's jobs is where it is, by number; None where SLURM does not answer."""
    try:
        command = ["squeue", "--noheader", "--array", "--me", "--format=%i|%r"]
        shown = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    return {number: why for number, _, why in (line.partition("|") for line in shown.splitlines())}


def cancel(numbers: Sequence[str]) -> None:
    """End jobs, those in the queue and those that run."""
    if numbers:
        with suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(["scancel", *numbers], check=False, capture_output=True, timeout=60)


def cancel_orphans(root: Path) -> None:
    """End the jobs of sweeps that are gone."""
    for numbers in root.glob("*/numbers"):
        lock = FileLock(numbers.parent / ".owner", blocking=False)
        with suppress(OSError, Timeout):
            lock.acquire()
            cancel(numbers.read_text().split())
            numbers.unlink()
            lock.release()
