"""calculations over the registry: settings of every yaml, tables as released, values by hand."""

import math
from fractions import Fraction

import pandas as pd
import pytest
import torch
from flint import arb
from omegaconf.errors import OmegaConfBaseException

from varexp.calculations import CALCULATIONS
from varexp.calculations.contextual import classes, ids_in_torch, in_floats, search, separation
from varexp.commands.calculate import configured, run
from varexp.report.figures import FIGURES, draw
from varexp.report.tables import load_table
from varexp.sweeps.config import CONFIGS, ROOT

RESULTS = ROOT / "results"
QUICK = ["constructed", "floor"]  # whose first rows are calculated again here; the others have tests of their own


@pytest.mark.parametrize("name", CALCULATIONS)
def test_each_has_a_file_with_claim_plan_and_a_released_table(name):
    text = (CONFIGS / "calculation" / f"{name}.yaml").read_text()
    for word in ("# Claim:", "# Plan:", f"# Command: varexp calculate table=[{name}]", "# Time:", "# Outcome:"):
        assert word in text
    assert isinstance(configured(name), CALCULATIONS[name])
    assert len(load_table(name, RESULTS)) > 5


@pytest.mark.parametrize("name", [name for name in CALCULATIONS if name in FIGURES])
def test_a_missing_table_names_the_command_that_makes_it(name, tmp_path):
    with pytest.raises(FileNotFoundError, match=rf"run varexp calculate table=\[{name}\] first"):
        draw(name, tmp_path)


def test_floors_are_those_of_words_and_of_the_blocks_that_there_are():
    with pytest.raises(ValueError, match="words of one token"):
        list(CALCULATIONS["floor"](domain="curve-2").rows())
    with pytest.raises(ValueError, match="depth"):
        list(CALCULATIONS["floor"](depth=[9]).rows())


def test_every_file_is_a_calculation():
    assert {path.stem for path in (CONFIGS / "calculation").glob("*.yaml")} == set(CALCULATIONS)


@pytest.mark.parametrize("name", QUICK)
def test_released_rows_are_calculated_again(name):
    released = load_table(name, RESULTS)
    for row, was in zip(configured(name).rows(), released.head(4).to_dict("records"), strict=False):
        for column, value in row.items():
            expected = pytest.approx(was[column], rel=1e-9) if isinstance(value, float) else was[column]
            assert value == expected


def test_unknown_keys_and_names_are_refused(tmp_path):
    (tmp_path / "constructed.yaml").write_text("K: [2.0]\ndepths: [1]\n")
    with pytest.raises(OmegaConfBaseException, match="depths"):
        configured("constructed", tmp_path)
    with pytest.raises(ValueError, match=r"unknown calculation 'flor'.*floor"):
        run(["table=[flor]", f"results={tmp_path}"])
    assert not (tmp_path / "tables").exists()


def test_the_command_writes_the_table(tmp_path, capsys):
    assert run(["table=[constructed]", f"results={tmp_path}"]) == 0
    assert len(pd.read_csv(tmp_path / "tables" / "constructed.csv")) == 72
    assert "constructed: 72 rows" in capsys.readouterr().out


def test_constructed_chains_exceed_the_formula_below_two_alone():
    """The error is e·Σ_{j<n} K^j, the formula K^n·e."""
    for row in CALCULATIONS["constructed"](K=[1.5, 2.0, 2.1], depth=[1, 3]).rows():
        by_hand = sum(row["K"] ** j for j in range(row["depth"])) / row["K"] ** row["depth"]
        assert row["ratio"] == pytest.approx(by_hand, rel=1e-12)
        assert row["above"] == (by_hand > 1)
        if row["K"] >= 2:
            assert not row["above"]


def test_separation_by_hand():
    """Two tokens 1, 2 and 3 in pairs; with v = 0 ids are the tokens, and 1 next to 2 is not told from 1 next to 3."""
    pairs = [[Fraction(a), Fraction(b)] for a in (1, 2, 3) for b in (1, 2, 3) if a != b]
    assert len(classes(pairs)) == 6  # each of three sets has two tokens
    assert not separation(pairs, arb(1), arb(0)) > 0
    weight = math.exp(2) / (math.exp(1) + math.exp(2))
    ids = ids_in_torch([[Fraction(1), Fraction(2)]], 1.0, 1.0, torch.float64)
    assert float(ids[0]) == pytest.approx(1 + (1 - weight) + 2 * weight, rel=1e-12)
    exact = separation(pairs, arb("0.1"), arb("-0.75"))
    assert float(exact) == pytest.approx(in_floats(pairs, 0.1, -0.75, torch.float64), rel=1e-9)


def test_searched_weights_keep_ids_apart_in_every_precision():
    pairs = [[Fraction(a), Fraction(b)] for a in (1, 2, 3) for b in (1, 2, 3) if a != b]
    score, value = search(pairs)
    assert in_floats(pairs, score, value, torch.bfloat16) > 0.1
    assert in_floats(pairs, 500.0, value, torch.float64) < 1e-12  # the control: one token takes all the weight
