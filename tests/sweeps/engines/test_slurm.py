"""engines/slurm.py: settings, orphans, and sweeps through a real SLURM (scripts/slurm.sh start), with faults.

A sweep through SLURM gives the table that a local one gives, whatever happens to its jobs.
"""

import dataclasses
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pandas as pd
import pytest
from planned import Axes, cells_of
from processes import ROOT, sweep

from varexp.sweeps.config import EngineSettings
from varexp.sweeps.engines import ENGINES, Ended, engine_of
from varexp.sweeps.engines.job import Progress
from varexp.sweeps.engines.slurm import LOST, OPTIONS, Job, Jobs
from varexp.sweeps.engines.slurm_commands import cancel_orphans
from varexp.sweeps.engines.slurm_job import Requeued
from varexp.sweeps.execute import Outcome
from varexp.sweeps.plan import batches
from varexp.sweeps.records import Store

OWN = ["wall_s", "git_commit", "version"]


def works():
    """Whether a cluster answers here."""
    if shutil.which("sinfo") is None:
        return False
    found = subprocess.run(["sinfo", "-h"], capture_output=True, check=False, timeout=30)
    return found.returncode == 0 and bool(found.stdout)


needs_slurm = pytest.mark.skipif(not works(), reason="no SLURM answers here: scripts/slurm.sh start")

# ---- without a cluster -----------------------------------------------------------------------------------------------


@pytest.fixture
def commands(tmp_path, monkeypatch):
    """SLURM's commands by name, which note how they are called."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sbatch", "srun", "sacct", "scancel"):
        (folder / name).write_text(f'#!/bin/sh\necho "{name} $*" >> {tmp_path}/called\n')
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return tmp_path / "called"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"partition": "a b"}, "engine.partition is null or a name that SLURM knows, got 'a b'"),
        ({"account": "x\n#SBATCH --wrap=rm"}, "engine.account"),
        ({"options": {"wrap": "rm"}}, "unknown key in engine.options 'wrap'"),
        ({"options": {"output": "/etc/x"}}, "unknown key in engine.options 'output'"),
        ({"options": {"mem": "4G\nrm -rf x"}}, "engine.options.mem"),
        ({"options": {"comment": "$(rm x)"}}, "engine.options.comment"),
        ({"options": {"comment": "`rm x`"}}, "engine.options.comment"),
        ({"options": {"mem": 1.5}}, "engine.options.mem"),
        ({"workers": -1}, "engine.workers"),
        ({"time_limit": -5.0}, "engine.time_limit"),
    ],
)
def test_settings_that_sbatch_should_not_see_are_refused(config, commands, settings, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        engine_of(dataclasses.replace(config, engine=EngineSettings(name="slurm", **settings)))
    assert not commands.exists()


def test_without_slurm_it_says_so(config, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ValueError, match="engine=slurm needs SLURM: sbatch and srun and sacct and scancel cannot be"):
        engine_of(dataclasses.replace(config, engine=EngineSettings(name="slurm")))


def test_workers_are_64_unless_said(commands):
    assert ENGINES["slurm"].workers(EngineSettings(name="slurm")) == 64
    assert ENGINES["slurm"].workers(EngineSettings(name="slurm", workers=7)) == 7
    assert not {"wrap", "output", "error", "chdir", "export", "array", "prolog"} & set(OPTIONS)


def test_jobs_of_a_sweep_that_is_gone_are_cancelled(tmp_path, commands, config):
    for name in ("gone", "alive"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "numbers").write_text(f"1{len(name)}_0\n1{len(name)}_1")
    from filelock import FileLock

    with FileLock(tmp_path / "alive" / ".owner"):
        cancel_orphans(tmp_path)
    assert commands.read_text() == "scancel 14_0 14_1\n"
    assert not (tmp_path / "gone" / "numbers").exists()
    assert (tmp_path / "alive" / "numbers").exists()


@pytest.fixture
def pool(config, commands):
    """A pool with one job, of which SLURM says what the test says."""
    (batch,), store = (
        batches(cells_of(dataclasses.replace(config, axes=Axes(gap=None, seed=[0, 1]))), 1),
        Store(Path(config.results)),
    )
    pool = Jobs(EngineSettings(name="slurm"), 4, store, lambda count: None)
    job = Job(batch, pool.folder / "0001", "7_0")
    pool.submitted.append(job)
    return pool, job


def told(pool, job, state, at, monkeypatch):
    monkeypatch.setattr(pool.watcher, "get_state", lambda number: state)
    monkeypatch.setattr("varexp.sweeps.engines.slurm.time.monotonic", lambda: at)
    return [what for _, what in pool._heard(job)]


@pytest.mark.parametrize("state", [*LOST, "CANCELLED by 1000"])
def test_an_end_counts_when_it_has_lasted(pool, monkeypatch, state):
    pool, job = pool
    assert told(pool, job, state, 100.0, monkeypatch) == []
    assert told(pool, job, state, 109.0, monkeypatch) == []
    (ended,) = told(pool, job, state, 111.0, monkeypatch)
    assert ended.death.startswith(f"SLURM job 7_0 ended as {state.split()[0]}; its output is in ")
    assert not pool.is_busy


def test_a_requeued_job_is_alive(pool, monkeypatch):
    pool, job = pool
    states = {100.0: "NODE_FAIL", 105.0: "PENDING", 120.0: "REQUEUED", 130.0: "NODE_FAIL", 139.0: "RUNNING"}
    assert [told(pool, job, state, at, monkeypatch) for at, state in states.items()] == [[]] * 5
    assert pool.is_busy


def in_queue(commands, *lines):
    squeue = commands.parent / "bin" / "squeue"
    squeue.write_text("".join(["#!/bin/sh\n", *(f"echo '{line}'\n" for line in lines)]))
    squeue.chmod(0o755)


def test_a_job_that_slurm_holds_since_no_node_could_start_it_is_given_up(pool, commands):
    pool, _ = pool
    in_queue(commands, "7_0|Priority")
    assert list(pool._look()) == []
    in_queue(commands, "7_0|launch failed requeued held", "7_1|launch failed requeued held")
    ((_, ended),) = pool._look()
    assert ended.death.startswith("SLURM would never start job 7_0: launch failed requeued held; its output is in ")
    assert commands.read_text() == "scancel 7_0\n"
    assert not pool.is_busy


def test_a_job_that_slurm_has_lost_is_given_up(pool, commands):
    """One that was cancelled alone while it waited in an array never comes to sacct."""
    pool, job = pool
    for lines, missed in (([], 1), ([], 2), (["7_0|None"], 0), ([], 1), ([], 2)):
        in_queue(commands, *lines)
        assert list(pool._look()) == []
        assert job.missed == missed
    (commands.parent / "bin" / "squeue").write_text("#!/bin/sh\nexit 1\n")  # the controller does not answer
    assert list(pool._look()) == []
    in_queue(commands)
    ((_, ended),) = pool._look()
    assert "is no longer in the queue" in ended.death


def test_what_a_job_has_written_is_told_once_and_before_its_end(pool, monkeypatch):
    pool, job = pool
    records = {cell.key: {"key": cell.key} for model in job.batch.models for cell in model.cells}
    monkeypatch.setattr(Store, "read", lambda self, key: records.get(key))
    first, second = list(records)
    Progress([first]).write(job.folder)
    (outcome,) = told(pool, job, "FAILED", 100.0, monkeypatch)
    assert (outcome.records, outcome.stored) == ([records[first]], True)
    assert told(pool, job, "FAILED", 101.0, monkeypatch) == []
    Progress([first], {second: ("why", "Traceback")}, ended=True).write(job.folder)
    outcome, ended = told(pool, job, "FAILED", 102.0, monkeypatch)
    assert isinstance(outcome, Outcome)
    assert (outcome.records, outcome.failures, outcome.tracebacks) == ([], {second: "why"}, {second: "Traceback"})
    assert ended == Ended()


def test_a_signal_that_ends_the_job_fails_no_cell(monkeypatch):
    """submitit raises an Exception out of its handler, which must not count as one of the cell that happens to run."""

    def run(folder):
        try:
            os.kill(os.getpid(), signal.SIGUSR2)
        except Exception:
            pytest.fail("it came through as the failure of a cell")

    def handler(number, frame):
        raise RuntimeError("timed out too many times")

    monkeypatch.setattr("varexp.sweeps.engines.slurm_job.run_batch", run)
    before = signal.signal(signal.SIGUSR2, handler)
    try:
        with pytest.raises(SystemExit, match="timed out too many times"):
            Requeued()("anywhere")
    finally:
        signal.signal(signal.SIGUSR2, before)


# ---- with one -------------------------------------------------------------------------------------------------------

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
    """The jobs of a sweep, once there are some."""
    deadline = time.time() + 60
    while time.time() < deadline:
        for path in (results / "runs" / "jobs").glob("*/numbers"):
            if found := path.read_text().split():
                return found
        time.sleep(0.2)
    raise TimeoutError("no job was submitted")


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
    process = sweep(*SMALL, "engine=slurm", "engine.time_limit=600", f"results={tmp_path}")
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
def test_a_sweep_that_ends_takes_its_jobs_with_it_and_the_next_those_of_one_that_was_killed(local, tmp_path):
    process = sweep(*SMALL, "engine=slurm", f"results={tmp_path}")
    first = numbers(tmp_path)
    process.send_signal(signal.SIGTERM)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    assert "finished records are kept" in error
    assert left(first) == []
    (tmp_path / "runs" / "jobs").rename(tmp_path / "runs" / "jobs-of-the-first")
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
