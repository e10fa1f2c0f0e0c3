"""engines/job.py: a batch as a folder; run again, it leaves out what is recorded."""

import dataclasses
import json
from pathlib import Path

from planned import Axes, cells_of

from varexp.sweeps.engines import job as module
from varexp.sweeps.engines.job import Progress, run_batch, write_batch
from varexp.sweeps.plan import batches
from varexp.sweeps.records import Store


def written(config, tmp_path, **axes):
    config = dataclasses.replace(config, axes=Axes(gap=None, **axes))
    (batch,), store = batches(cells_of(config), 1), Store(Path(config.results))
    write_batch(batch, tmp_path / "job", store)
    return batch, store, tmp_path / "job"


def test_a_job_makes_the_records_of_its_cells(config, tmp_path):
    batch, store, folder = written(config, tmp_path, depth=[1, 2], seed=[0, 1])
    assert Progress.read(folder) == Progress()
    run_batch(folder)
    progress = Progress.read(folder)
    cells = [cell for model in batch.models for cell in model.cells]
    assert (sorted(progress.done), progress.failures, progress.ended) == (sorted(c.key for c in cells), {}, True)
    assert all(store.read(cell.key)["cell"] == cell.content() for cell in cells)


def test_a_job_that_is_requeued_takes_up_what_is_left(config, tmp_path, monkeypatch):
    batch, store, folder = written(config, tmp_path, depth=[1], seed=[0, 1, 2])
    run_batch(folder)
    lost = batch.models[1].deepest.key
    store.path(lost).unlink()
    times = {key: store.path(key).stat().st_mtime_ns for key in Progress.read(folder).done if key != lost}
    ran = []
    original = module.execute
    monkeypatch.setattr(module, "execute", lambda batch: (ran.append(len(batch.models)), original(batch))[1])
    run_batch(folder)
    assert ran == [1]
    assert len(Progress.read(folder).done) == 3
    assert {key: store.path(key).stat().st_mtime_ns for key in times} == times


def test_a_failure_comes_with_its_traceback(config, tmp_path, monkeypatch):
    _, _, folder = written(config, tmp_path, depth=[1])
    monkeypatch.setattr("varexp.sweeps.execute.make_record", lambda *_: 1 / 0)
    run_batch(folder)
    ((reason, text),) = Progress.read(folder).failures.values()
    assert reason.startswith("ZeroDivisionError")
    assert text.startswith("Traceback")


def test_other_code_than_the_sweep_s_is_refused(config, tmp_path):
    _, store, folder = written(config, tmp_path, depth=[1, 2])
    content = json.loads((folder / "batch.json").read_text())
    (folder / "batch.json").write_text(json.dumps({**content, "version": "0+another"}))
    run_batch(folder)
    progress = Progress.read(folder)
    assert progress.ended
    assert len(progress.failures) == 2
    assert all("than the sweep (0+another)" in reason for reason, _ in progress.failures.values())
    assert not store.folder.exists()
