"""Sweeps as processes of their own, and the processes below one, as /proc shows them."""

import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def sweep(*arguments, **options):
    """A sweep that runs, its standard error as text."""
    command = [sys.executable, str(ROOT / "scripts" / "sweep.py"), *arguments]
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, **pipes, preexec_fn=heeds_interruptions, **options)


def heeds_interruptions():
    """For a child before it runs: SIGINT counts, even where whoever started the tests ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def descendants(pid):
    """All processes below one, by /proc."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(path.name)] = int((path / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
    found, grew = {pid}, True
    while grew:
        new = {child for child, parent in parents.items() if parent in found} - found
        grew = bool(new)
        found |= new
    return found - {pid}


def alive(pid):
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False
