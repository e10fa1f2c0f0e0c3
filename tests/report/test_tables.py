"""The released tables: columns, formats, and every number that follows from others recomputed from the rows alone."""

import csv
import math
from pathlib import Path

import pandas as pd
import pytest
from tolerances import ROUNDING

from varexp.report.tables import load_table
from varexp.sweeps.rows import STAGE_COLUMNS, columns
from varexp.theory import Interval, compare, enclosed_bound, keff, printed, telescoped
from varexp.theory.verdicts import theorem_5_6, vacuous

ROOT = Path(__file__).parents[2]
TABLES = ROOT / "results" / "tables"
EXPERIMENTS = sorted(path.stem for path in (ROOT / "configs" / "experiment").glob("*.yaml"))


def load(name):
    with (TABLES / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_columns_and_formats(name):
    rows, stages = load(name), load(f"{name}_stages")
    assert tuple(rows[0]) == columns()
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
            empty = [c for c in columns() if c.startswith(("bound_", "verdict", "eps_", "local_", "error_upper"))]
            assert not any(row[c] for c in empty)
            assert 0 < float(row["error_noise_low"]) <= float(row["error_noise_high"])
            continue

        def interval(stage, name):
            upper = stage[f"{name}_upper"] if f"{name}_upper" in stage else stage[name]
            return Interval(float(stage[f"{name}_lower"]), float(upper) if upper else math.inf)

        lipschitz, error = [interval(s, "lipschitz") for s in stages], interval(row, "error")
        if row["model"] == "pyramid":
            one, zero = Interval.exactly(1.0), Interval.exactly(0.0)
            bound = enclosed_bound(telescoped, lipschitz, [(one, interval(s, "local_error"), zero) for s in stages])
            assert bound == interval(row, "bound_telescoped")
            assert row["verdict_repaired"] == compare(error, bound) != "VIOLATED"
            assert not any(row[c] for c in ("verdict", "verdict_formula", "vacuous", "bound_printed_lower"))
            continue
        parts = [tuple(interval(s, n) for n in ("lipschitz_feature", "eps_interpolation", "eps_block")) for s in stages]
        bounds = {}
        for name, formula in (("telescoped", telescoped), ("printed", printed), ("keff", keff)):
            bounds[name] = enclosed_bound(formula, lipschitz, parts)
            assert bounds[name] == interval(row, f"bound_{name}")
        own = [interval(s, "local_error") for s in stages]
        certified = row["certified"] == "True"
        assert certified == all(number.bounded for stage in [own, [error], *parts] for number in stage)
        assert error.lower <= float(row["bound_pointwise"]) * (1 + 1e-9)
        if certified:
            split_ends = [k1.upper * e1.upper + e2.upper for k1, e1, e2 in parts]
            assert all(
                local.lower <= most * (1 + ROUNDING) for local, most in zip(own, split_ends, strict=True)
            )  # Lemma 5.3
            widest = telescoped([number.upper for number in lipschitz], [number.upper for number in own])
            assert float(row["bound_pointwise"]) <= widest * (1 + 1e-9)
        formula_verdict = compare(error, bounds["printed"])
        assert row["verdict_formula"] == formula_verdict
        assert row["verdict"] == theorem_5_6(max(number.lower for number in lipschitz), formula_verdict)
        assert row["verdict_repaired"] == compare(error, bounds["telescoped"]) != "VIOLATED"
        decided = vacuous(bounds["printed"], interval(row, "error_constant"))
        assert row["vacuous"] == {True: "True", False: "False", None: ""}[decided]
        assert math.isfinite(float(row["error_l2"]))


@pytest.mark.parametrize("name", ["depth", "kernel", "width"])
def test_every_row_on_a_curve_is_certified_and_nearly_all_to_one_per_cent(name):
    """The budget of cells ends before 1 % where a chain of six blocks is steep."""
    gaps = []
    for row in load(name):
        if row["diverged"] == "True":
            continue
        assert row["certified"] == "True"
        for column in ("error", "eps_interpolation", "eps_block", "local_error"):
            low, high = float(row[f"{column}_lower"]), float(row[f"{column}_upper"])
            assert low <= high
            gaps.append(high / low - 1 if low > 1e-7 else 0.0)
    gaps.sort()
    assert gaps[int(0.98 * len(gaps))] <= 0.0101
    assert gaps[-1] <= 0.05
    for stage in load(f"{name}_stages"):
        assert all(stage[column] for column in STAGE_COLUMNS)


def test_the_default_scale_is_what_is_released():
    depth, width, kernel = (pd.read_csv(TABLES / f"{n}.csv") for n in ("depth", "width", "kernel"))
    for table in (depth, width, kernel):
        assert set(table.seed) == {0, 1, 2}
        assert set(table.target_seed) == {0, 1, 2, 3, 4}
        assert (table.lipschitz > 2).all()
    assert set(depth.target) == {"affine", "fold", "sine", "mix"}
    assert set(depth.kernel) == {"dct", "keys"}
    assert set(depth.training) == {"stagewise", "teacher_forcing", "corrective"}
    assert set(depth.depth) == set(range(1, 7))
    assert (depth.sides == "1-1-2-3-4-5-6").any()
    assert width.width.nunique() == 6
    assert set(width.steps) == {1000, *(125 * width.width.unique())}
    assert kernel.kernel.nunique() == 11
    assert set(kernel.training) == {"stagewise", "teacher_forcing"}


def test_loaded_tables_are_typed():
    depth = load_table("depth", ROOT / "results")
    assert depth.certified.dtype == depth.in_class.dtype == bool
    assert depth.vacuous.isin([True, False]).sum() == depth.vacuous.notna().sum() > 0
    assert depth.sides.map(type).eq(str).all()
    with pytest.raises(FileNotFoundError, match=r"there is no table 'depht' .* there are: .*depth_stages"):
        load_table("depht", ROOT / "results")
