"""Sweeps through a real SLURM (scripts/slurm.sh start): the local table, whatever happens to their jobs."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pandas as pd
import pytest
from processes import ROOT, sweep

from varexp.sweeps.engines.slurm_commands import OWNER, name_of

OWN = ["wall_s", "git_commit", "version"]


def works():
    """Whether a cluster answers here."""
    if shutil.which("sinfo") is None:
        return False
    found = subprocess.run(["sinfo", "-h"], capture_output=True, check=False, timeout=30)
    return found.returncode == 0 and bool(found.stdout)


needs_slurm = pytest.mark.skipif(not works(), reason="no SLURM answers here: scripts/slurm.sh start")

SMALL = ["axes.width=[4,5]", "axes.seed=[0,1]", "axes.depth=[1]", "steps=60", "gap=0.2"]


def table(results):
    return pd.read_csv(Path(results) / "tables" / "sweep.csv", dtype=str).drop(columns=OWN)


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """The table of a local sweep."""
    results = tmp_path_factory.mktemp("local")
    process = sweep(*SMALL, f"results={results}")
    assert process.communicate(timeout=300)[0] is None
    assert process.returncode == 0
    return table(results)


def numbers(results):
    """The jobs of a sweep that runs, once there are some."""
    deadline = time.time() + 60
    while time.time() < deadline:
        for owner in (results / "runs" / "jobs").glob(f"*/{OWNER}"):
            if found := queued(name_of(owner.parent)):
                return found
        time.sleep(0.2)
    raise TimeoutError("no job was submitted")


def queued(name):
    """The numbers of the jobs of that name."""
    command = ["squeue", "--noheader", "--array", f"--name={name}", "--format=%i"]
    return sorted(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())


def until(number, state):
    """Wait until a job is in a state."""
    deadline = time.time() + 120
    while time.time() < deadline:
        found = subprocess.run(["squeue", "-h", "-j", number, "-o", "%T"], capture_output=True, text=True, check=False)
        if state in found.stdout:
            return
        time.sleep(0.2)
    raise TimeoutError(f"job {number} was not {state}")


def cluster(*words):
    subprocess.run([ROOT / "scripts" / "slurm.sh", *words], check=True, capture_output=True, timeout=90)


def nothing(found):
    pass


def cancelled(found):
    subprocess.run(["scancel", found[0]], check=True)


def killed(found):
    """The process of a job dies hard."""
    for path in Path("/proc").glob("[0-9]*"):
        try:
            task = f"SLURM_ARRAY_TASK_ID={found[0].split('_')[1]}\0".encode()
            if b"submitit" in (path / "cmdline").read_bytes() and task in (path / "environ").read_bytes():
                os.kill(int(path.name), signal.SIGKILL)
        except OSError:
            continue


def drained(found):
    cluster("drain")
    time.sleep(3)
    cluster("resume")


def lost(found):
    cluster("down")
    time.sleep(12)  # a node that is back while it still runs the old copy of a job is drained
    cluster("resume")


def restarted(found):
    cluster("restart-controller")


@needs_slurm
@pytest.mark.slow
@pytest.mark.parametrize("fault", [nothing, cancelled, killed, drained, lost, restarted])
def test_a_sweep_through_slurm_gives_the_local_table(local, tmp_path, fault):
    process = sweep(*SMALL, "engine=slurm", "engine.partition=low", f"results={tmp_path}")
    found = numbers(tmp_path)
    assert len(found) >= 2
    until(found[0], "RUNNING")
    time.sleep(2)
    fault(found)
    _, error = process.communicate(timeout=400)
    assert process.returncode == 0, error
    pd.testing.assert_frame_equal(table(tmp_path), local)


@needs_slurm
@pytest.mark.slow
@pytest.mark.parametrize("after", [0.0, 1.5, 3.0], ids=["while it starts", "at work", "as it ends"])
def test_a_job_that_is_preempted_does_not_fail(local, tmp_path, after):
    """A job of a partition that goes before takes the whole node for some seconds."""
    process = sweep(*SMALL, "engine=slurm", "engine.partition=low", f"results={tmp_path}")
    found = numbers(tmp_path)
    until(found[0], "RUNNING")
    time.sleep(after)
    command = ["sbatch", "--partition=main", "--exclusive", "--time=5", "--output=/dev/null", "--wrap", "sleep 8"]
    subprocess.run(command, check=True, capture_output=True)
    _, error = process.communicate(timeout=400)
    assert process.returncode == 0, error
    pd.testing.assert_frame_equal(table(tmp_path), local)
    command = ["sacct", "-D", "-X", "-n", "-P", "-o", "State", "-j", found[0].split("_")[0]]
    states = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\n")
    assert "FAILED" not in states


@needs_slurm
@pytest.mark.slow
def test_a_sweep_that_ends_takes_its_jobs_with_it_and_the_next_those_of_one_that_was_killed(local, tmp_path):
    process = sweep(*SMALL, "engine=slurm", f"results={tmp_path}")
    first = numbers(tmp_path)
    process.send_signal(signal.SIGTERM)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    assert "finished records are kept" in error
    assert left(first) == []
    process = sweep(*SMALL, "engine=slurm", f"results={tmp_path}")
    second = numbers(tmp_path)
    process.kill()
    process.communicate(timeout=60)
    process = sweep(*SMALL, "engine=slurm", f"results={tmp_path}")
    _, error = process.communicate(timeout=400)
    assert process.returncode == 0, error
    assert left(second) == []
    pd.testing.assert_frame_equal(table(tmp_path), local)


def left(found):
    deadline = time.time() + 30
    while time.time() < deadline:
        shown = subprocess.run(["squeue", "-h", "-r", "-o", "%i"], capture_output=True, text=True, check=True).stdout
        if not set(shown.split()) & set(found):
            return []
        time.sleep(0.5)
    return sorted(set(shown.split()) & set(found))
