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


def _kernel(table: Table, maps: Table) -> Section:
    sine = table.rows(f"target == 'sine' and {STAGEWISE}")
    sizes = ", ".join(
        f"{kernel} {estimate(sine[sine.kernel == kernel], 'eps_interpolation_lower')}"
        for kernel in ranking(sine, "eps_interpolation_lower")
        if (sine[sine.kernel == kernel].eps_interpolation_lower > 0).all()
    )
    findings = [
        Finding(f"ε₁ of `sine`, along stagewise chains: {sizes}.", table.name, f"target == 'sine' and {STAGEWISE}")
    ]
    removed: list[float] = []
    for target in ("sine", "fold"):
        rows = table.rows(f"target == '{target}'")
        said = []
        for kernel in ranking(rows.query(STAGEWISE), "eps_interpolation_lower"):
            if kernel != "dct":
                here = f"target == '{target}' and kernel == '{kernel}'"
                found = times(table.ratio(f"{here} and {FORCED}", f"{here} and {STAGEWISE}"))
                added = table.ratio(
                    f"{here} and {STAGEWISE}", f"target == '{target}' and kernel == 'dct' and {STAGEWISE}"
                )
                share = share_removed(rows, kernel)
                if target == "sine":
                    removed.append(share.value)
                known = added.low > 1 and share.high - share.low < 1  # else the kernel adds too little to be shared
                said.append(f"{kernel} {found}" + (f", which removes {share} of what it adds" if known else ""))
        findings.append(
            Finding(
                f"How much training removes, `{target}`: error of teacher forcing, which may mend the kernel, over "
                f"stagewise, which may not: {'; '.join(said)}. For dct both are the same training.",
                table.name,
                f"target == '{target}'",
            )
        )
    for target in ("sine", "fold"):
        here = f"target == '{target}' and {FORCED}"
        findings.append(
            Finding(f"`{target}`, teacher forcing, the best kernel: {compared(table.rows(here))}.", table.name, here)
        )
    leaders = {}
    for scale_map in dict.fromkeys(maps.all.scale_map):
        here = f"scale_map == '{scale_map}' and {STAGEWISE}"
        rows = maps.rows(here)
        sizes_of, errors = ranking(rows, "eps_interpolation_lower"), ranking(rows, "error_lower")
        agreement = stats.kendalltau([sizes_of.index(k) for k in errors], range(len(errors))).statistic
        leaders[scale_map] = errors[0]
        findings.append(
            Finding(
                f"g = {scale_map}, stagewise: kernels by ε₁: {', '.join(sizes_of)}; Kendall's τ with their order by "
                f"error {agreement:.2f}; the best kernel: {compared(rows)}.",
                maps.name,
                here,
            )
        )
    others = [f"{g} ({kernel})" for g, kernel in leaders.items() if kernel != leaders[next(iter(leaders))]]
    findings.append(
        Finding(
            f"Scale maps, of {len(leaders)}, whose best kernel is not the cosine interpolant's: "
            f"{', '.join(others) or 'none'}.",
            maps.name,
            STAGEWISE,
        )
    )
    return Section(
        "Kernel",
        f"On `sine`, training that may mend the kernel removes {min(removed):.2g} to {max(removed):.2g} of the error "
        f"that a kernel adds. Scale maps, of {len(leaders)}, that make another kernel the best: {len(others)}.",
        "How large is ε₁, how much of what it does is removed by training that may, and what if g is another map?",
        ["kernel", "scale_map"],
        findings,
        "K₁ε₁ is an upper bound for blocks that imitate f_i, and no lower bound for others: the shares above say how "
        "much of the kernel's error a block mends that is asked for the true scale. ε₁ is a distance from the target's "
        "own g.",
    )
