"""engines/base.py and dispatch.py: an engine is one class; this one runs batches in threads, and batches can die."""

import dataclasses
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

import pytest
from planned import Axes, cells_of

from varexp.sweeps.config import EngineSettings
from varexp.sweeps.engines import ENGINES, Ended, Engine, Pool, register, run_batches
from varexp.sweeps.execute import execute
from varexp.sweeps.plan import batches
from varexp.sweeps.records import Store
from varexp.sweeps.run import run_sweep


class Threads(Pool):
    """Batches in threads. `dies` says after how many outcomes of a batch its thread ends for no reason, or None."""

    def __init__(self, notify, dies=lambda batch: None):
        self.executor, self.notify, self.dies = ThreadPoolExecutor(2), notify, dies
        self.running: dict[Future, object] = {}

    def __exit__(self, *_):
        self.executor.shutdown()

    @property
    def has_room(self):
        return len(self.running) < 2

    @property
    def is_busy(self):
        return bool(self.running)

    def give(self, batch):
        self.running[self.executor.submit(lambda: list(execute(batch, self.notify)))] = batch

    def events(self):
        done, _ = wait(self.running, return_when=FIRST_COMPLETED)
        for future in done:
            batch = self.running.pop(future)
            after = self.dies(batch)
            for outcome in future.result()[:after]:
                yield batch, outcome
            yield batch, Ended() if after is None else Ended("its thread ended")


@pytest.fixture
def threads():
    """The engine, registered, and the list of batches that its pools run."""
    found = []

    @register("threads")
    class InThreads(Engine):
        dies = staticmethod(lambda batch: None)

        def workers(self, settings):
            return 2

        def pool(self, config, store, notify, batches):
            return Threads(notify, lambda batch: found.append(batch) or self.dies(batch))

    yield found
    ENGINES.remove("threads")


def with_engine(config, **axes):
    return dataclasses.replace(config, engine=EngineSettings(name="threads"), axes=Axes(gap=None, **axes))


def table(results):
    """A table without what no two runs share."""
    lines = (Path(results) / "tables" / "sweep.csv").read_text().splitlines()
    names = lines[0].split(",")
    place = names.index("wall_s")
    return [line.split(",")[:place] + line.split(",")[place + 1 :] for line in lines]


def test_a_sweep_runs_in_a_registered_engine(config, threads, tmp_path):
    axes = {"seed": [0, 1], "width": [4, 5], "depth": [1, 2]}
    run_sweep(with_engine(config, **axes))
    assert len(threads) == 2
    other = dataclasses.replace(config, axes=Axes(**axes), results=str(tmp_path / "local"))
    run_sweep(dataclasses.replace(other, engine=EngineSettings(workers=1)))
    assert table(config.results) == table(other.results)


@pytest.mark.parametrize(("retries", "sizes"), [(0, [3, 1, 1]), (1, [3, 2]), (2, [3, 2, 2])])
def test_what_a_dead_batch_has_not_reported_runs_again(config, threads, retries, sizes):
    """The batch dies after its first model, and its rest at once, until no retry is left but one."""
    deaths = []

    def dies(batch):
        deaths.append(len(batch.models))
        return {3: 1, 2: 0 if len(deaths) <= retries else None}.get(len(batch.models))

    ENGINES["threads"].dies = dies
    config = dataclasses.replace(with_engine(config, seed=[0, 1, 2], depth=[1]), retries=retries)
    cells = cells_of(config)
    found = [
        r["key"] for o in run_batches(batches(cells, 1), config, Store(Path(config.results)), int) for r in o.records
    ]
    assert sorted(found) == sorted(cell.key for cell in cells)
    assert deaths == sizes


def test_a_model_that_always_dies_fails_alone(config, threads):
    config = with_engine(config, seed=[0, 1, 2], depth=[1])
    bad = cells_of(config)[1].key
    ENGINES["threads"].dies = lambda batch: 0 if any(m.deepest.key == bad for m in batch.models) else None
    outcomes = list(run_batches(batches(cells_of(config), 1), config, Store(Path(config.results)), int))
    assert {key: reason for o in outcomes for key, reason in o.failures.items()} == {
        bad: "its thread ended, 2 times in a row"
    }
    assert sum(len(o.records) for o in outcomes) == 2


def test_settings_that_an_engine_has_no_use_for_are_refused(config, threads):
    wrong = dataclasses.replace(config, engine=EngineSettings(name="threads", time_limit=5.0))
    with pytest.raises(
        ValueError, match=r"the threads engine has no use for engine.time_limit=5.0: .*\(local, slurm\)"
    ):
        run_sweep(wrong)
