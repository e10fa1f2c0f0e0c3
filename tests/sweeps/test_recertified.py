"""sweeps/recertified.py: released rows are confirmed from their weights, and what was altered is not."""

import json

import pytest

from varexp.commands.recertify import run
from varexp.sweeps.compose import composed
from varexp.sweeps.recertified import Recertified, in_tables, recertify, released_rows
from varexp.sweeps.released import Limits, release
from varexp.sweeps.run import run_sweep


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """A folder with the rows of two chains of two blocks."""
    results = tmp_path_factory.mktemp("results")
    axes = {"target": ["fold", "sine"], "depth": [1, 2], "seed": [0]}
    small = {"width": 4, "steps": 40, "domain": "curve-1", "gap": 0.05, "engine": {"workers": 1}}
    run_sweep(composed({"axes": axes, "results": str(results), **small}, sweeps=True))
    release(results, ["sweep"], Limits())
    return results


def test_rows_of_a_chain_share_a_file(released):
    folder = released / "weights"
    assert len(list(folder.glob("*.json"))) == 4
    assert len(list(folder.glob("*.safetensors"))) == 2


def test_all_rows_are_confirmed(released):
    rows = released_rows(released / "weights")
    found = list(recertify(released / "weights", rows, 1))
    assert len(found) == 4
    for row in found:
        assert row.complaints == []
        assert {"error", "eps_block", "local_error"} <= row.released.keys()
        assert row.found["error"] == row.released["error"]  # on one machine to the bit


def test_a_row_alone_is_confirmed_from_the_file_of_a_deeper_chain(released):
    rows = released_rows(released / "weights")
    shallow = min(rows, key=lambda row: row["depth"])
    (found,) = recertify(released / "weights", [shallow], 1)
    assert found.key == shallow["key"]
    assert found.complaints == []


def complaints(released, change):
    """What is said of the first row where it is changed; the other rows must be confirmed."""
    rows = released_rows(released / "weights")
    change(rows[0])
    found = {row.key: row.complaints for row in recertify(released / "weights", rows[:1], 1)}
    return found[rows[0]["key"]]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda row: row["ends"].update(error=[end * 1.2 for end in row["ends"]["error"]]), "error was ["),
        (lambda row: row["ends"].update(error=[0.0, 1e9]), "which is wider than"),
        (lambda row: row["ends"].pop("eps_block"), "eps_block was not released"),
        (lambda row: row["ends"].update(other=[0.0, 1.0]), "other was not certified now"),
        (lambda row: row.update(sha256="0" * 64), "has another hash"),
    ],
)
def test_the_control_planted_lies_are_told(released, change, words):
    found = complaints(released, change)
    assert len(found) == 1
    assert words in found[0]


def test_rows_must_be_those_of_the_tables(released):
    rows = released_rows(released / "weights")
    assert in_tables(rows, released) == []
    rows[2]["ends"]["error"][1] *= 1.0001
    rows[3]["error_lower"] /= 2
    assert [line.split(":")[0] for line in in_tables(rows, released)] == [rows[2]["key"], rows[3]["key"]]


def test_intervals_that_touch_are_confirmed_and_others_are_not():
    assert Recertified("k", {"error": [1.0, 1.01]}, {"error": [1.01, 1.02]}).complaints == []
    assert Recertified("k", {"error": [1.0, 1.01]}, {"error": [1.011, 1.02]}).complaints
    assert Recertified("k", {"error": [1.0, 1.01]}, {"error": [0.98, 0.99]}).complaints
    assert Recertified("k", {"error": [1.0, 1.01]}, {}).complaints == ["error was not certified now"]


@pytest.mark.slow
def test_the_command(released, capsys):
    assert run([f"results={released}", "workers=2"]) == 0
    assert "4 of 4 released rows confirmed" in capsys.readouterr().out
    path = next((released / "weights").glob("*.json"))
    row = json.loads(path.read_text())
    path.write_text(json.dumps({**row, "ends": {"error": [9.0, 9.1]}}))
    assert run([f"results={released}", f"key={row['key']}"]) == 1
    path.write_text(json.dumps({**row, "schema": 1}))
    with pytest.raises(ValueError, match="make results/weights again"):
        run([f"results={released}"])
    path.write_text("{")
    with pytest.raises(ValueError, match=f"{path.name} is no JSON"):
        run([f"results={released}"])
    path.write_text(json.dumps(row))
    with pytest.raises(ValueError, match=r"key is keys of rows in .*, got 'nonsense'"):
        run([f"results={released}", f"key=[{row['key']},nonsense]"])
    with pytest.raises(ValueError, match="a folder with released rows"):
        run([f"results={released / 'weights'}"])
