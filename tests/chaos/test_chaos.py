"""Faults of every kind, a few of each; `make chaos` makes hundreds. And a harness that misses nothing: controls."""

import dataclasses
import json
import random
import signal

import pytest

from . import targets  # noqa: F401  # registered before any reference is made
from .faults import FAULTS, MOUNTS, can_mount
from .sweeps import Reference, Tally, check_records, finish, start

COUNTS = {"a byte of a record flipped": 20, "a value in a record altered": 20, "a byte of weights flipped": 20}


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    return Reference.made(tmp_path_factory.mktemp("reference"))


@pytest.fixture(scope="module")
def mounts():
    return can_mount()


@pytest.mark.slow
@pytest.mark.parametrize("name", FAULTS)
def test_nothing_is_lost_doubled_changed_or_left(name, reference, mounts, tmp_path):
    if name in MOUNTS and not mounts:
        pytest.skip("nothing can be mounted here")
    few = 2 if name.startswith("SIGKILL") else 1
    tally = FAULTS[name](tmp_path / "faults", reference, COUNTS.get(name, few), random.Random(name))
    assert tally.told == []
    assert tally.faults >= 1


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
    from .sweeps import check_end

    def before():
        import subprocess
        import sys

        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        print("Traceback (most recent call last)")
        sys.stdout.flush()
        signal.raise_signal(signal.SIGKILL)

    process, tally = start(tmp_path / "results", before=before), Tally()
    assert process.wait() == -signal.SIGKILL
    check_end(process, tally)
    assert (tally.processes_left, tally.tracebacks) == (1, 1)
