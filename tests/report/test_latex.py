"""report/latex.py: what is released is written from the tables, and is a table."""

from pathlib import Path

import pytest

from varexp.report.latex import LATEX, number, tabular
from varexp.report.statistics import Estimate

RESULTS = Path(__file__).parents[2] / "results"


def test_by_hand():
    text = tabular(["a", "b"], {"x": ["$1$"], "y": ["$2$"]})
    body = ["a & b", r"\midrule", "x & $1$", "y & $2$"]
    assert [line.removesuffix(r" \\") for line in text.splitlines()[2:6]] == body
    assert text.startswith(r"\begin{tabular}{lc}")
    assert number(Estimate(0.1234, 0.1, 0.2, 5)) == r"$0.12\;[0.1,\,0.2]$"


@pytest.mark.parametrize("name", LATEX)
def test_what_is_released_is_written_from_the_tables(name):
    text = (RESULTS / "latex" / f"{name}.tex").read_text(encoding="utf-8")
    assert text == LATEX[name](RESULTS)
    assert text.count("{") == text.count("}")
    rows = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert len({line.count("&") for line in rows}) == 1
    assert "nan" not in text
