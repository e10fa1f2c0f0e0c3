"""engines/slurm.py, slurm_commands.py, slurm_job.py: settings, and what is made of what SLURM and jobs say."""

import dataclasses
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from planned import Axes, cells_of

from varexp.sweeps.config import EngineSettings
from varexp.sweeps.engines import ENGINES, Ended, engine_of
from varexp.sweeps.engines.job import Progress
from varexp.sweeps.engines.slurm import LOST, OPTIONS, Job, Jobs
from varexp.sweeps.engines.slurm_commands import OWNER, cancel_orphans, disown, owned
from varexp.sweeps.engines.slurm_job import Requeued
from varexp.sweeps.execute import Outcome
from varexp.sweeps.plan import batches
from varexp.sweeps.records import Store


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


def test_jobs_of_a_sweep_that_is_gone_are_cancelled(tmp_path, commands):
    root = tmp_path / "jobs"
    alive, ended = owned(root / "alive"), owned(root / "ended")
    (root / "ended" / "0001").mkdir()
    disown(root / "ended", ended)
    (root / "gone").mkdir()
    (root / "gone" / OWNER).touch()  # its process has ended, and the lock with it
    cancel_orphans(root)
    assert commands.read_text() == "scancel --me --name=varexp-gone\n"
    assert sorted(path.name for path in root.iterdir()) == ["alive", "ended"]
    alive.release()
    cancel_orphans(root)
    assert commands.read_text().splitlines()[1:] == ["scancel --me --name=varexp-alive"]


def test_a_pool_that_is_broken_off_cancels_by_name_and_none_leaves_an_empty_folder(config, commands):
    def pool():
        return Jobs(EngineSettings(name="slurm"), 4, Store(Path(config.results)), int)

    with pool() as whole:
        assert (whole.folder / OWNER).exists()
    assert not commands.exists()
    with pytest.raises(KeyboardInterrupt), pool() as broken:
        raise KeyboardInterrupt
    assert commands.read_text() == f"scancel --me --name=varexp-{broken.folder.name}\n"
    assert list(whole.root.iterdir()) == []


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


def test_a_requeue_that_changes_the_order_and_a_record_that_comes_late(pool, monkeypatch):
    """The first model failed at first and then did not; a file system shows its record later than the job's word."""
    pool, job = pool
    first, second = (cell.key for model in job.batch.models for cell in model.cells)
    records = {second: {"key": second}}
    monkeypatch.setattr(Store, "read", lambda self, key: records.get(key))
    Progress([second], {first: ("why", "Traceback")}).write(job.folder)
    (outcome,) = told(pool, job, "RUNNING", 100.0, monkeypatch)
    assert (outcome.records, outcome.failures) == ([records[second]], {})
    Progress([first, second], ended=True).write(job.folder)
    assert told(pool, job, "COMPLETED", 101.0, monkeypatch) == []
    records[first] = {"key": first}
    outcome, ended = told(pool, job, "COMPLETED", 102.0, monkeypatch)
    assert (outcome.records, ended) == ([records[first]], Ended())


def test_a_record_that_never_comes_ends_the_wait(pool, monkeypatch):
    pool, job = pool
    monkeypatch.setattr(Store, "read", lambda self, key: None)
    keys = [cell.key for model in job.batch.models for cell in model.cells]
    Progress(keys[:1], {keys[1]: ("why", "Traceback")}, ended=True).write(job.folder)
    (outcome,) = told(pool, job, "COMPLETED", 100.0, monkeypatch)
    assert outcome.failures == {keys[1]: "why"}
    assert told(pool, job, "COMPLETED", 105.0, monkeypatch) == []  # and the failure is told once
    assert told(pool, job, "COMPLETED", 111.0, monkeypatch) == [Ended()]


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


LATE = """
import os, signal
from varexp.sweeps.engines import slurm_job

class Late:
    def __del__(self, kill=os.kill, number=signal.SIGUSR2, process=os.getpid()):
        kill(process, number)

signal.signal(signal.SIGUSR2, lambda *_: None)  # as submitit does
slurm_job.run_batch = lambda folder: None
{run}
late = Late()  # is dropped when Python has given its handlers back
"""


@pytest.mark.slow
@pytest.mark.parametrize(("run", "status"), [("slurm_job.Requeued()('anywhere')", 0), ("", -signal.SIGUSR2)])
def test_a_signal_that_comes_while_python_ends_kills_no_job_that_is_done(run, status):
    done = subprocess.run([sys.executable, "-c", LATE.format(run=run)], capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stderr
