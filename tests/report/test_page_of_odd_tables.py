"""report/page: rows and files that no released table has: unknown ends, zeros, odd settings, hostile names."""

import json
import shlex
import shutil
from pathlib import Path

import pandas as pd
import pytest
from opened import POINTS, Opened

from varexp.commands import main

RESULTS = Path(__file__).parents[2] / "results"
HOSTILE = "<img src=x onerror=alert(1)></script><script>alert(2)</script><b>'\"&`"

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


def commands_of(browser, folder, table):
    """The commands that the page of a table of other rows says, a list of words each."""
    (folder / "tables").mkdir()
    table.to_csv(folder / "tables" / "width.csv", index=False)
    assert main(["report", f"results={folder}"]) == 0
    made = Opened(browser, folder / "report.html")
    found = made.page.evaluate("async () => (await load(content.tables[0])).rows.map(command)")
    made.context.close()
    return [shlex.split(line) for line in found]


def test_commands_say_null_large_numbers_and_options_of_every_kind(browser, tmp_path):
    table = pd.read_csv(RESULTS / "tables" / "width.csv", dtype=str, keep_default_na=False).head(3)
    table.loc[0, "gap"] = ""
    table.loc[1, "seed"] = "1152921504606846977"
    table.loc[2, "target_options"] = "mode='a b' depth=None sharp=True list=[1, 2]"
    without, large, options = commands_of(browser, tmp_path, table)
    assert "gap=null" in without
    assert not any(word.startswith("gap=") for word in large)
    assert "seed=1152921504606846977" in large
    assert [word.removeprefix("target_options.") for word in options if word.startswith("target_options")] == [
        "mode='a b'", "depth=null", "sharp=true", "list=[1, 2]",
    ]  # fmt: skip


def test_rows_at_zero_and_rows_without_an_upper_end_are_told_apart(browser, tmp_path):
    table = pd.read_csv(RESULTS / "tables" / "width.csv", dtype=str, keep_default_na=False).head(8)
    table.loc[[0, 1], ["error_lower", "error_upper"]] = "0.0"
    table.loc[2, "error_upper"] = ""
    (tmp_path / "tables").mkdir()
    table.to_csv(tmp_path / "tables" / "width.csv", index=False)
    assert main(["report", f"results={tmp_path}"]) == 0
    made = Opened(browser, tmp_path / "report.html")
    for box in made.page.locator("#experiment select[data-filter]").all():
        if box.get_attribute("data-filter") in table.columns:
            box.select_option("")
    assert sorted(made.points()) == [2, 3, 4, 5, 6, 7]
    assert "2 rows are 0" in made.page.inner_text("#experiment")
    rings = made.page.evaluate(
        f"{POINTS}.flatMap(t => t.customdata.filter((_, i) => t.marker.symbol[i] === 'circle-open'))"
    )
    assert rings == [2]
    made.context.close()
    assert made.offences == []


def test_files_that_are_no_tables_are_left_out_and_named(tmp_path, capsys):
    (tmp_path / "tables").mkdir()
    shutil.copy(RESULTS / "tables" / "width.csv", tmp_path / "tables")
    (tmp_path / "tables" / "empty.csv").write_text("")
    (tmp_path / "tables" / "folder.csv").mkdir()
    (tmp_path / "tables" / "letters.csv").write_bytes(b"a,b\n\xff,1\n")
    assert main(["report", f"results={tmp_path}"]) == 0
    *tables, findings, _ = capsys.readouterr().out.splitlines()
    assert [line.split("/")[-1].split(",")[0] for line in tables] == ["empty.csv", "folder.csv", "letters.csv"]
    assert findings.startswith("left out the findings: there is no table")
    (tmp_path / "ledger.json").write_text("{")
    assert main(["report", f"results={tmp_path}"]) == 2
    assert "ledger.json is no ledger" in capsys.readouterr().err


def test_hostile_names_stay_text(browser, tmp_path):
    table = pd.read_csv(RESULTS / "tables" / "width.csv", dtype=str, keep_default_na=False)
    table.loc[:, "target"] = HOSTILE
    table.loc[0, "verdict"] = HOSTILE
    (tmp_path / "tables").mkdir()
    table.to_csv(tmp_path / "tables" / "width.csv", index=False)
    ledger = json.loads((RESULTS / "ledger.json").read_text())
    ledger["claims"][0]["title"] = HOSTILE
    (tmp_path / "ledger.json").write_text(json.dumps(ledger))
    assert main(["report", f"results={tmp_path}"]) == 0
    made = Opened(browser, tmp_path / "report.html")
    assert HOSTILE in made.page.inner_text("#ledger-list > details summary")
    for setting in ("colour", "across"):
        options = made.page.locator(f'#experiment select[data-filter="{setting}"] option').count()
        for index in range(options):
            made.page.locator(f'#experiment select[data-filter="{setting}"]').select_option(index=index)
    box = made.page.locator(".chart .points path.point").nth(1).bounding_box()
    made.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    made.page.wait_for_timeout(300)
    assert made.page.locator('img[src="x"], body script:not([type]) ~ b').count() == 0
    made.context.close()
    assert made.offences == []


def test_there_must_be_a_table(tmp_path, capsys):
    assert main(["report", f"results={tmp_path}"]) == 1
    assert "run varexp sweep first" in capsys.readouterr().err
