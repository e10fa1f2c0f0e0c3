"""The released tables: columns, formats, and every number that follows from others recomputed from the rows alone."""

import csv
import math
from pathlib import Path

import pandas as pd
import pytest
from tolerances import ROUNDING

from varexp.report.figures import FIGURES
from varexp.sweep.rows import COLUMNS, STAGE_COLUMNS
from varexp.theory import keff, printed, split, telescoped
from varexp.theory.verdicts import compare, theorem_5_6, vacuous

TABLES = Path(__file__).parents[2] / "results" / "tables"


def load(name):
    with (TABLES / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", FIGURES)
def test_columns_and_formats(name):
    rows, stages = load(name), load(f"{name}_stages")
    assert tuple(rows[0]) == COLUMNS
    assert tuple(stages[0]) == STAGE_COLUMNS
    assert len({row["key"] for row in rows}) == len(rows)
    for row in [*rows, *stages]:
        for value in row.values():
            assert value.lower() not in ("nan", "inf", "-inf", "none")
    for row in rows:
        assert row["experiment"] == name
        assert {row[c] for c in ("positions", "certified", "in_class", "diverged")} <= {"True", "False"}
        assert len(row["sides"].split("-")) == int(row["depth"]) + 1
        for column, value in row.items():
            if (
                value
                and column.startswith(("K", "lipschitz", "eps_", "error_", "bound_"))
                and column != "lipschitz_kind"
            ):
                assert value == repr(float(value)), "the fewest digits that read back the same"


@pytest.mark.parametrize("name", FIGURES)
def test_every_bound_and_verdict_recomputes_from_the_released_rows(name):
    by_key = {}
    for stage in load(f"{name}_stages"):
        by_key.setdefault(stage["key"], []).append(stage)
    for row in load(name):
        stages = by_key[row["key"]]
        assert [int(s["stage"]) for s in stages] == list(range(1, int(row["depth"]) + 1))
        if row["diverged"] == "True":
            assert row["error_lower"] == ""
            continue
        lipschitz = [float(s["lipschitz"]) for s in stages]
        columns = ("lipschitz_feature", "eps_interpolation_lower", "eps_block_lower")
        local = split(*([float(s[c]) for s in stages] for c in columns))
        for column, formula in (("telescoped", telescoped), ("printed", printed), ("keff", keff)):
            assert float(row[f"bound_{column}_lower"]) == formula(lipschitz, local)
        own = [float(s["local_error_lower"]) for s in stages]
        assert all(e <= bound * (1 + ROUNDING) for e, bound in zip(own, local, strict=True))  # Lemma 5.3 on one set
        assert float(row["error_lower"]) <= float(row["bound_pointwise"]) * (1 + 1e-9)
        assert float(row["bound_pointwise"]) <= telescoped(lipschitz, own) * (1 + 1e-9)
        error, bound = (float(row["error_lower"]), None), (float(row["bound_printed_lower"]), None)
        formula_verdict = compare(*error, *bound)
        assert row["verdict_formula"] == formula_verdict
        assert row["verdict"] == theorem_5_6(float(row["lipschitz"]) * (1 - 1e-9), formula_verdict)
        ends = (float(row["error_constant_lower"]), float(row["error_constant_upper"]))
        assert row["vacuous"] == {True: "True", False: "False", None: ""}[vacuous(*bound, *ends)]
        assert math.isfinite(float(row["error_l2"]))


def test_the_default_scale_is_what_is_released():
    depth, width, kernel = (pd.read_csv(TABLES / f"{n}.csv") for n in ("depth", "width", "kernel"))
    image = depth[depth.domain == "curve-2"]
    assert set(image.target) == {"affine", "fold", "sine", "mix"}
    assert set(image.K) == {1.5, 2.1, 2.5}
    assert set(image.kernel) == {"dct", "keys"}
    assert set(image.depth) == set(range(1, 7))
    assert set(depth.seed) == set(range(5))
    assert (depth.sides == "4-4-4-4-4-4-4").any()
    assert (depth.sides == "1-1-2-3-4-5-6").any()
    assert width.width.nunique() == 6
    assert width.steps.nunique() == 2
    assert (kernel.lipschitz > 2).all()
    assert kernel.kernel.nunique() == 11
