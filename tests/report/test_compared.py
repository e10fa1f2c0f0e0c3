"""report/compared.py: equal tables agree, and every kind of planted difference is told."""

from pathlib import Path

import numpy as np
import pytest

from varexp.report.compared import differences, same, scatter
from varexp.report.tables import load_table

RESULTS = Path(__file__).parents[2] / "results"


@pytest.fixture
def released():
    return load_table("depth", RESULTS)


@pytest.fixture
def made(released):
    return released[(released.seed == 0) & (released.target_seed == 0) & (released.depth <= 3)].reset_index(drop=True)


def test_the_same_rows_have_no_difference(made, released):
    assert differences(made, released) == []


def test_another_seed_is_within_the_scatter(made, released):
    """Rows of seed 1 under the keys of seed 0 stand for training on another processor."""
    settings = ["target", "kernel", "training", "depth"]
    other = released[(released.seed == 1) & (released.target_seed == 0)].set_index(settings)
    errors = [other.error_lower[tuple(row[name] for name in settings)] for _, row in made.iterrows()]
    assert differences(made.assign(error_lower=errors), released) == []


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("error_lower", lambda v: v * 20, "the error was"),
        ("error_lower", lambda v: v / 20, "the error was"),
        ("error_lower", lambda v: float("nan"), "the error was"),
        ("lipschitz", lambda v: v * (1 + 1e-8), "lipschitz was"),
        ("error_constant_lower", lambda v: v * 1.2, "the best constant's error does not meet"),
        ("verdict", lambda v: "VIOLATED", "verdict: "),
        ("diverged", lambda v: True, "diverged was False and is True"),
        ("key", lambda v: "0" * 16, "is not in the released table"),
    ],
)
def test_planted_differences_are_told(made, released, name, change, words):
    made.loc[3, name] = change(made.loc[3, name])
    if name == "error_constant_lower":
        made.loc[3, "error_constant_upper"] *= 1.2
    assert any(words in line for line in differences(made, released))


def test_scatter_by_hand(released):
    one = released[(released.target == "sine") & (released.kernel == "dct") & (released.depth == 2)]
    logs = np.log(one.error_lower.to_numpy()).reshape(-1)
    parts = [logs[(one.target_seed == draw).to_numpy()] for draw in range(5)]
    expected = np.sqrt(sum(((part - part.mean()) ** 2).sum() for part in parts) / 10)
    assert scatter(one) == (pytest.approx(expected), 10)
    with pytest.raises(ValueError, match="nothing says how much training scatters"):
        scatter(one[(one.seed == 0) & (one.target_seed == 0)])


def test_same():
    assert same(1.0, 1.0 + 1e-11)
    assert not same(1.0, 1.0 + 1e-9)
    assert same(float("nan"), float("nan"))
    assert not same(float("nan"), 1.0)
    assert not same("a", "b")
