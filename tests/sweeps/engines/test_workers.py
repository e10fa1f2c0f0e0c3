"""engines/local.py and workers.py: the death of a worker costs the chain that causes it, whatever kills it."""

import dataclasses
import os
import re
import signal
import time
from pathlib import Path

import pytest
from planned import Axes, cells_of
from processes import alive, descendants, sweep

from varexp.sweeps.config import EngineSettings
from varexp.sweeps.engines import Ended, engine_of, run_batches
from varexp.sweeps.engines import workers as module
from varexp.sweeps.engines.workers import Workers
from varexp.sweeps.execute import Outcome
from varexp.sweeps.plan import batches
from varexp.sweeps.records import Store

BAD = 3  # a seed that kills its worker


def answer(pipe, batch):
    """Records that are keys alone, model by model."""
    for model in batch.models:
        pipe.send(Outcome(records=[{"key": cell.key} for cell in model.cells]))
    pipe.send(None)


def serve(pipe, *, kill=os.kill, once=None):
    """A worker that a seed kills."""
    while True:
        try:
            batch = pipe.recv()
        except EOFError:
            return
        pipe.send(100)
        if any(cell.seed == BAD for model in batch.models for cell in model.cells):
            if once is not None and once.exists():
                answer(pipe, batch)
                continue
            if once is not None:
                once.touch()
            kill(os.getpid(), signal.SIGKILL)
        answer(pipe, batch)


def serve_once_bad(pipe):
    serve(pipe, once=Path(os.environ["VAREXP_TEST_ONCE"]))


def serve_exiting(pipe):
    serve(pipe, kill=lambda *_: os._exit(7))


def serve_hanging(pipe):
    serve(pipe, kill=lambda *_: time.sleep(1000))


@pytest.fixture
def cells(config):
    return cells_of(dataclasses.replace(config, axes=Axes(seed=list(range(6)), depth=[1, 2], width=[4, 5])))


def run(cells, config, monkeypatch, target):
    monkeypatch.setattr(module, "_serve", target)
    steps = []
    found = Outcome()
    config = dataclasses.replace(config, engine=dataclasses.replace(config.engine, workers=2))
    for outcome in run_batches(batches(cells, 2), config, Store(Path(config.results)), steps.append):
        found.add(outcome)
    assert sum(steps) % 100 == 0
    assert sum(steps) > 0
    return found


def keys(cells, bad):
    return sorted(cell.key for cell in cells if (cell.seed == BAD) is bad)


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        (serve, r"worker process \d+ was killed by SIGKILL, perhaps for want of memory"),
        (serve_exiting, r"worker process \d+ ended with status 7"),
        (serve_hanging, r"worker process \d+ took longer than engine.time_limit=3 s"),
    ],
)
@pytest.mark.slow
def test_a_bad_chain_in_every_batch_costs_that_chain(cells, config, monkeypatch, target, reason):
    limit = 3.0 if target is serve_hanging else None
    config = dataclasses.replace(config, engine=EngineSettings(time_limit=limit))
    assert all(any(m.deepest.seed == BAD for m in batch.models) for batch in batches(cells, 1))
    found = run(cells, config, monkeypatch, target)
    assert sorted(record["key"] for record in found.records) == keys(cells, bad=False)
    assert sorted(found.failures) == keys(cells, bad=True)
    for line in found.failures.values():
        assert re.search(reason, line), line


@pytest.mark.slow
def test_a_death_by_accident_costs_nothing(cells, config, monkeypatch, tmp_path):
    monkeypatch.setenv("VAREXP_TEST_ONCE", str(tmp_path / "once"))
    found = run(cells, config, monkeypatch, serve_once_bad)
    assert sorted(record["key"] for record in found.records) == sorted(cell.key for cell in cells)
    assert found.failures == {}


def until_ended(pool):
    found = []
    while not found or not isinstance(found[-1], Ended):
        found += [what for _, what in pool.events()]
    return found


@pytest.mark.slow
def test_no_process_is_left(cells, monkeypatch):
    monkeypatch.setattr(module, "_serve", serve_hanging)
    (batch, *_) = [b for b in batches(cells, 1) if any(m.deepest.seed == BAD for m in b.models)]
    with Workers(2, None, lambda count: None) as pool:
        pool.give(batch)
        assert list(pool.events()) == []
        process = pool.busy[0].process
        assert process.is_alive()
    assert not process.is_alive()


@pytest.mark.slow
def test_an_idle_worker_that_died_is_found(cells, monkeypatch):
    monkeypatch.setattr(module, "_serve", serve)
    good = batches([cell for cell in cells if cell.seed != BAD], 1)[0]
    with Workers(1, None, lambda count: None) as pool:
        pool.give(good)
        assert until_ended(pool)[-1] == Ended()
        os.kill(pool.idle[0][0].pid, signal.SIGKILL)
        pool.idle[0][0].join()
        pool.give(good)
        assert "SIGKILL" in until_ended(pool)[-1].death


def test_settings_out_of_range(config):
    assert engine_of(config).workers(EngineSettings(workers=3)) == 3
    assert engine_of(config).workers(EngineSettings()) >= 1
    for wrong, message in (
        ({"engine": EngineSettings(workers=-1)}, "engine.workers"),
        ({"engine": EngineSettings(time_limit=0.0)}, "engine.time_limit"),
        ({"engine": EngineSettings(name="cloud")}, "unknown engine"),
        ({"engine": EngineSettings(partition="gpu")}, "the local engine has no use for engine.partition=gpu"),
        ({"retries": -1}, "retries"),
    ):
        with pytest.raises(ValueError, match=message):
            engine_of(dataclasses.replace(config, **wrong))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGHUP", "SIGINT"])
def test_workers_end_with_their_parent(tmp_path, name):
    number = getattr(signal, name)
    arguments = ["axes.width=[8,16,24,32]", "axes.seed=[0,1]", "axes.depth=[1]", "steps=20000", "gap=null"]
    parent = sweep(*arguments, "engine.workers=2", f"results={tmp_path}")
    deadline = time.time() + 120
    while len(descendants(parent.pid)) < 3 and time.time() < deadline:  # two workers, and Python's resource tracker
        time.sleep(0.2)
    workers = descendants(parent.pid)
    assert len(workers) >= 3
    time.sleep(2)
    os.kill(parent.pid, number)
    _, error = parent.communicate(timeout=60)
    deadline = time.time() + 20
    while any(map(alive, workers)) and time.time() < deadline:
        time.sleep(0.2)
    assert not any(map(alive, workers))
    assert "Traceback" not in error
    if number != signal.SIGKILL:
        assert parent.returncode == (130 if number == signal.SIGINT else 128 + number)
        assert "finished records are kept" in error.strip().splitlines()[-1]
