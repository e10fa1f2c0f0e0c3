"""The hypothesis K_2 > 2, pyramids, FlowAR, and down-sampling."""

from collections.abc import Collection
from pathlib import Path

from varexp.report.findings._finding import Finding, Section, Table, times
from varexp.report.statistics import ratio


def sections(results: Path) -> list[Section]:
    """K_2 > 2; pyramids; FlowAR; down-sampling."""
    return [
        _lipschitz(Table("lipschitz", results)),
        _pyramid(Table("pyramid", results)),
        _flowar(Table("flowar", results)),
        _downsampling(Table("downsampling", results)),
    ]


def _lipschitz(table: Table) -> Section:
    findings, exceeded = [], []
    for K in sorted(set(table.all.K)):
        rows = table.rows(f"K == {K}")
        above = int((rows.error_lower > rows.bound_printed_upper).sum())
        exceeded += [K] if above else []
        shallow = int((rows[rows.depth == 1].error_lower > rows[rows.depth == 1].bound_printed_upper).sum())
        vacuous = int((rows.bound_printed_lower > rows.error_constant_upper).sum())
        findings.append(
            Finding(
                f"K = {K:g}: the errors of {above} of {len(rows)} rows lie above K₂ⁿ·max(K₁ε₁+ε₂), {shallow} of them "
                f"of one block; the formula lies above the best constant's error in {vacuous}.",
                table.name,
                f"K == {K}",
            )
        )
    return Section(
        "K₂ > 2",
        f"Errors of trained chains exceed the printed formula for K = {_list(exceeded)}; {_list(set(table.all.K))} "
        "were tried. The theorem speaks of K₂ > 2 alone.",
        "Where does the printed formula fail for trained chains, and where is it vacuous?",
        ["lipschitz"],
        findings,
        "With a true constant K₂ <= 2 the theorem claims nothing, so no row there violates it; with 2.001, "
        "which such a map has as well, its bound holds. The formula's proof needs K₂ > 2 to "
        "absorb a sum into a power; the telescoped bound needs no such hypothesis.",
    )


def _list(numbers: Collection[float]) -> str:
    return ", ".join(f"{number:g}" for number in sorted(numbers)) or "none"


def _pyramid(table: Table) -> Section:
    deepest, findings = int(table.all.depth.max()), []
    short = []
    for target in dict.fromkeys(table.all.target):
        here = f"target == '{target}' and depth == {deepest}"
        chains, said = table.rows(f"{here} and model == 'chain'"), []
        for causal in (False, True):
            rows = table.rows(f"{here} and model == 'pyramid'")
            rows = rows[rows.block_causal.map(str) == str(causal)]
            name = "block-causal" if causal else "all scales attend to all"
            said.append(f"{name} {times(ratio(rows, chains, 'error_lower'))}")
        short.append(f"`{target}` {said[0].removeprefix('all scales attend to all ')}")
        text = f"`{target}`, n = {deepest}: newest scale's error over that of a chain: {'; '.join(said)}."
        findings.append(Finding(text, table.name, here))
    return Section(
        "Pyramids",
        f"With {deepest} scales, newest scale's error of a pyramid over that of a chain: {', '.join(short)}.",
        "What changes when a block sees all coarser scales (Definition 3.6), as VAR's do?",
        ["pyramid"],
        findings,
        "F_i needs the last scale alone, so the coarser ones hold nothing that a block lacks.",
    )


def _downsampling(table: Table) -> Section:
    deepest, findings = int(table.all.depth.max()), []
    for target in dict.fromkeys(table.all.target):
        here = f"target == '{target}' and depth == {deepest}"
        kernels = dict.fromkeys(table.all.kernel)
        shares = {kernel: table.mean(f"{here} and kernel == '{kernel}'", "relative") for kernel in kernels}
        said = [f"{kernel} {share}" for kernel, share in shares.items()]
        findings.append(
            Finding(f"`{target}`, n = {deepest}: error over the best constant's: {', '.join(said)}.", table.name, here)
        )
    vacuous = int((table.all.vacuous.map(str) == "True").sum())
    return Section(
        "Down-sampling",
        f"From fine to coarse the printed bound is vacuous in {vacuous} of {len(table.all)} rows.",
        "Corollary 6.1: what does a chain with Φ_down reach after its last block, on a single token?",
        ["downsampling"],
        findings,
        "A chain of this kind ends in one token: it cannot be the word-to-image map that Corollary 6.2 speaks of.",
    )


def _flowar(table: Table) -> Section:
    deepest, findings = int(table.all.depth.max()), []
    here = f"depth == {deepest}"
    base = f"{here} and model == 'pyramid'"
    findings.append(
        Finding(
            "Baseline, a pyramid that regresses these scales: "
            f"{table.mean(base, 'relative_lower')} of the constant's error.",
            table.name,
            base,
        )
    )
    shown = [
        table.mean(f"{here} and network == '{network}' and sampler == '{sampler}'", "relative_lower")
        for network, sampler in (("sample", "euler"), ("practice", "heun"), ("practice", "literal"))
    ]
    for network, sampler in (
        ("sample", "euler"), ("sample", "repaired"),
        ("practice", "heun"), ("practice", "repaired"), ("practice", "literal"),
    ):  # fmt: skip
        query = f"{here} and network == '{network}' and sampler == '{sampler}'"
        findings.append(
            Finding(
                f"{network} network, {sampler}: {table.mean(query, 'relative_lower')} of the constant's error; over "
                f"the baseline's {times(ratio(table.rows(query), table.rows(base), 'error_lower'))}.",
                table.name,
                query,
            )
        )
    return Section(
        "FlowAR",
        f"With {deepest} scales a network that answers the sample reaches {shown[0]} of the best constant's error by "
        f"an ODE, one that answers the velocity {shown[1]}, and D.1 as printed {shown[2]}.",
        f"What does FlowAR reach with {deepest} scales, by network and sampler? Lower ends of sups.",
        ["flowar"],
        findings,
        "D.1 as printed takes a velocity for a sample and misses by the noise. A network that answers the sample makes "
        "D.1 true as it stands. Corollary 6.2 speaks of no noise, so neither supports nor refutes it.",
    )
