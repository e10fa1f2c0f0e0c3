"""report/figures over the registry: drawn from the committed tables, the same to the byte, sound on small tables."""

import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from tolerances import PICTURE

from varexp.report.figures import FIGURES, FORMATS, draw
from varexp.report.figures._common import listed

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "results"
EXPERIMENTS = sorted(path.stem for path in (ROOT / "configs" / "experiment").glob("*.yaml"))


@pytest.fixture
def results(tmp_path):
    shutil.copytree(RESULTS / "tables", tmp_path / "tables")
    return tmp_path


@pytest.mark.parametrize("name", FIGURES)
def test_drawn_twice_is_the_same_to_the_byte(name, results):
    first = {path.name: path.read_bytes() for path in draw(name, results)}
    second = {path.name: path.read_bytes() for path in draw(name, results)}
    assert first == second
    assert any(found.startswith(name) and found.endswith(".svg") for found in first)
    assert {Path(found).suffix for found in first} == {f".{name}" for name in FORMATS}
    assert len(first) % len(FORMATS) == 0


def coordinates(svg):
    """Every number of every drawn path and marker."""
    text = " ".join(re.findall(r' d="([^"]*)"', svg) + re.findall(r'<use [^>]*(x="[^"]*" y="[^"]*")', svg))
    return np.array([float(number) for number in re.findall(r"-?\d+\.?\d*", text)])


@pytest.mark.parametrize("name", FIGURES)
def test_what_is_committed_shows_these_tables(name, results):
    """Every coordinate of the committed SVG is that of the figure drawn now, to a tenth of a point."""
    for path in draw(name, results):
        if path.suffix == ".svg":
            committed, drawn = (coordinates(p.read_text()) for p in (RESULTS / "figures" / path.name, path))
            assert committed.shape == drawn.shape
            assert float(np.abs(committed - drawn).max()) < PICTURE


@pytest.mark.parametrize("name", ["depth", "kernel", "flowar", "width", "literal", "lipschitz"])
def test_the_control_other_numbers_are_another_picture(name, results):
    table = pd.read_csv(results / "tables" / f"{name}.csv")
    table["error_lower"] *= 1.3
    table.to_csv(results / "tables" / f"{name}.csv", index=False)
    for path in draw(name, results):
        if path.suffix == ".svg" and path.stem == name:
            committed, drawn = (coordinates(p.read_text()) for p in (RESULTS / "figures" / path.name, path))
            assert committed.shape != drawn.shape or float(np.abs(committed - drawn).max()) > PICTURE


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_narrowed_tables_draw_too(name):
    table = pd.read_csv(RESULTS / "tables" / f"{name}.csv")
    one = table[table.key == table.key[0]]
    for part in (one, table[table.target_seed == 0], table[table.target == table.target[0]]):
        assert all(isinstance(figure, Figure) for figure in FIGURES[name](part.reset_index(drop=True)).values())


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_diverged_rows_are_counted_and_not_drawn(name):
    table = pd.read_csv(RESULTS / "tables" / f"{name}.csv")
    measured = [c for c in table if c.startswith(("eps_", "error_lower", "error_mean", "bound_"))]
    lost = table.target_seed == 0
    table.loc[lost, "diverged"] = True
    table.loc[lost, measured] = None
    text = " ".join(label.get_text() for figure in FIGURES[name](table).values() for label in figure.texts)
    assert "rows diverged and are not drawn" in text


def test_unknown_figure_and_missing_table(tmp_path):
    with pytest.raises(
        ValueError,
        match=r"unknown figure 'depht' \(did you mean depth\?\): choose one of contextual, depth, ",
    ):
        draw("depht", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"run varexp sweep experiment=depth first"):
        draw("depth", tmp_path)


def test_helpers():
    assert listed(pd.Series(["b", "a", "b"])) == "b, a"


def test_a_missing_table_names_what_makes_it(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"samples.csv is not there: run varexp samples first"):
        draw("samples", tmp_path)


def test_every_experiment_has_figures():
    assert set(EXPERIMENTS) <= set(FIGURES)
