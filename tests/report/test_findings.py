"""report/findings: written from the tables, the same as released; other numbers make other sentences."""

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from varexp.report.findings import collect, document
from varexp.report.findings._finding import times
from varexp.report.statistics import Estimate
from varexp.report.tables import load_table

RESULTS = Path(__file__).parents[2] / "results"


@pytest.fixture(scope="module")
def sections():
    return collect(RESULTS)


def test_what_is_released_is_written_from_the_tables():
    assert (RESULTS / "FINDINGS.md").read_text(encoding="utf-8") == document(RESULTS)


def test_every_figure_and_query_is_there(sections):
    assert len(sections) >= 8
    for section in sections:
        assert section.findings
        assert section.meaning
        for name in section.figures:
            assert (RESULTS / "figures" / f"{name}.svg").exists()
        for finding in section.findings:
            assert re.search(r"\d|no power law", finding.text)
            load_table(finding.table, RESULTS).query(finding.query)  # which raises where it is none


def test_every_experiment_is_spoken_of(sections):
    experiments = {path.stem for path in (RESULTS.parent / "configs" / "experiment").glob("*.yaml")}
    assert experiments <= {f.table for s in sections for f in s.findings}


def planted(tmp_path, name, change):
    """The document of the released tables, one of them changed."""
    shutil.copytree(RESULTS / "tables", tmp_path / "tables")
    path = tmp_path / "tables" / f"{name}.csv"
    table = pd.read_csv(path)
    change(table)
    table.to_csv(path, index=False)
    return document(tmp_path)


def lines(text, start):
    return [line for line in text.splitlines() if line.startswith(start)]


def test_the_control_a_reversed_result_is_told(tmp_path):
    """Teacher forcing is made ten times worse than it is."""

    def worse(table):
        table.loc[table.training == "teacher_forcing", ["error_lower", "error_upper"]] *= 10

    start = "- Error of teacher_forcing over stagewise"
    (before,), (after,) = lines(document(RESULTS), start), lines(planted(tmp_path, "depth", worse), start)
    assert before.count("(lower)") >= 3
    assert before.count("(higher)") == 0
    assert after.count("(lower)") == 0
    assert after.count("(higher)") == 4


def test_diverged_rows_are_counted_where_they_lack(tmp_path):
    def lost(table):
        table.loc[(table.training == "corrective") & (table.target_seed == 0), "diverged"] = True

    text = planted(tmp_path, "training", lost)
    assert "corrective times" in text
    assert text.count("(1 without a partner)") == 3  # once for each target, and in short


def test_a_part_of_a_table_is_refused_in_one_line(tmp_path):
    with pytest.raises(ValueError, match=r"no row of table depth has .*: findings need the whole sweep"):
        planted(tmp_path, "depth", lambda table: table.__setitem__("target", table.target.replace("fold", "other")))


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Estimate(0.5, 0.4, 0.6, 5), "times 0.5 [0.4, 0.6] (lower)"),
        (Estimate(2.0, 1.1, 3.6, 5), "times 2 [1.1, 3.6] (higher)"),
        (Estimate(0.9, 0.7, 1.1, 5), "times 0.9 [0.7, 1.1] (the draws show no difference)"),
        (Estimate(0.9, float("nan"), float("nan"), 1), "times 0.9 (the draws show no difference)"),
    ],
)
def test_a_difference_is_said_only_where_the_interval_leaves_out_one(found, words):
    assert times(found) == words
