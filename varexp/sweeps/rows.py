"""From evaluations to the columns of a table: bounds by theory/, verdicts by intervals, provenance."""

import math
import os
import platform
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from varexp.errors import SoundnessError
from varexp.families import FAMILIES, Evaluation
from varexp.families.base import ends_of
from varexp.maps.interpolation import KERNELS
from varexp.maps.norms import find_norm
from varexp.measurement.constant import constant_prediction
from varexp.measurement.measure import SUPS_OF_A_STAGE
from varexp.sweeps.cells import SCHEMA, Cell
from varexp.sweeps.config import CHECKOUT, ROOT, settings
from varexp.sweeps.records import Record, code_version
from varexp.theory import Interval, enclosed_bound, keff, printed, telescoped
from varexp.theory.verdicts import Verdict, compare, theorem_5_6, vacuous
from varexp.training.problem import Trained

FIRST_COLUMNS = tuple(
    "experiment key model target domain kernel depth width hidden heads head_size positions training norm channels "
    "sides seed K lipschitz lipschitz_kind eps_interpolation_lower eps_interpolation_upper eps_block_lower "
    "eps_block_upper local_error_lower local_error_upper error_mean error_l2 error_constant_lower "
    "error_constant_upper error_lower error_upper error_gap bound_pointwise bound_telescoped_lower "
    "bound_telescoped_upper bound_printed_lower bound_printed_upper bound_keff_lower bound_keff_upper verdict "
    "verdict_formula verdict_repaired vacuous certified in_class diverged steps train_rms wall_s git_commit "
    "version torch machine processor".split()
)

STAGE_COLUMNS = tuple(
    "key stage side_in side_out lipschitz lipschitz_feature lipschitz_lower lipschitz_feature_lower "
    "eps_interpolation_lower eps_interpolation_upper eps_block_lower eps_block_upper local_error_lower "
    "local_error_upper".split()
)


def columns() -> tuple[str, ...]:
    """The columns of a table: the ones of every table, all other settings, and the measurements of single families."""
    measured = [name for family in FAMILIES.values() for name in family.measured_columns]
    return tuple(dict.fromkeys((*FIRST_COLUMNS, *settings(), *measured)))


def make_record(cell: Cell, trained: Trained[Any], evaluation: Evaluation | None, wall_s: float) -> Record:
    """The record of a cell. `evaluation` None: the model diverged at or before this depth."""
    row = dict.fromkeys(columns()[1:])
    train_rms = trained.train_rms[cell.depth - 1]
    row |= cell.columns()
    row.update(
        key=cell.key,
        in_class=KERNELS[cell.kernel].in_class,
        certified=evaluation is not None and evaluation.certified,
        diverged=evaluation is None,
        train_rms=train_rms if math.isfinite(train_rms) else None,
        wall_s=wall_s,
        git_commit=git_commit(),
        version=code_version(),
        **{name: made_with for name, made_with in provenance().items() if name in row},
    )
    row |= _constants(cell)
    stages = _stage_rows(cell, evaluation)
    if evaluation is not None:
        row |= evaluation.columns
        row["error_gap"] = relative_gap(row["error_lower"], row["error_upper"])
        if evaluation.stages:
            row |= judged(row, stages)
    return {
        "schema": SCHEMA,
        "key": cell.key,
        "version": code_version(),
        "cell": cell.content(),
        "row": row,
        "stages": stages,
        "curves": [[value if math.isfinite(value) else None for value in c] for c in trained.curves[: cell.depth]],
        "provenance": provenance(),
    }


def relative_gap(lower: float | None, upper: float | None) -> float | None:
    """How far an upper end is above its lower end, relative to it; None without an upper end, or where it is 0."""
    return None if upper is None or not lower else upper / lower - 1


def _constants(cell: Cell) -> dict[str, Any]:
    target, norm = cell.target_object, find_norm(cell.measurement.norm)
    constants = [stage.lipschitz(norm) for stage in target.stages]
    return {
        "lipschitz": max(c.upper for c in constants),
        "lipschitz_kind": "exact" if all(c.kind == "exact" for c in constants) else "upper",
        **ends_of("error_constant", constant_prediction(target, cell.domain_object, norm)),
    }


def _stage_rows(cell: Cell, evaluation: Evaluation | None) -> list[dict[str, Any]]:
    norm, rows = find_norm(cell.measurement.norm), []
    for index, stage in enumerate(cell.target_object.stages):
        row = dict.fromkeys(STAGE_COLUMNS)
        row.update(
            key=cell.key,
            stage=index + 1,
            side_in=stage.side_in,
            side_out=stage.side_out,
            lipschitz=stage.lipschitz(norm).upper,
            lipschitz_feature=stage.lipschitz_feature(norm).upper,
            lipschitz_lower=stage.lipschitz(norm).lower,
            lipschitz_feature_lower=stage.lipschitz_feature(norm).lower,
        )
        if evaluation is not None and evaluation.stages:
            row |= evaluation.stages[index]
        rows.append(row)
    return rows


def bounds(stages: list[dict[str, Any]]) -> dict[str, Interval]:
    """The bounds by name from the rows of a stage table, rounded outwards.

    Where blocks see more than Φ_i t_{i-1}, Lemma 5.3 has nothing to split: the telescoped bound is made of the local
    errors, and the others, which are stated in ε_1 and ε_2, stay unknown.
    """

    def interval(row: dict[str, Any], name: str) -> Interval:
        upper = row[f"{name}_upper"] if name in SUPS_OF_A_STAGE else row[name]
        return Interval(row[f"{name}_lower"], math.inf if upper is None or upper != upper else upper)

    lipschitz = [interval(row, "lipschitz") for row in stages]
    names = ("lipschitz_feature", "eps_interpolation", "eps_block")
    formulas = {"telescoped": telescoped, "printed": printed, "keff": keff}
    parts: list[tuple[Interval, Interval, Interval]]
    one, zero = Interval.exactly(1.0), Interval.exactly(0.0)
    if stages[0]["eps_block_lower"] is None:
        formulas = {"telescoped": telescoped}
        parts = [(one, interval(row, "local_error"), zero) for row in stages]
    else:
        parts = [(interval(row, names[0]), interval(row, names[1]), interval(row, names[2])) for row in stages]
    return {name: enclosed_bound(formula, lipschitz, parts) for name, formula in formulas.items()}


def judged(row: dict[str, Any], stages: list[dict[str, Any]]) -> dict[str, Any]:
    """Bounds and verdicts from the measured columns of a row and the rows of its stage table.

    Raises SoundnessError if the telescoped bound, a theorem, comes out violated.
    """
    found = bounds(stages)
    hypothesis = max(stage["lipschitz_lower"] for stage in stages)
    error = Interval(row["error_lower"], math.inf if row["error_upper"] is None else row["error_upper"])
    highest = row["error_constant_upper"]
    constant = Interval(row["error_constant_lower"], math.inf if highest is None else highest)
    columns = {}
    for name in ("telescoped", "printed", "keff"):
        bound = found.get(name)
        columns[f"bound_{name}_lower"] = None if bound is None else bound.lower
        columns[f"bound_{name}_upper"] = bound.upper if bound is not None and bound.bounded else None
    formula = compare(error, found["printed"]) if "printed" in found else None
    repaired = compare(error, found["telescoped"])
    if repaired is Verdict.VIOLATED:
        raise SoundnessError(
            f"cell {row['key']}: the telescoped bound is a theorem and came out violated: {row | columns}"
        )
    return {
        **columns,
        "verdict_formula": None if formula is None else str(formula),
        "verdict": None if formula is None else str(theorem_5_6(hypothesis, formula)),
        "verdict_repaired": str(repaired),
        "vacuous": vacuous(found["printed"], constant) if "printed" in found else None,
    }


@lru_cache(maxsize=1)
def git_commit() -> str | None:
    """The commit of the checkout, `-dirty` if its code or configs differ from it; None outside a repository of its own.

    A copy inside another repository has no commit; variables such as GIT_DIR, which speak of another one, do not count.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(ROOT), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()

    if not CHECKOUT:
        return None
    try:
        if Path(git("rev-parse", "--show-toplevel")).resolve() != ROOT.resolve():
            return None
        commit = git("rev-parse", "HEAD")
        changed = git("status", "--porcelain", "--", "varexp", "configs", "scripts")
    except (OSError, subprocess.CalledProcessError):
        return None
    return f"{commit}-dirty" if changed else commit


@lru_cache(maxsize=1)
def provenance() -> dict[str, str]:
    """What a record was made with, beside its code; the processor by the instructions that torch uses on it."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "machine": platform.machine(),
        "processor": torch.backends.cpu.get_cpu_capability(),
    }
