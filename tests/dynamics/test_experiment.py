"""dynamics/experiment.py and table.py: rows, what is refused before any work, tables that keep other fields."""

import math

import pandas as pd
import pytest

from varexp.api import SupNorm
from varexp.commands.dynamics import experiment
from varexp.dynamics import FIELDS, Experiment, Run, table
from varexp.dynamics.certificate import Certificate, Sampled
from varexp.dynamics.experiment import _found
from varexp.files import StoreError
from varexp.report.tables import load_table

SMALL = Experiment(steps=40, seed=0, runs=[Run("nonlinear_oscillator", [12], "tanh"), Run("jet_engine", [12], "relu")])


@pytest.fixture(scope="module")
def rows():
    return list(SMALL.rows())


def test_the_experiment_has_every_field_architecture_and_activation():
    runs = experiment().runs
    assert {run.field for run in runs} == set(FIELDS)
    assert {(12,), (10, 16), (14, 14), (64, 64, 64)} <= {tuple(run.hidden) for run in runs}
    assert {run.activation for run in runs} == {"relu", "tanh"}
    assert {run.field: run.gap for run in runs if run.gap != 0.01} == {"root": 0.05, "cube_root": 0.05}
    experiment().check()


def test_rows_say_what_was_asked_and_found(rows):
    for run, row in zip(SMALL.runs, rows, strict=True):
        assert (row["field"], row["hidden_sizes"], row["activation"]) == (run.field, "12", run.activation)
        assert row["error_mean"] < row["error_sampled"] <= row["sup_upper"]
        assert row["decided"] == (row["gap"] <= row["goal"])
        assert row["gap"] == pytest.approx(row["sup_upper"] / row["sup_lower"] - 1)
        assert row["equations"] == FIELDS[run.field].equations
    assert rows[0]["box"] == "[-3.0, 3.0]"
    assert rows[1]["box"] == "[-1.0, 1.0] x [-1.0, 1.0]"


def test_a_run_again_gives_the_same_numbers(rows):
    again = next(SMALL.narrowed(["jet_engine"]).rows())
    assert {k: v for k, v in again.items() if "seconds" not in k} == {
        k: v for k, v in rows[1].items() if "seconds" not in k
    }


def test_what_is_not_known_is_empty():
    row = _found(Run(), Certificate(SupNorm(0.1, math.inf, (0.5,)), 0.1), Sampled(0.1, 0.2))
    assert (row["sup_lower"], row["sup_upper"], row["gap"], row["place"]) == (0.1, None, None, "0.5")
    assert not row["decided"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (Experiment(steps=0), "steps is a number of training steps of at least 1, got 0"),
        (Experiment(runs=[Run("jet_engin")]), r"unknown field 'jet_engin' \(did you mean jet_engine\?\)"),
        (Experiment(runs=[Run(hidden=[])]), "hidden is a list of sizes"),
        (Experiment(runs=[Run(gap=math.nan)]), "gap is a finite number above 0, got nan"),
        (Experiment(runs=[Run(evaluations=0)]), "evaluations is a number of cells of at least 1, got 0"),
    ],
)
def test_settings_out_of_range_are_refused_before_any_work(changed, message):
    with pytest.raises(ValueError, match=message):
        changed.check()


def test_fields_that_no_run_has_are_named():
    with pytest.raises(ValueError, match=r"unknown field 'root': choose one of nonlinear_oscillator, jet_engine"):
        SMALL.narrowed(["root"])
    assert SMALL.narrowed([]) == SMALL


def test_a_table_keeps_other_fields_and_their_digits(rows, tmp_path):
    order = [run.field for run in SMALL.runs]
    path = table.write(rows[1:], tmp_path, order)
    line = path.read_text().splitlines()[1]
    table.write(rows[:1], tmp_path, order)
    assert path.read_text().splitlines()[2] == line
    assert load_table("dynamics", tmp_path).field.tolist() == order
    assert load_table("dynamics", tmp_path).hidden_sizes.tolist() == ["12", "12"]
    table.write(rows, tmp_path, order)
    assert len(load_table("dynamics", tmp_path)) == 2


def test_a_table_with_other_columns_is_not_mixed(rows, tmp_path):
    path = table.path_in(tmp_path)
    path.parent.mkdir()
    pd.DataFrame({"field": ["root"], "error": [1.0]}).to_csv(path, index=False)
    with pytest.raises(ValueError, match=r"has the columns field, error, expected field, equations, .* run all fields"):
        table.write(rows, tmp_path, [run.field for run in SMALL.runs])


def test_a_folder_that_cannot_be_written_is_found_out_before_any_work(tmp_path):
    (tmp_path / "tables").write_text("a file")
    with pytest.raises(StoreError, match=r"cannot write .*results=DIR"):
        table.prepare(tmp_path)


def test_a_table_whose_rows_are_all_replaced_leaves_no_column_behind(tmp_path, rows):
    path = table.path_in(tmp_path)
    path.parent.mkdir(parents=True)
    pd.DataFrame([{**row, "former": 1} for row in rows]).to_csv(path, index=False)
    table.write(rows, tmp_path, [run.field for run in SMALL.runs])
    assert list(pd.read_csv(path).columns) == list(rows[0])
