"""report/compared.py: equal tables agree, and every kind of planted difference is told."""

from pathlib import Path

import numpy as np
import pytest

from varexp.report.compared import differences, group_of, same, scattered, scatters
from varexp.report.tables import load_table
from varexp.sweeps.config import settings

RESULTS = Path(__file__).parents[2] / "results"
SETTINGS = [name for name in settings() if name != "evaluations"]


@pytest.fixture(scope="module")
def table():
    return load_table("depth", RESULTS)


@pytest.fixture
def released(table):
    return table[(table.seed == 0) & (table.target_seed == 0) & (table.depth <= 3)].reset_index(drop=True)


def trained_again(released, table, seed, draw=0):
    """The errors of another seed under the keys of seed 0, as training on another processor would give."""
    settings = ["target", "kernel", "training", "depth"]
    other = table[(table.seed == seed) & (table.target_seed == draw)].set_index(settings)
    errors = [other.error_lower[tuple(row[name] for name in settings)] for _, row in released.iterrows()]
    return released.assign(error_lower=errors)


def test_the_same_rows_have_no_difference(released, table):
    assert differences(released, released) == []
    assert scattered(released, released, table, SETTINGS) == []


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("draw", range(5))
def test_other_seeds_are_within_the_scatter(table, seed, draw):
    """No false alarm in any of ten tables that are trained again."""
    own = table[(table.seed == 0) & (table.target_seed == draw)].reset_index(drop=True)
    assert scattered(trained_again(own, table, seed, draw), own, table, SETTINGS) == []


@pytest.mark.parametrize("factor", [2.0, 0.5])
def test_errors_that_are_all_higher_or_lower_are_told(table, factor):
    own = table[(table.seed == 0) & (table.target_seed == 0)].reset_index(drop=True)
    (line,) = [
        line
        for line in scattered(own.assign(error_lower=own.error_lower * factor), own, table, SETTINGS)
        if "chains are" in line
    ]
    assert f"errors of 16 chains are {'higher' if factor > 1 else 'lower'} together" in line


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("error_lower", lambda v: float("nan"), "the error is nan"),
        ("lipschitz", lambda v: v * (1 + 1e-8), "lipschitz was"),
        ("error_constant_lower", lambda v: v * 1.2, "the best constant's error does not meet"),
        ("verdict", lambda v: "VIOLATED", "verdicts: "),
        ("diverged", lambda v: True, "diverged was False and is True"),
        ("key", lambda v: "0" * 16, "is not in the released table"),
    ],
)
def test_planted_differences_are_told(released, name, change, words):
    made = released.copy()
    made[name] = made[name].astype(object)
    made.loc[3, name] = change(made.loc[3, name])
    if name == "error_constant_lower":
        made.loc[3, "error_constant_upper"] *= 1.2
    assert any(words in line for line in differences(made, released))


def test_a_row_far_off_and_one_not_made_are_told(released, table):
    made, place = released.copy(), int(released.index[released.target == "sine"][2])
    made.loc[place, "error_lower"] *= 30
    assert any(f"row {made.key[place]}: the error was" in line for line in scattered(made, released, table, SETTINGS))
    assert differences(released[1:], released) == [f"row {released.key[0]} was not made again"]


def test_scatter_by_hand(table):
    one = table[(table.target == "sine") & (table.kernel == "dct") & (table.depth == 2)]
    logs = np.log(one.error_lower.to_numpy())
    parts = [logs[(one.target_seed == draw).to_numpy()] for draw in range(5)]
    expected = np.sqrt(sum(((part - part.mean()) ** 2).sum() for part in parts) / 10)
    assert scatters(one, SETTINGS) == {group_of(one.iloc[0]): pytest.approx(expected)}
    with pytest.raises(ValueError, match="nothing says how much training scatters"):
        scatters(one[(one.seed == 0) & (one.target_seed == 0)], SETTINGS)


def test_same():
    assert same(1.0, 1.0 + 1e-11)
    assert not same(1.0, 1.0 + 1e-9)
    assert same(float("nan"), float("nan"))
    assert not same(float("nan"), 1.0)
    assert not same("a", "b")
