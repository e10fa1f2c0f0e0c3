"""Faults of every kind, a few of each; `make chaos` makes hundreds. And a harness that misses nothing: controls."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from .checks import Reference, Tally, check_end, check_records, finish
from .sweeps import start

ROOT = Path(__file__).parents[2]

# a few of the kinds; `make chaos` has all of them
KINDS = [
    "SIGKILL to the sweep",
    "SIGKILL to a worker",
    "SIGTERM to sweep and workers",
    "a full disk",
    "a folder that vanishes",
    "a byte of a record flipped",
    "a chain in every batch that kills its worker",
    "two sweeps on one folder",
]


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    return Reference.made(tmp_path_factory.mktemp("reference"))


@pytest.mark.slow
def test_nothing_is_lost_doubled_changed_or_left():
    """In a process of its own, since it registers targets that no other test should meet."""
    command = [sys.executable, "-m", "tests.chaos.run", "count=1", "processes=1", f"only={','.join(KINDS)}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=1200)
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(f"{kind} " in done.stdout for kind in KINDS)


@pytest.mark.slow
def test_the_harness_sees_what_is_lost_doubled_and_changed(reference, tmp_path):
    """The same checks, against what another sweep would have given."""
    tally = Tally()
    finish(tmp_path / "results", reference, tally)
    assert tally.clean
    first, *others = reference.table
    shorter = dataclasses.replace(reference, table={key: reference.table[key] for key in others})
    longer = dataclasses.replace(reference, table=reference.table | {"0" * 16: {"key": "0" * 16}})
    other = dataclasses.replace(reference, table=reference.table | {first: reference.table[first] | {"seed": "9"}})
    for wrong, what in ((shorter, "doubled"), (longer, "lost"), (other, "changed")):
        tally = Tally()
        finish(tmp_path / "results", wrong, tally)
        assert getattr(tally, what) >= 1
    path = tmp_path / "results" / "runs" / "records" / f"{first}.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "row": {**record["row"], "seed": 9}}))
    tally = Tally()
    check_records(tmp_path / "results", reference, tally)
    assert tally.changed == 1


@pytest.mark.slow
def test_the_harness_sees_processes_and_tracebacks(tmp_path):
    """Of a sweep that is not one."""

    def before():
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        os.write(1, b"Traceback (most recent call last)")
        signal.raise_signal(signal.SIGKILL)

    process, tally = start(tmp_path / "results", before=before), Tally()
    assert process.wait() == -signal.SIGKILL
    check_end(process, tally)
    assert (tally.processes_left, tally.tracebacks) == (1, 1)
