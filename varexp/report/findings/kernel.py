"""The interpolation kernel, in two parts, and against other scale maps."""

from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from varexp.report.findings._finding import Finding, Section, Table, times
from varexp.report.statistics import DRAW, Estimate, estimate, geometric_mean, mean_of_draws, ratio

STAGEWISE, FORCED = "training == 'stagewise'", "training == 'teacher_forcing'"


def sections(results: Path) -> list[Section]:
    """One section from two tables."""
    return [_kernel(Table("kernel", results), Table("scale_map", results))]


def ranking(rows: pd.DataFrame, column: str) -> list[str]:
    """Kernels from the smallest geometric mean of a column up; a mean of 0 comes first."""
    means = {
        str(kernel): geometric_mean(part[column]) if (part[column] > 0).all() else 0.0
        for kernel, part in rows.groupby("kernel")
    }
    return sorted(means, key=lambda kernel: means[kernel])


def compared(rows: pd.DataFrame) -> str:
    """Kernels from the best up, those that draws do not tell from the best apart from the others."""
    best, *others = ranking(rows, "error_lower")
    found = {k: ratio(rows[rows.kernel == k], rows[rows.kernel == best], "error_lower") for k in others}
    ties = [f"{kernel} (times {f})" for kernel, f in found.items() if not f.decided]
    worse = [f"{kernel} (times {f})" for kernel, f in found.items() if f.decided]
    return f"{best}; not told from it: {', '.join(ties) or 'none'}; higher: {', '.join(worse) or 'none'}"


def share_removed(rows: pd.DataFrame, kernel: str) -> Estimate:
    """Which share of what a kernel adds to the error of stagewise training, over dct's, teacher forcing removes."""
    logs = np.log(rows.error_lower)
    means = np.exp(logs.groupby([rows[DRAW], rows.kernel, rows.training]).mean())
    draws = sorted(set(rows[DRAW]))
    plain, forced, floor = (
        np.array([means[draw, k, t] for draw in draws])
        for k, t in ((kernel, "stagewise"), (kernel, "teacher_forcing"), ("dct", "stagewise"))
    )
    return mean_of_draws((plain - forced) / (plain - floor))


def _sizes(table: Table) -> Finding:
    """ε_1 by kernel."""
    here = f"target == 'sine' and {STAGEWISE}"
    sine = table.rows(here)
    own = {kernel: sine[sine.kernel == kernel] for kernel in ranking(sine, "eps_interpolation_lower")}
    sizes = [
        f"{kernel} {estimate(rows, 'eps_interpolation_lower')}"
        for kernel, rows in own.items()
        if (rows.eps_interpolation_lower > 0).all()
    ]
    return Finding(f"ε₁ of `sine`, along stagewise chains: {', '.join(sizes)}.", table.name, here)


def _removed(table: Table, target: str) -> tuple[Finding, list[float]]:
    """What training removes of each kernel's error; and the shares."""
    rows, said, shares = table.rows(f"target == '{target}'"), [], []
    dct = f"target == '{target}' and kernel == 'dct' and {STAGEWISE}"
    for kernel in ranking(rows.query(STAGEWISE), "eps_interpolation_lower"):
        if kernel == "dct":
            continue
        here = f"target == '{target}' and kernel == '{kernel}'"
        found = times(table.ratio(f"{here} and {FORCED}", f"{here} and {STAGEWISE}"))
        added, share = table.ratio(f"{here} and {STAGEWISE}", dct), share_removed(rows, kernel)
        shares.append(share.value)
        known = added.low > 1 and share.high - share.low < 1  # else the kernel adds too little to be shared
        said.append(f"{kernel} {found}" + (f", which removes {share} of what it adds" if known else ""))
    text = (
        f"How much training removes, `{target}`: error of teacher forcing, which may mend the kernel, over "
        f"stagewise, which may not: {'; '.join(said)}. For dct both are the same training."
    )
    return Finding(text, table.name, f"target == '{target}'"), shares


def _by_scale_map(maps: Table) -> tuple[list[Finding], list[str]]:
    """Kernels for each g; and the scale maps, with their best kernels, that do not have the one of the first."""
    findings, leaders = [], {}
    for scale_map in dict.fromkeys(maps.all.scale_map):
        here = f"scale_map == '{scale_map}' and {STAGEWISE}"
        rows = maps.rows(here)
        sizes, errors = ranking(rows, "eps_interpolation_lower"), ranking(rows, "error_lower")
        agreement = stats.kendalltau([sizes.index(kernel) for kernel in errors], range(len(errors))).statistic
        leaders[str(scale_map)] = errors[0]
        text = (
            f"g = {scale_map}, stagewise: kernels by ε₁: {', '.join(sizes)}; Kendall's τ with their order by "
            f"error {agreement:.2f}; the best kernel: {compared(rows)}."
        )
        findings.append(Finding(text, maps.name, here))
    others = [f"{g} ({kernel})" for g, kernel in leaders.items() if kernel != leaders[next(iter(leaders))]]
    text = (
        f"Scale maps, of {len(leaders)}, whose best kernel is not the cosine interpolant's: "
        f"{', '.join(others) or 'none'}."
    )
    return [*findings, Finding(text, maps.name, STAGEWISE)], others


def _kernel(table: Table, maps: Table) -> Section:
    (sine, removed), (fold, _) = (_removed(table, target) for target in ("sine", "fold"))
    findings = [_sizes(table), sine, fold]
    for target in ("sine", "fold"):
        here = f"target == '{target}' and {FORCED}"
        text = f"`{target}`, teacher forcing, the best kernel: {compared(table.rows(here))}."
        findings.append(Finding(text, table.name, here))
    by_map, others = _by_scale_map(maps)
    return Section(
        "Kernel",
        f"On `sine`, training that may mend the kernel removes {min(removed):.2g} to {max(removed):.2g} of the error "
        f"that a kernel adds. With {len(others)} of {maps.all.scale_map.nunique()} scale maps another kernel is best.",
        "How large is ε₁, how much of what it does is removed by training that may, and what if g is another map?",
        ["kernel", "scale_map"],
        [*findings, *by_map],
        "K₁ε₁ is an upper bound for blocks that imitate f_i, and no lower bound for others: the shares above say how "
        "much of the kernel's error a block mends that is asked for the true scale. ε₁ is a distance from the target's "
        "own g.",
    )
