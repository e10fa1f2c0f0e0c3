"""report/figures/dynamics.py: rows that are decided, open, or not certified are all drawn, and told apart."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from varexp.report.figures import FIGURES, draw
from varexp.report.figures._common import ERROR, PRINTED

ROW = {
    "field": "jet_engine",
    "coordinates": 2,
    "hidden_sizes": "10-16",
    "activation": "relu",
    "steps": 10,
    "error_mean": 0.01,
    "error_sampled": 0.09,
    "sup_lower": 0.1,
    "sup_upper": 0.1005,
    "gap": 0.005,
    "goal": 0.01,
    "decided": True,
    "evaluations": 1234,
    "seconds_certified": 12.34,
}
OPEN = {**ROW, "sup_upper": np.nan, "gap": np.nan, "decided": False}
WIDE = {**ROW, "sup_upper": 0.103, "gap": 0.03, "decided": False}
REFUSED = {**OPEN, "field": "spacecraft", "sup_lower": np.nan, "evaluations": 0}


def drawn(*rows):
    return FIGURES["dynamics"](pd.DataFrame(rows))["dynamics"]


def words(figure):
    return [text.get_text() for ax in figure.axes for text in ax.texts]


def test_numbers_stand_beside_the_bars():
    figure = drawn(ROW)
    assert {"jet engine (2)", "10-16 relu", "0.50 %", "12.3 s", "1 234"} <= set(words(figure))
    bars = [patch for patch in figure.axes[1].patches if patch.get_height() == pytest.approx(0.34)]
    assert [bar.get_width() for bar in bars] == pytest.approx([0.5])  # per cent
    assert "All intervals are as narrow as asked for." in " ".join(t.get_text() for t in figure.texts)


@pytest.mark.parametrize("rows", [(OPEN,), (WIDE,), (REFUSED,), (ROW, OPEN, WIDE, REFUSED)])
def test_rows_that_are_not_decided_are_drawn_in_another_colour(rows):
    figure = drawn(*rows)
    colours = {to_hex(p.get_facecolor()) for p in figure.axes[1].patches if p.get_height() == pytest.approx(0.34)}
    expected = {ERROR if row["decided"] else PRINTED for row in rows if not np.isnan(row["sup_lower"])}
    assert colours == {colour.lower() for colour in expected}
    lost = sum(not row["decided"] for row in rows)
    assert f"{lost} of {len(rows)} intervals" in " ".join(t.get_text() for t in figure.texts)


def test_drawn_twice_from_a_file_is_the_same_to_the_byte(tmp_path):
    (tmp_path / "tables").mkdir()
    pd.DataFrame([ROW, OPEN, REFUSED]).to_csv(tmp_path / "tables" / "dynamics.csv", index=False)
    first = {path.name: path.read_bytes() for path in draw("dynamics", tmp_path)}
    assert first == {path.name: path.read_bytes() for path in draw("dynamics", tmp_path)}
    assert sorted(first) == ["dynamics.pdf", "dynamics.png", "dynamics.svg"]


def test_a_missing_table_names_the_command(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"dynamics.csv is not there: run varexp dynamics first"):
        draw("dynamics", tmp_path)
