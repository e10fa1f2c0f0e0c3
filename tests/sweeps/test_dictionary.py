"""sweeps/dictionary.py: every column of every released table is described, and datapackage.json is a valid one."""

import json
import shutil

import pytest
from frictionless import Package
from processes import ROOT

import varexp
from varexp.sweeps.dictionary import about, describe, described
from varexp.sweeps.rows import STAGE_COLUMNS, columns

TABLES = sorted(path.stem for path in (ROOT / "results" / "tables").glob("*.csv"))
RELEASED = ROOT / "results" / "tables" / "datapackage.json"


@pytest.mark.parametrize("name", TABLES)
def test_every_column_of_a_released_table_has_a_meaning(name):
    table = varexp.load_table(name, ROOT / "results")
    said = table.attrs["columns"]
    assert list(said) == list(table.columns)
    assert table.attrs["about"].endswith(".")
    for column in said.values():
        assert column["meaning"], column["name"]
        assert (column["unit"] != "") == (column["type"] in ("integer", "number")), column["name"]


def test_every_column_that_a_sweep_can_write_has_a_meaning():
    for kind, names in (("any_experiment", columns()), ("any_experiment_stages", STAGE_COLUMNS)):
        assert all(column.meaning for column in described(kind, names))
        assert about(kind, names)


def test_ends_are_two_columns_of_which_the_upper_one_may_be_empty_for_more_reasons():
    lower, upper = described("depth", ["experiment", "key", "error_lower", "error_upper"])[2:]
    assert lower.meaning == "lower end of: sup over the domain of the norm of model minus target"
    assert lower.empty == "the model diverged"
    assert upper.empty == "the model diverged, or no enclosure was asked for, or the model is random"
    lower, upper = described("depth", ["experiment", "key", "error_constant_lower", "error_constant_upper"])[2:]
    assert (lower.empty, upper.empty) == ("", "it is not known")


def test_a_column_of_nobody_is_named_and_no_more(tmp_path):
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "own.csv").write_text("experiment,key,colour\nown,abc,red\n")
    (tmp_path / "tables" / "empty.csv").write_text("")
    (tmp_path / "tables" / "other_letters.csv").write_bytes("größe\n1\n".encode("latin-1"))
    (tmp_path / "tables" / "folder.csv").mkdir()
    (tmp_path / "tables" / "nowhere.csv").symlink_to(tmp_path / "missing")
    (tmp_path / "tables" / "foreign.csv").write_text("a,b\n1,2\n")
    foreign, own = json.loads(describe(tmp_path).read_text())["resources"]
    assert own["schema"]["fields"][2] == {"name": "colour", "type": "string"}
    assert foreign["schema"]["fields"] == [{"name": "a", "type": "string"}, {"name": "b", "type": "string"}]
    assert "description" not in foreign


@pytest.mark.parametrize("name", TABLES)
def test_a_column_is_empty_nowhere_but_where_the_dictionary_says_when(name):
    table = varexp.load_table(name, ROOT / "results")
    for column, said in table.attrs["columns"].items():
        assert said["empty"] or not table[column].isna().any(), column


@pytest.mark.slow
def test_the_released_description_is_of_the_released_tables(tmp_path):
    shutil.copytree(ROOT / "results" / "tables", tmp_path / "tables")
    assert describe(tmp_path).read_bytes() == RELEASED.read_bytes()
    report = Package(str(RELEASED)).validate()
    assert report.valid, report.flatten(["name", "fieldName", "message"])[:5]


@pytest.mark.parametrize(
    ("column", "value"), [("verdict", "PERHAPS"), ("error_lower", "large"), ("certified", ""), ("stage", "1.5")]
)
def test_the_control_a_wrong_value_is_seen(tmp_path, column, value):
    name = "width_stages" if column == "stage" else "width"
    lines = (ROOT / "results" / "tables" / f"{name}.csv").read_text().splitlines()
    place, cells = lines[0].split(",").index(column), lines[1].split(",")
    cells[place] = value
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / f"{name}.csv").write_text("\n".join([lines[0], ",".join(cells)]) + "\n")
    report = Package(str(describe(tmp_path))).validate()
    assert [entry[0] for entry in report.flatten(["fieldName"])] == [column]
