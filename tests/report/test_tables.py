"""The released tables: columns, formats, and every number that follows from others recomputed from the rows alone."""

import csv
import math
from pathlib import Path

import pandas as pd
import pytest
from tolerances import ROUNDING

from varexp.sweep.rows import COLUMNS, STAGE_COLUMNS
from varexp.theory import ends, keff, printed, telescoped
from varexp.theory.verdicts import compare, theorem_5_6, vacuous

ROOT = Path(__file__).parents[2]
TABLES = ROOT / "results" / "tables"
EXPERIMENTS = sorted(path.stem for path in (ROOT / "configs" / "experiment").glob("*.yaml"))


def load(name):
    with (TABLES / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", EXPERIMENTS)
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


@pytest.mark.parametrize("name", EXPERIMENTS)
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

        if row["model"] == "flowar":
            empty = [c for c in COLUMNS if c.startswith(("bound_", "verdict", "eps_", "local_")) or c == "error_upper"]
            assert not any(row[c] for c in empty)
            assert 0 < float(row["error_noise_low"]) <= float(row["error_noise_high"])
            continue

        def ends_of(stage, name):
            upper = stage[f"{name}_upper"] if f"{name}_upper" in stage else stage[name]
            return float(stage[f"{name}_lower"]), float(upper) if upper else None

        def end(row, name):
            return float(row[name]) if row[name] else None

        lipschitz = [ends_of(s, "lipschitz") for s in stages]
        if row["model"] == "pyramid":
            local = [((1.0, 1.0), ends_of(s, "local_error"), (0.0, 0.0)) for s in stages]
            bound = ends(telescoped, lipschitz, local)
            assert bound == (float(row["bound_telescoped_lower"]), end(row, "bound_telescoped_upper"))
            error = float(row["error_lower"]), end(row, "error_upper")
            assert row["verdict_repaired"] == compare(*error, *bound) != "VIOLATED"
            assert not any(row[c] for c in ("verdict", "verdict_formula", "vacuous", "bound_printed_lower"))
            continue
        parts = [tuple(ends_of(s, n) for n in ("lipschitz_feature", "eps_interpolation", "eps_block")) for s in stages]
        bounds = {}
        for name, formula in (("telescoped", telescoped), ("printed", printed), ("keff", keff)):
            bounds[name] = ends(formula, lipschitz, parts)
            assert bounds[name] == (float(row[f"bound_{name}_lower"]), end(row, f"bound_{name}_upper"))
        own = [ends_of(s, "local_error") for s in stages]
        error = float(row["error_lower"]), end(row, "error_upper")
        certified = row["certified"] == "True"
        assert certified == all(upper is not None for stage in [own, [error], *parts] for _, upper in stage)
        assert error[0] <= float(row["bound_pointwise"]) * (1 + 1e-9)
        if certified:
            assert error[0] <= error[1]
            assert all(low <= high for low, high in own)
            split_ends = [k1[1] * e1[1] + e2[1] for k1, e1, e2 in parts]
            assert all(
                low <= most * (1 + ROUNDING) for (low, _), most in zip(own, split_ends, strict=True)
            )  # Lemma 5.3
            widest = telescoped([high for _, high in lipschitz], [high for _, high in own])
            assert float(row["bound_pointwise"]) <= widest * (1 + 1e-9)
        formula_verdict = compare(*error, *bounds["printed"])
        assert row["verdict_formula"] == formula_verdict
        assert row["verdict"] == theorem_5_6(max(low for low, _ in lipschitz), formula_verdict)
        assert row["verdict_repaired"] == compare(*error, *bounds["telescoped"]) != "VIOLATED"
        constant = (float(row["error_constant_lower"]), float(row["error_constant_upper"]))
        assert row["vacuous"] == {True: "True", False: "False", None: ""}[vacuous(*bounds["printed"], *constant)]
        assert math.isfinite(float(row["error_l2"]))


@pytest.mark.parametrize("name", ["depth", "width"])
def test_every_row_on_a_curve_is_certified_to_one_per_cent(name):
    for row in load(name):
        if row["diverged"] == "True":
            continue
        assert row["certified"] == "True"
        for column in ("error", "eps_interpolation", "eps_block", "local_error"):
            low, high = float(row[f"{column}_lower"]), float(row[f"{column}_upper"])
            assert low <= high <= 1.0101 * low + 1e-9
    for stage in load(f"{name}_stages"):
        assert all(stage[column] for column in STAGE_COLUMNS)


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
