"""From evidence to the columns of a table: bounds by theory/, verdicts by intervals, provenance."""

import dataclasses
import math
import platform
import subprocess
from functools import lru_cache
from typing import Any

import torch

from varexp.evidence.constant import constant_prediction
from varexp.evidence.measure import DepthEvidence
from varexp.evidence.soundness import SoundnessError
from varexp.evidence.train import Trained
from varexp.maps.interpolation import KERNELS
from varexp.maps.norms import check_norm
from varexp.sweep.cells import SCHEMA, Cell
from varexp.sweep.config import REPOSITORY
from varexp.sweep.records import Record, code_version
from varexp.theory import keff, printed, split, telescoped
from varexp.theory.verdicts import Verdict, compare, theorem_5_6, vacuous

COLUMNS = tuple(
    "experiment key model target domain kernel depth width hidden heads head_size positions training norm channels "
    "sides seed K lipschitz lipschitz_kind eps_interpolation_lower eps_interpolation_upper eps_block_lower "
    "eps_block_upper local_error_lower local_error_upper error_mean error_l2 error_constant_lower "
    "error_constant_upper error_lower error_upper bound_pointwise bound_telescoped_lower bound_telescoped_upper "
    "bound_printed_lower bound_printed_upper bound_keff_lower bound_keff_upper verdict verdict_formula "
    "verdict_repaired vacuous certified in_class diverged steps train_rms wall_s git_commit version".split()
)

STAGE_COLUMNS = tuple(
    "key stage side_in side_out lipschitz lipschitz_feature eps_interpolation_lower eps_interpolation_upper "
    "eps_block_lower eps_block_upper local_error_lower local_error_upper".split()
)


def make_record(cell: Cell, trained: Trained, evidence: DepthEvidence | None, wall_s: float) -> Record:
    """The record of a cell. `evidence` None: the model diverged at or before this depth."""
    row = dict.fromkeys(COLUMNS[1:])
    content = cell.content()
    row.update({name: content[name] for name in row if name in content})
    row.update(key=cell.key, sides="-".join(map(str, cell.sides)))
    train_rms = trained.train_rms[cell.depth - 1]
    row.update(
        in_class=KERNELS[cell.kernel].in_class,
        certified=False,
        diverged=evidence is None,
        train_rms=train_rms if math.isfinite(train_rms) else None,
        wall_s=wall_s,
        git_commit=git_commit(),
        version=code_version(),
    )
    row.update(_constants(cell))
    stages = _stage_rows(cell, evidence)
    if evidence is not None:
        row.update(_measured(evidence))
        row.update(_bounds_and_verdicts(cell, row, stages))
    return {
        "schema": SCHEMA,
        "key": cell.key,
        "version": code_version(),
        "cell": content,
        "row": row,
        "stages": stages,
        "curves": [[value if math.isfinite(value) else None for value in c] for c in trained.curves[: cell.depth]],
        "provenance": provenance(),
    }


def _constants(cell: Cell) -> dict[str, Any]:
    target, norm = cell.target_object(), check_norm(cell.norm)
    constants = [stage.lipschitz(norm) for stage in target.stages]
    lower, upper = constant_prediction(target, cell.domain_object(), norm)
    return {
        "lipschitz": max(c.upper for c in constants),
        "lipschitz_kind": "exact" if all(c.kind == "exact" for c in constants) else "upper",
        "error_constant_lower": lower,
        "error_constant_upper": upper,
    }


def _stage_rows(cell: Cell, evidence: DepthEvidence | None) -> list[dict[str, Any]]:
    norm = check_norm(cell.norm)
    rows = []
    for index, stage in enumerate(cell.target_object().stages):
        row = dict.fromkeys(STAGE_COLUMNS)
        row.update(
            key=cell.key,
            stage=index + 1,
            side_in=stage.side_in,
            side_out=stage.side_out,
            lipschitz=stage.lipschitz(norm).upper,
            lipschitz_feature=stage.lipschitz_feature(norm).upper,
        )
        if evidence is not None:
            found = evidence.stages[index]
            row.update({f"{field.name}_lower": getattr(found, field.name) for field in dataclasses.fields(found)})
        rows.append(row)
    return rows


def _measured(evidence: DepthEvidence) -> dict[str, Any]:
    return {
        "eps_interpolation_lower": max(s.eps_interpolation for s in evidence.stages),
        "eps_block_lower": max(s.eps_block for s in evidence.stages),
        "local_error_lower": max(s.local_error for s in evidence.stages),
        "error_lower": evidence.error,
        "error_mean": evidence.error_mean,
        "error_l2": evidence.error_l2,
        "bound_pointwise": evidence.bound_pointwise,
    }


def bounds(stages: list[dict[str, Any]], end: str) -> dict[str, float]:
    """The three bounds from one end ("lower" or "upper") of the ε's in the rows of a stage table."""
    lipschitz = [row["lipschitz"] for row in stages]
    local = split(
        [row["lipschitz_feature"] for row in stages],
        [row[f"eps_interpolation_{end}"] for row in stages],
        [row[f"eps_block_{end}"] for row in stages],
    )
    formulas = {"telescoped": telescoped, "printed": printed, "keff": keff}
    return {f"bound_{name}_{end}": formula(lipschitz, local) for name, formula in formulas.items()}


def _bounds_and_verdicts(cell: Cell, row: dict[str, Any], stages: list[dict[str, Any]]) -> dict[str, Any]:
    lower = bounds(stages, "lower")
    norm = check_norm(cell.norm)
    hypothesis = max(stage.lipschitz(norm).lower for stage in cell.target_object().stages)
    error = (row["error_lower"], row["error_upper"])
    constant = (row["error_constant_lower"], row["error_constant_upper"])
    formula = compare(*error, lower["bound_printed_lower"], row["bound_printed_upper"])
    repaired = compare(*error, lower["bound_telescoped_lower"], row["bound_telescoped_upper"])
    if repaired is Verdict.VIOLATED:
        raise SoundnessError(f"cell {cell.key}: the telescoped bound is a theorem and came out violated: {row}")
    return {
        **lower,
        "verdict_formula": str(formula),
        "verdict": str(theorem_5_6(hypothesis, formula)),
        "verdict_repaired": str(repaired),
        "vacuous": vacuous(lower["bound_printed_lower"], row["bound_printed_upper"], *constant),
    }


@lru_cache(maxsize=1)
def git_commit() -> str | None:
    """The commit of the checkout, `-dirty` if its code or configs differ from it; None outside a repository."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(REPOSITORY), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        commit = git("rev-parse", "HEAD")
        changed = git("status", "--porcelain", "--", "varexp", "configs", "scripts")
    except (OSError, subprocess.CalledProcessError):
        return None
    return f"{commit}-dirty" if changed else commit


@lru_cache(maxsize=1)
def provenance() -> dict[str, str]:
    """What a record was made with, beside its code."""
    return {"python": platform.python_version(), "torch": torch.__version__, "machine": platform.machine()}
