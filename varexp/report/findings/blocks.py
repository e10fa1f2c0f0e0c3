"""What blocks are and what they are trained to do."""

from pathlib import Path

import numpy as np

from varexp.report.figures.literal import block_name
from varexp.report.figures.width import EQUAL, GROWING, slope
from varexp.report.findings._finding import Finding, Section, Table, times
from varexp.report.statistics import DRAW, Estimate, estimate, exponential, mean_of_draws, ratio


def sections(results: Path) -> list[Section]:
    """Training; the paper's own block; heads; width."""
    return [
        _training(Table("training", results)),
        _literal(Table("literal", results)),
        _heads(Table("heads", results)),
        _width(Table("width", results)),
    ]


def _training(table: Table) -> Section:
    deepest, findings = int(table.all.depth.max()), []
    for target in dict.fromkeys(table.all.target):
        here = f"target == '{target}' and depth == {deepest}"
        plain = f"{here} and training == 'stagewise'"
        said = []
        for name in dict.fromkeys(table.all.training):
            rows = table.rows(f"{here} and training == '{name}'")
            wide = estimate(rows.assign(wide=rows.bound_telescoped_lower / rows.error_lower), "wide")
            found = times(table.ratio(f"{here} and training == '{name}'", plain))
            said.append(f"{name} {'1' if name == 'stagewise' else found}, telescoped bound over error {wide}")
        findings.append(Finding(f"`{target}`, error over that of stagewise: {'; '.join(said)}.", table.name, here))
    return Section(
        "Training",
        f"`sine`, {deepest} blocks, error over that of stagewise: corrective {_over(table, deepest, 'corrective')}, "
        f"all blocks at once from scratch {_over(table, deepest, 'end_to_end')}.",
        f"Which objective makes a chain of {deepest} blocks accurate, and which leaves the bounds informative?",
        ["training"],
        findings,
        "The telescoped bound is made of ε's, which are about blocks that imitate f_i: it does not reward what another "
        "objective gains, and says nothing of a chain that is trained as a whole.",
    )


def _over(table: Table, depth: int, name: str) -> str:
    here = f"target == 'sine' and depth == {depth}"
    return times(table.ratio(f"{here} and training == '{name}'", f"{here} and training == 'stagewise'"))


def _literal(table: Table) -> Section:
    table.all = table.all.assign(block=table.all.apply(block_name, axis=1))
    deepest, findings = int(table.all.depth.max()), []
    for target in dict.fromkeys(table.all.target):
        here = f"target == '{target}' and depth == {deepest}"
        said = []
        for block in dict.fromkeys(table.all.block):
            rows = table.rows(here)
            mine, default = rows[rows.block == block], rows[rows.block == "default"]
            share = f"{estimate(mine, 'relative')} of the constant's"
            said.append(
                f"{block}: {share}" + ("" if block == "default" else f", {times(ratio(mine, default, 'error_lower'))}")
            )
        findings.append(
            Finding(
                f"`{target}`, n = {deepest}, error of each block, and over the default's: {'; '.join(said)}.",
                table.name,
                here,
            )
        )
    return Section(
        "The paper's own block",
        f"`sine`, n = {deepest}: trained as printed it reaches {_share(table, deepest, 'as printed')} of the best "
        f"constant's error, the default block {_share(table, deepest, 'default')}.",
        "What does each switch to the block of B.2 to B.5 cost?",
        ["literal"],
        findings,
        "Without positions a block is permutation equivariant: from a word of one token it reaches uniform images "
        "alone, and no weights make it better than the image's deviation from its mean (Lemma 5.1 as printed). The "
        "other switches have no such floor: what they cost is training, or capacity, at this size.",
    )


def _share(table: Table, depth: int, block: str) -> str:
    rows = table.rows(f"target == 'sine' and depth == {depth}")
    return str(estimate(rows[rows.block == block], "relative"))


def _heads(table: Table) -> Section:
    findings = []
    for target, domain in table.all[["target", "domain"]].drop_duplicates().itertuples(index=False):
        here = f"target == '{target}' and domain == '{domain}'"
        one = f"{here} and heads == 1"
        said = [
            f"{heads} heads {times(table.ratio(f'{here} and heads == {heads}', one))}"
            for heads in sorted(set(table.all.heads) - {1})
        ]
        findings.append(
            Finding(f"`{target}`, {domain}: error over that of one head: {'; '.join(said)}.", table.name, here)
        )
    images = "target == 'mix' and domain == 'curve-2'"
    eight = table.ratio(f"{images} and heads == 8", f"{images} and heads == 1")
    for domain in dict.fromkeys(table.all.domain):
        here = f"domain == '{domain}'"
        counts = sorted(set(table.all.heads) - {1})
        said = [f"{heads} heads {times(_interaction(table, here, heads))}" for heads in counts]
        findings.append(
            Finding(
                f"{domain}: what heads buy on `mix`, which needs attention, over what they buy on `sine`, which does "
                f"not, paired by draw: {'; '.join(said)}.",
                table.name,
                here,
            )
        )
    return Section(
        "Heads",
        f"Eight heads at equal parameters, images, `mix`: error over that of one head {times(eight)}.",
        "What do more heads buy at equal parameters?",
        ["heads"],
        findings,
        "One head is enough for the theorem; Definition 3.9 allows more.",
    )


def _interaction(table: Table, here: str, heads: int) -> Estimate:
    """The gain of heads over one head on `mix`, over that on `sine`."""
    logs = np.log(table.rows(here).error_lower.to_numpy())
    rows = table.rows(here).assign(log=logs).set_index(["target", "heads", DRAW]).log
    draws = sorted({draw for _, _, draw in rows.index})
    gains = [rows["mix", heads, d] - rows["mix", 1, d] - rows["sine", heads, d] + rows["sine", 1, d] for d in draws]
    return exponential(mean_of_draws(gains))


def _width(table: Table) -> Section:
    common, findings = int(table.all.steps.mode().iloc[0]), []
    each = float((table.all.steps / table.all.width)[table.all.steps != common].median())
    widest = int(table.all.width.max())
    wide = f"target == 'fold' and width == {widest}"
    more = table.ratio(f"{wide} and steps == {each * widest:g}", f"{wide} and steps == {common}")
    for target in dict.fromkeys(table.all.target):
        here = f"target == '{target}'"
        for name, query in ((EQUAL, f"steps == {common}"), (GROWING, f"steps == width * {each:g}")):
            line = slope(table.rows(f"{here} and {query}"))
            findings.append(
                Finding(
                    f"`{target}`, {name}: " + ("no power law." if line is None else f"slope {line}."),
                    table.name,
                    f"{here} and {query}",
                )
            )
        found = table.ratio(
            f"{here} and width == {widest} and steps == width * {each:g}",
            f"{here} and width == {widest} and steps == {common}",
        )
        findings.append(
            Finding(
                f"`{target}`, width {widest}: error of {each * widest:g} steps over that of {common}: {times(found)}.",
                table.name,
                f"{here} and width == {widest}",
            )
        )
    return Section(
        "Width",
        f"`fold`, width {widest}: error of {each * widest:g} steps over that of {common}: {times(more)}. At equal "
        "steps a curve over widths shows the budget as well as the width.",
        "What does a wider block buy, at equal steps and at steps that grow with the width?",
        ["width"],
        findings,
        "ε₂ is what training reaches in a budget. The capacity of a width, of which the theorem speaks, is not seen.",
    )
