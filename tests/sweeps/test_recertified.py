"""sweeps/recertified.py: released rows are confirmed from their weights, and what was altered is not."""

import json

import pytest

from varexp.commands.recertify import run
from varexp.sweeps.compose import composed
from varexp.sweeps.recertified import Recertified, recertify, released_rows
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


def test_the_control_planted_lies_are_told(released):
    rows = released_rows(released / "weights")
    rows[0]["ends"]["error"] = [end * 1.2 for end in rows[0]["ends"]["error"]]
    rows[1]["sha256"] = "0" * 64
    told = {row.key: row.complaints for row in recertify(released / "weights", rows, 1)}
    assert told[rows[0]["key"]][0].startswith(("error was [", f"{rows[0]['tensors']} has another hash"))
    assert f"{rows[1]['tensors']} has another hash" in told[rows[1]["key"]]
    assert any(not complaints for complaints in told.values()) or len({row["tensors"] for row in rows[:2]}) == 2


def test_intervals_that_touch_are_confirmed_and_others_are_not():
    assert Recertified("k", {"error": [1.0, 2.0]}, {"error": [2.0, 3.0]}).complaints == []
    assert Recertified("k", {"error": [1.0, 2.0]}, {"error": [2.1, 3.0]}).complaints
    assert Recertified("k", {"error": [1.0, 2.0]}, {"error": [0.5, 0.9]}).complaints
    assert Recertified("k", {"error": [1.0, 2.0]}, {}).complaints == ["error was not certified"]


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
    path.write_text(json.dumps(row))
    with pytest.raises(ValueError, match="a folder with released rows"):
        run([f"results={released / 'weights'}"])
