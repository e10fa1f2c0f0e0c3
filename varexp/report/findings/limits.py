"""What blocks cannot do, and what they are asked to do beyond single pixels: positions and filters."""

from pathlib import Path

import pandas as pd

from varexp.report.findings._finding import Finding, Section, Table, times
from varexp.report.statistics import DRAW, estimate
from varexp.report.tables import load_table


def sections(results: Path) -> list[Section]:
    """Positions; filters."""
    return [
        _positions(Table("positions", results), load_table("floor", results)),
        _filters(Table("filtering", results)),
    ]


def _positions(table: Table, floor: pd.DataFrame) -> Section:
    deepest, findings, said = int(table.all.depth.max()), [], []
    without = table.rows("not positions").merge(floor, on=["target", "K", DRAW, "depth"])
    without = without.assign(over=without.error_lower / without.floor_upper)
    without = without[without.floor_lower > 0]
    below = int((without.error_upper < without.floor_lower).sum())
    for target in dict.fromkeys(table.all.target):
        rows = without[(without.target == target) & (without.depth == deepest)]
        over = estimate(rows, "over")
        here = f"target == '{target}' and depth == {deepest}"
        gained = times(table.ratio(f"{here} and not positions", f"{here} and positions"))
        said.append(f"`{target}` {over}")
        findings.append(
            Finding(
                f"`{target}`, n = {deepest}: error without positions over the floor {over}, over the error with "
                f"positions {gained}.",
                table.name,
                here,
            )
        )
    findings.append(
        Finding(
            f"Of the {len(without)} rows without positions with a floor {below} lie below it: one would refute it.",
            table.name,
            "not positions",
        )
    )
    return Section(
        "Positions",
        f"Without positions a chain ends on its floor or near it, and not below: error over it at n = {deepest}: "
        f"{', '.join(said)}.",
        "How close do blocks without positions come to what no weights can beat, and what do positions buy?",
        ["positions"],
        findings,
        "Blocks as printed have no positions. From a word of one token they make uniform images, so that ε₂ cannot be "
        "made small for a target that is not uniform: Lemma 5.1 fails for it, by this much in sup norm.",
    )


def _filters(table: Table) -> Section:
    findings = []
    most, long = int(table.all.heads.max()), int(table.all.steps.max())
    for target in dict.fromkeys(table.all.target):
        for depth in sorted(set(table.all.depth)):
            here = f"target == '{target}' and depth == {depth} and steps == {long}"
            shares = [
                f"{heads} {'head' if heads == 1 else 'heads'} {table.mean(f'{here} and heads == {heads}', 'relative')}"
                for heads in sorted(set(table.all.heads))
            ]
            gain = times(table.ratio(f"{here} and heads == {most}", f"{here} and heads == 1"))
            findings.append(
                Finding(
                    f"`{target}`, n = {depth}, {long} steps: error over the best constant's: {', '.join(shares)}; "
                    f"{most} heads over one {gain}.",
                    table.name,
                    here,
                )
            )
    few = int(table.all.steps.min())
    first = "target == 'filter' and depth == 1"
    short = "; ".join(
        f"{steps} steps: {table.mean(f'{first} and steps == {steps} and heads == 1', 'relative')} with one head, "
        f"{table.mean(f'{first} and steps == {steps} and heads == {most}', 'relative')} with {most}"
        for steps in (few, long)
    )
    longer = table.ratio(f"{first} and heads == 1 and steps == {long}", f"{first} and heads == 1 and steps == {few}")
    findings.append(
        Finding(
            f"`filter`, n = 1, one head: {long} steps over {few} {times(longer)}.",
            table.name,
            f"{first} and heads == 1",
        )
    )
    return Section(
        "Filters",
        f"Error of one block over the best constant's on a phase filter of an image of 3x3 pixels: {short}.",
        "Does a block learn an image filter, a convolution whose norm is known, as it learns other targets?",
        ["filtering"],
        findings,
        "A head mixes pixels by positive weights that sum to 1, and a filter's weights have signs: it is a combination "
        "of several heads, or of one head and the residual. A filter is in the theorem's scope like any Lipschitz map.",
    )
