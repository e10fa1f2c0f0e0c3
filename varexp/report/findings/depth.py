"""Depth, growth and tightness: the central question."""

from pathlib import Path

import numpy as np
import pandas as pd

from varexp.report.findings._finding import Finding, Section, Table, times
from varexp.report.growth import FIRST_DEPTH, SATURATED, growth
from varexp.report.statistics import (
    DRAW,
    SEED,
    Estimate,
    estimate,
    exponential,
    geometric_mean,
    interquartile_mean,
    mean_of_draws,
)

TARGETS = ("affine", "fold", "sine", "mix")
PLAIN = "kernel == 'keys' and training == 'stagewise'"


def sections(results: Path) -> list[Section]:
    """Depth; growth; tightness."""
    table = Table("depth", results)
    deepest = int(table.all.depth.max())
    return [_depth(table, deepest), _growth(table, deepest), _tightness(table, deepest)]


def _depth(table: Table, deepest: int) -> Section:
    findings = []
    for target in TARGETS:
        here = f"target == '{target}' and kernel == 'keys' and depth == {deepest}"
        shares = {
            name: table.mean(f"{here} and training == '{name}'", "relative")
            for name in ("stagewise", "teacher_forcing", "corrective")
        }
        middle = interquartile_mean(table.rows(f"{here} and training == 'stagewise'").relative)
        said = ", ".join(f"{name} {share}" for name, share in shares.items())
        findings.append(
            Finding(
                f"`{target}`, {deepest} blocks: error over the best constant's: {said}; interquartile mean of "
                f"the stagewise rows {middle:.3g}.",
                table.name,
                here,
            )
        )
    for name in ("teacher_forcing", "corrective"):
        here = f"kernel == 'keys' and depth == {deepest}"
        said = ", ".join(
            f"`{target}` "
            + times(
                table.ratio(
                    f"{here} and target == '{target}' and training == '{name}'",
                    f"{here} and target == '{target}' and training == 'stagewise'",
                )
            )
            for target in TARGETS
        )
        findings.append(Finding(f"Error of {name} over stagewise, paired by draw and seed: {said}.", table.name, here))
    sine = f"target == 'sine' and kernel == 'keys' and depth == {deepest}"
    shown = [table.mean(f"{sine} and training == '{name}'", "relative") for name in ("stagewise", "corrective")]
    worse = table.all[table.all.error_lower > table.all.error_constant_upper]
    findings.append(
        Finding(
            f"{len(worse)} of {len(table.all)} rows are worse than the best constant prediction; "
            f"{table.diverged} more diverged.",
            table.name,
            "error_lower > error_constant_upper",
        )
    )
    return Section(
        "Depth",
        f"With {deepest} blocks and kernel keys, `sine`: blocks that imitate f_i reach {shown[0]} of the best "
        f"constant's error, corrective ones, which may mend the kernel and the blocks before them, {shown[1]}.",
        "How large is the error of a chain of n blocks, by what its blocks are trained to do?",
        ["depth", "depth_grid", "depth_relative"],
        findings,
        "The theorem says that weights with a small error exist. These are errors of weights that training finds: "
        "where they are large they refute nothing.",
    )


def _growth(table: Table, deepest: int) -> Section:
    findings: list[Finding] = []
    free: list[str] = []
    limited: list[str] = []
    factors: list[float] = []
    for target in TARGETS:
        for kernel in ("keys", "dct"):
            here = f"target == '{target}' and kernel == '{kernel}' and training == 'stagewise'"
            rows = table.rows(here)
            relative, amplitude = growth(rows, "relative"), growth(rows, "error_constant_upper", free=True)
            last, factor = a_block(rows)
            factors.append(factor.value)
            (limited if last < deepest else free).append(f"`{target}` {kernel} {factor}")
            findings.append(
                Finding(
                    f"`{target}`, kernel {kernel}: law of the error: {growth(rows, 'error_lower')}; of the error over "
                    f"the best constant's: {relative}; of the best constant's: {amplitude}. The error over the best "
                    f"constant's grows by a factor of {factor} a block from n = 2 to {last}.",
                    table.name,
                    here,
                )
            )
    return Section(
        "Growth",
        f"The error over the target's amplitude grows by a factor of {min(factors):.3g} to {max(factors):.3g} a block, "
        "by target and kernel, where K₂ is 2.1.",
        f"How does the error grow from n = 2 to {deepest}? Law and rate are chosen by the rule at the top of "
        "varexp/report/growth.py; log 2.1 = .74. A kernel acts from n = 3 on, since words and the first image are "
        "interpolated exactly.",
        ["depth", "depth_relative"],
        findings,
        "The printed bound has K₂ⁿ in it, 2.1 a block here, and through max ε_i the amplitude of the last stage once "
        "more. How the error over the amplitude grows a block: "
        f"{'; '.join(free)}. Saturated before n = {deepest}: {'; '.join(limited) or 'none'}.",
    )


def a_block(rows: pd.DataFrame) -> tuple[int, Estimate]:
    """By which factor the error over the constant's grows a block from n = 2 to the last depth below half of it."""
    means = rows.groupby("depth").relative.agg(geometric_mean)
    below = [int(n) for n in means.index if means[n] <= SATURATED]
    first, last = rows[rows.depth == FIRST_DEPTH], rows[rows.depth == max(below)]
    logs = np.log(last.set_index([DRAW, SEED]).relative) - np.log(first.set_index([DRAW, SEED]).relative)
    return max(below), exponential(mean_of_draws(logs.groupby(level=DRAW).mean() / (max(below) - FIRST_DEPTH)))


def _range(table: Table, deepest: int, column: str) -> str:
    """The smallest and the largest mean over targets of the error over a bound."""
    shares = []
    for target in TARGETS:
        rows = table.rows(f"target == '{target}' and {PLAIN} and depth == {deepest}")
        shares.append(estimate(rows.assign(used=rows.error_lower / rows[column]), "used").value)
    return f"{min(shares):.2g} to {max(shares):.2g}"


def _tightness(table: Table, deepest: int) -> Section:
    findings = []
    for target in TARGETS:
        here = f"target == '{target}' and {PLAIN} and depth == {deepest}"
        rows = table.rows(here)
        used = [
            f"{label} {estimate(rows.assign(used=rows.error_lower / rows[column]), 'used')}"
            for label, column in (
                ("pointwise", "bound_pointwise"),
                ("telescoped", "bound_telescoped_upper"),
                ("as printed", "bound_printed_upper"),
            )
        ]
        findings.append(Finding(f"`{target}`: error over bound: {', '.join(used)}.", table.name, here))
    met = table.all[table.all.verdict != "HYPOTHESIS_NOT_MET"]
    vacuous = int((met.vacuous.map(str) == "True").sum())
    counts = ", ".join(f"{count} {name}" for name, count in met.verdict.value_counts().items())
    findings.append(
        Finding(
            f"Verdicts on the printed bound where K₂ > 2: {counts}; it is vacuous (above the best constant's error) in "
            f"{vacuous} of {len(met)} rows. HOLDS is a theorem about these chains, with ε's measured on them: another "
            "verdict would be a fault of this code.",
            table.name,
            "verdict != 'HYPOTHESIS_NOT_MET'",
        )
    )
    return Section(
        "Tightness",
        f"At n = {deepest} the error is {_range(table, deepest, 'bound_pointwise')} of the pointwise bound and "
        f"{_range(table, deepest, 'bound_printed_upper')} of the printed one, by target.",
        f"How much of each bound is used at n = {deepest}, kernel keys, blocks trained stagewise?",
        ["depth", "depth_grid"],
        findings,
        "Each bound is weaker than the one before it. The printed form loses most: it takes the largest ε and the "
        "largest constants of all stages for every stage.",
    )
