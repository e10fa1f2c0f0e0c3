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
            assert re.search(r"\d", finding.text)
            table = load_table(finding.table, RESULTS)
            assert len(table.query(finding.query)) >= 0  # a query that pandas takes


def test_every_experiment_is_spoken_of(sections):
    experiments = {path.stem for path in (RESULTS.parent / "configs" / "experiment").glob("*.yaml")}
    assert experiments - {"pyramid", "downsampling"} <= {f.table for s in sections for f in s.findings}


def test_the_control_other_numbers_are_other_findings(tmp_path):
    shutil.copytree(RESULTS / "tables", tmp_path / "tables")
    path = tmp_path / "tables" / "heads.csv"
    table = pd.read_csv(path)
    table.loc[table.heads == 8, "error_lower"] *= 100
    table.to_csv(path, index=False)
    assert "8 heads times" in document(tmp_path)
    assert document(tmp_path) != document(RESULTS)


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
