"""From evidence to the columns of a table: bounds by theory/, verdicts by intervals, provenance."""

import math
import platform
import subprocess
from functools import lru_cache
from typing import Any

import torch

from varexp.evidence.constant import constant_prediction
from varexp.evidence.generation import FlowEvidence
from varexp.evidence.measure import DepthEvidence
from varexp.evidence.soundness import SoundnessError
from varexp.evidence.train import Trained
from varexp.maps.interpolation import KERNELS
from varexp.maps.norms import check_norm
from varexp.sweep.cells import SCHEMA, Cell
from varexp.sweep.config import REPOSITORY
from varexp.sweep.records import Record, code_version
from varexp.theory import Ends, ends, keff, printed, telescoped
from varexp.theory.verdicts import Verdict, compare, theorem_5_6, vacuous

COLUMNS = tuple(
    "experiment key model target domain kernel depth width hidden heads head_size positions training norm channels "
    "sides seed K lipschitz lipschitz_kind eps_interpolation_lower eps_interpolation_upper eps_block_lower "
    "eps_block_upper local_error_lower local_error_upper error_mean error_l2 error_constant_lower "
    "error_constant_upper error_lower error_upper bound_pointwise bound_telescoped_lower bound_telescoped_upper "
    "bound_printed_lower bound_printed_upper bound_keff_lower bound_keff_upper verdict verdict_formula "
    "verdict_repaired vacuous certified in_class diverged steps train_rms wall_s git_commit version "
    "block_causal network sampler sampler_steps error_merged_lower error_merged_upper error_noise_low "
    "error_noise_high noise_rms".split()
)

SUPS = ("eps_interpolation", "eps_block", "local_error")  # of each stage, known from both sides

STAGE_COLUMNS = tuple(
    "key stage side_in side_out lipschitz lipschitz_feature lipschitz_lower lipschitz_feature_lower "
    "eps_interpolation_lower eps_interpolation_upper eps_block_lower eps_block_upper local_error_lower "
    "local_error_upper".split()
)


def make_record(
    cell: Cell, trained: Trained[Any], evidence: DepthEvidence | FlowEvidence | None, wall_s: float
) -> Record:
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
    stages = _stage_rows(cell, evidence if isinstance(evidence, DepthEvidence) else None)
    if isinstance(evidence, DepthEvidence):
        row.update(_measured(evidence))
        row.update(judged(row, stages))
    elif evidence is not None:
        row.update(_generated(evidence))
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
            lipschitz_lower=stage.lipschitz(norm).lower,
            lipschitz_feature_lower=stage.lipschitz_feature(norm).lower,
        )
        if evidence is not None:
            for name in SUPS:
                interval = getattr(evidence.stages[index], name)
                row.update({f"{name}_lower": interval.lower, f"{name}_upper": interval.upper})
        rows.append(row)
    return rows


def _measured(evidence: DepthEvidence) -> dict[str, Any]:
    row: dict[str, Any] = {
        "error_lower": evidence.error.lower,
        "error_upper": evidence.error.upper,
        "error_merged_lower": evidence.error_merged.lower,
        "error_merged_upper": evidence.error_merged.upper,
        "error_mean": evidence.error_mean,
        "error_l2": evidence.error_l2,
        "bound_pointwise": evidence.bound_pointwise,
    }
    for name in SUPS:
        intervals = [getattr(stage, name) for stage in evidence.stages]
        row[f"{name}_lower"] = _largest([interval.lower for interval in intervals])
        row[f"{name}_upper"] = _largest([interval.upper for interval in intervals])
    row["certified"] = all(
        row[f"{name}_upper"] is not None for name in ("error", *SUPS) if row[f"{name}_lower"] is not None
    )
    return row


def _generated(evidence: FlowEvidence) -> dict[str, Any]:
    """What randomness allows to say: lower ends at one draw of the noise, and quantiles over draws."""
    return {
        "error_lower": evidence.error,
        "error_mean": evidence.error_mean,
        "error_l2": evidence.error_l2,
        "error_noise_low": evidence.noise_low,
        "error_noise_high": evidence.noise_high,
        "noise_rms": evidence.noise_rms,
    }


def _largest(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return max(known) if len(known) == len(values) else None


def bounds(stages: list[dict[str, Any]]) -> dict[str, float | None]:
    """Both ends of the three bounds from the rows of a stage table, rounded outwards.

    Where blocks see more than Φ_i t_{i-1}, Lemma 5.3 has nothing to split: the telescoped bound is made of the local
    errors, and the others, which are stated in ε_1 and ε_2, stay unknown.
    """

    def interval(row: dict[str, Any], name: str) -> Ends:
        upper = row[f"{name}_upper"] if name in SUPS else row[name]
        return row[f"{name}_lower"], None if upper is None or upper != upper else upper

    lipschitz = [interval(row, "lipschitz") for row in stages]
    names = ("lipschitz_feature", "eps_interpolation", "eps_block")
    formulas = {"telescoped": telescoped, "printed": printed, "keff": keff}
    parts: list[tuple[Ends, Ends, Ends]]
    result: dict[str, float | None] = {f"bound_{name}_{end}": None for name in formulas for end in ("lower", "upper")}
    if stages[0]["eps_block_lower"] is None:
        formulas = {"telescoped": telescoped}
        parts = [((1.0, 1.0), interval(row, "local_error"), (0.0, 0.0)) for row in stages]
    else:
        parts = [(interval(row, names[0]), interval(row, names[1]), interval(row, names[2])) for row in stages]
    for name, formula in formulas.items():
        lower, upper = ends(formula, lipschitz, parts)
        result |= {f"bound_{name}_lower": lower, f"bound_{name}_upper": upper}
    return result


def judged(row: dict[str, Any], stages: list[dict[str, Any]]) -> dict[str, Any]:
    """Bounds and verdicts from the measured columns of a row and the rows of its stage table.

    Raises SoundnessError if the telescoped bound, a theorem, comes out violated.
    """
    found = bounds(stages)
    hypothesis = max(stage["lipschitz_lower"] for stage in stages)
    error = (row["error_lower"], row["error_upper"])
    constant = (row["error_constant_lower"], row["error_constant_upper"])

    def verdict(name: str) -> Verdict:
        return compare(*error, found[f"bound_{name}_lower"], found[f"bound_{name}_upper"])

    stated = found["bound_printed_lower"] is not None
    formula, repaired = verdict("printed"), verdict("telescoped")
    if repaired is Verdict.VIOLATED:
        raise SoundnessError(
            f"cell {row['key']}: the telescoped bound is a theorem and came out violated: {row | found}"
        )
    return {
        **found,
        "verdict_formula": str(formula) if stated else None,
        "verdict": str(theorem_5_6(hypothesis, formula)) if stated else None,
        "verdict_repaired": str(repaired),
        "vacuous": vacuous(found["bound_printed_lower"], found["bound_printed_upper"], *constant),
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
