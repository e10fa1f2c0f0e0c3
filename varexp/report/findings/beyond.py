"""The hypothesis K_2 > 2, and FlowAR."""

from collections.abc import Collection
from pathlib import Path

from varexp.report.findings._finding import Finding, Section, Table, times
from varexp.report.statistics import ratio


def sections(results: Path) -> list[Section]:
    """K_2 > 2; FlowAR."""
    return [
        _lipschitz(Table("lipschitz", results)),
        _flowar(Table("flowar", results)),
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
        "For K₂ <= 2 the theorem claims nothing, so no row there violates it. The formula's proof needs K₂ > 2 to "
        "absorb a sum into a power; the telescoped bound needs no such hypothesis.",
    )


def _list(numbers: Collection[float]) -> str:
    return ", ".join(f"{number:g}" for number in sorted(numbers)) or "none"


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
