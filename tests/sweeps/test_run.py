"""sweeps/run.py and tables: the main job, its records, its tables and what it refuses."""

import dataclasses
import shlex
from pathlib import Path

import pandas as pd
import pytest
import yaml
from planned import Axes, Experiment

from varexp.sweeps.compose import check_overrides, composed
from varexp.sweeps.config import EngineSettings, resolve
from varexp.sweeps.failures import SweepFailedError
from varexp.sweeps.records import Store
from varexp.sweeps.run import run_cell, run_sweep
from varexp.sweeps.tables import TableError, check_keeps_rows, write_tables


def rows(results, name="sweep"):
    return pd.read_csv(Path(results) / "tables" / f"{name}.csv")


def test_a_sweep_writes_tables_and_resumes(config, capsys):
    config = dataclasses.replace(config, axes=Axes(depth=[1, 2], seed=[0, 1]))
    run_sweep(config)
    table = rows(config.results)
    assert table.key.is_unique
    assert table.depth.tolist() == [1, 2, 1, 2]
    stages = rows(config.results, "sweep_stages")
    assert len(stages) == 6
    path = Path(config.results) / "tables" / "sweep.csv"
    before = path.read_bytes()
    run_sweep(config)
    assert path.read_bytes() == before
    assert "4 cells, 4 recorded, 0 to run" in capsys.readouterr().err


def test_processes_give_the_same_table_as_one(config, tmp_path):
    config = dataclasses.replace(config, axes=Axes(depth=[1, 2], kernel=["dct", "keys"], sides=["2-3-4", "2-4-5"]))
    tables = []
    for workers in (1, 2):
        results = str(tmp_path / f"workers{workers}")
        run_sweep(dataclasses.replace(config, results=results, engine=EngineSettings("local", workers)))
        tables.append(rows(results).drop(columns="wall_s"))
    pd.testing.assert_frame_equal(*tables)


def test_records_of_other_code_run_again_unless_kept(config, capsys):
    record = run_cell(config)
    Store(Path(config.results)).write({**record, "version": "0.0.0+old"})
    assert run_cell(dataclasses.replace(config, stale="keep"))["version"] == "0.0.0+old"
    assert run_cell(config)["version"] == record["version"]
    assert "records made by other code: 1, " in capsys.readouterr().err
    with pytest.raises(ValueError, match="stale is rerun or keep"):
        run_cell(dataclasses.replace(config, stale="never"))


def test_a_failing_cell_is_named_and_the_rest_is_in_the_table(config):
    config = dataclasses.replace(config, target="sine", axes=Axes(kernel=["dct", "keys"], depth=[1]))
    records = Path(config.results) / "runs" / "records"
    run_sweep(config)
    key = rows(config.results).key[0]
    for path in records.glob("*.json"):
        path.unlink()

    from varexp.sweeps import execute as module

    original = module.make_record

    def failing(cell, *arguments):
        if cell.key == key:
            raise ArithmeticError("planted")
        return original(cell, *arguments)

    module.make_record = failing
    try:
        with pytest.raises(
            SweepFailedError, match=rf"1 of 2 cells failed; .*\n  {key} .*kernel=dct.*ArithmeticError: planted"
        ) as caught:
            run_sweep(dataclasses.replace(config, overwrite=True))
    finally:
        module.make_record = original
    assert rows(config.results).kernel.tolist() == ["dct", "keys"]  # the table stays
    assert rows(config.results, "sweep.incomplete").kernel.tolist() == ["keys"]
    assert "Traceback" in (Path(config.results) / "runs" / "failures" / f"{key}.txt").read_text()
    (again,) = (line.split("again: ")[1] for line in str(caught.value).splitlines() if "again: " in line)
    words = shlex.split(again)
    assert words[:2] == ["varexp", "train"]
    values = dict(word.split("=", 1) for word in words[2:])
    assert resolve(composed({name: yaml.safe_load(value) for name, value in values.items()}, sweeps=False)).key == key
    run_sweep(config)
    assert not (Path(config.results) / "tables" / "sweep.incomplete.csv").exists()
    assert list((Path(config.results) / "runs" / "failures").iterdir()) == []


def test_experiments_are_one_pool_and_a_table_each(config, capsys):
    experiments = {
        "first": Experiment({"a": Axes(depth=[1, 2])}),
        "second": Experiment({"a": Axes(depth=[2]), "b": Axes(seed=[1])}),
    }
    config = dataclasses.replace(config, experiments=experiments)
    run_sweep(config)
    first, second = (rows(config.results, name) for name in experiments)
    assert first.experiment.unique().tolist() == ["first"]
    assert (first.depth.tolist(), second.depth.tolist()) == ([1, 2], [2, 2])
    assert first.iloc[1].drop("experiment").equals(second.iloc[0].drop("experiment"))  # one record, trained once
    assert "first-second: 3 cells, 0 recorded, 3 to run" in capsys.readouterr().err


def test_a_smaller_sweep_does_not_replace_a_larger_table(config):
    run_sweep(dataclasses.replace(config, axes=Axes(depth=[1, 2])))
    smaller = dataclasses.replace(config, axes=Axes(depth=[1]))
    with pytest.raises(TableError, match=r"holds 2 rows, this sweep has 1 and would drop 1.*overwrite=true"):
        run_sweep(smaller)
    assert len(rows(config.results)) == 2
    run_sweep(dataclasses.replace(smaller, overwrite=True))
    assert len(rows(config.results)) == 1
    check_keeps_rows(Path(config.results), "never_run", [], overwrite=False)


def test_a_table_is_replaced_only_by_one_that_holds_its_rows(config):
    """Other cells of equal number, or more of them, do not count; the same settings under another key do."""
    run_sweep(dataclasses.replace(config, axes=Axes(depth=[1, 2])))
    path = Path(config.results) / "tables" / "sweep.csv"
    before = path.read_bytes()
    records = [Store(Path(config.results)).read(key) for key in rows(config.results).key]
    others = [{**r, "row": {**r["row"], "key": f"other{i}", "seed": 7 + i}} for i, r in enumerate(records * 2)]
    with pytest.raises(TableError, match=r"holds 2 rows, this sweep has 4 and would drop 2.*incomplete.csv"):
        write_tables(Path(config.results), "sweep", others, overwrite=False)
    assert path.read_bytes() == before
    assert rows(config.results, "sweep.incomplete").seed.tolist() == [7, 8, 9, 10]
    renamed = [{**record, "row": {**record["row"], "key": f"new{i}"}} for i, record in enumerate(records)]
    write_tables(Path(config.results), "sweep", renamed, overwrite=False)
    assert rows(config.results).key.tolist() == ["new0", "new1"]
    write_tables(Path(config.results), "sweep", others, overwrite=True)
    assert len(rows(config.results)) == 4


def test_on_error_stop_ends_at_the_first_failure(config, monkeypatch):
    config = dataclasses.replace(config, axes=Axes(width=[4, 5], depth=[1]), engine=EngineSettings(workers=1))
    monkeypatch.setattr("varexp.sweeps.execute.make_record", lambda *_: 1 / 0)
    for on_error, failed in (("stop", 1), ("continue", 2)):
        with pytest.raises(SweepFailedError, match=rf"{failed} of 2 cells failed"):
            run_sweep(dataclasses.replace(config, on_error=on_error))
    assert len(rows(config.results, "sweep.incomplete")) == 0
    with pytest.raises(ValueError, match="on_error is continue or stop"):
        run_sweep(dataclasses.replace(config, on_error="never"))


@pytest.mark.parametrize("name", ["samples", "depth_stages", "a/b", "..", ""])
def test_names_that_collide_with_files_are_refused(config, name):
    grids = {"a": Axes(depth=[1])}
    with pytest.raises(ValueError, match="experiment is"):
        run_sweep(dataclasses.replace(config, experiments={name: Experiment(grids), "depth": Experiment(grids)}))
    assert not Path(config.results).exists()


def test_overrides_are_checked_by_name():
    check_overrides(["depth=1", "axes.depth=[1,2]", "hydra.verbose=true", "target_options.blur=0.5"], None)
    with pytest.raises(ValueError, match=r"unknown key 'kernle' \(did you mean kernel\?\)"):
        check_overrides(["kernle=dct"], None)
