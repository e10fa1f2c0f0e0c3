"""sweeps/summary.py: the end of a run on one screen."""

from pathlib import Path

import pytest
from processes import ROOT

from varexp.report.tables import load_table
from varexp.sweeps.records import Store
from varexp.sweeps.summary import of_row, of_sweep

SCREEN = 24


def released(name, count=None):
    table = load_table(name, ROOT / "results")
    table = table if count is None else table.head(count)
    return table.astype(object).where(table.notna(), None).to_dict("records")


def test_the_three_main_tables_fit_a_screen():
    parts = {name: released(name) for name in ("depth", "kernel", "width")}
    written = [Path("/r/tables") / f"{name}.csv" for name in parts] + [Path("/r/figures/depth.svg")]
    lines = of_sweep("depth-kernel-width", parts, 2, 200.0, written, "a line")
    assert len(lines) < SCREEN
    keys = {row["key"] for rows in parts.values() for row in rows}
    assert lines[0] == f"depth-kernel-width: {len(keys)} rows, 2 failed, 3 min 20 s"
    heads = lines[1].split()
    assert heads[:3] == ["rows", "certified", "widest"]
    for line, (name, rows) in zip(lines[2:5], parts.items(), strict=True):
        first, count, certified, gap, *verdicts = line.split()
        assert (first, int(count)) == (name, len(rows))
        assert int(certified) == sum(row["certified"] for row in rows)
        assert gap == f"{max(row['error_gap'] for row in rows if row['error_gap'] is not None):.2%}"
        assert int(verdicts[0]) == sum(row["verdict"] == "HOLDS" for row in rows)
    assert "tables    /r/tables: depth, kernel, width (csv)" in lines
    assert "figures   /r/figures: depth (svg)" in lines
    assert lines[-1] == "W&B       a line"


def test_extremes_name_their_rows():
    rows = released("depth", 5)
    rows[3]["wall_s"] = 1e6
    rows[1]["error_gap"] = 0.5
    rows[2]["error_lower"] = 1e3
    lines = of_sweep("depth", {"depth": rows}, 0, 1.0, [], "")
    for word, index in (("widest gap 50.00%", 1), ("slowest    1e+06 s", 3), ("worst ", 2)):
        (line,) = [line for line in lines if line.startswith(word)]
        assert line.endswith(f"key {rows[index]['key']}")


def test_rows_without_verdicts_and_without_ends():
    rows = released("flowar", 30)
    lines = of_sweep("flowar", {"flowar": rows}, 0, 1.0, [], "")
    assert "none" in lines[1]
    assert of_sweep("nothing", {"nothing": []}, 3, 1.0, [], "") == ["nothing: 0 rows, 3 failed, 1 s"]


@pytest.mark.parametrize("name", ["depth", "flowar", "pyramid"])
def test_a_row_says_its_ends_and_where_it_is(tmp_path, name):
    row = released(name, 1)[0]
    lines = of_row({"row": row, "weights": "abc"}, Store(tmp_path))
    (error,) = [line for line in lines if line.startswith("error  ")]
    lower, upper = error.split()[-2:]
    assert float(lower) == pytest.approx(row["error_lower"], rel=1e-5)
    assert upper == "unknown" if row["error_upper"] is None else float(upper) == pytest.approx(row["error_upper"], 1e-5)
    assert f"record   {tmp_path}/runs/records/{row['key']}.json" in lines
    assert f"weights  {tmp_path}/runs/weights/abc.safetensors" in lines
    assert any(line.startswith(str(row["verdict"])) for line in lines) == (row["verdict"] is not None)


def test_a_diverged_model_says_so(tmp_path):
    row = released("depth", 1)[0]
    gone = {name: None for name in row if name.startswith(("error", "bound", "eps", "verdict"))}
    lines = of_row({"row": row | gone | {"diverged": True, "vacuous": None}, "weights": "abc"}, Store(tmp_path))
    assert any("the model diverged" in line for line in lines)
