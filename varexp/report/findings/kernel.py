"""The interpolation kernel, in two parts, and against other scale maps."""

from pathlib import Path

import pandas as pd

from varexp.report.findings._finding import Finding, Section, Table, times
from varexp.report.statistics import estimate


def sections(results: Path) -> list[Section]:
    """One section from two tables."""
    return [_kernel(Table("kernel", results), Table("scale_map", results))]


def _ranking(rows: pd.DataFrame, column: str) -> list[str]:
    means = {str(kernel): float(part[column].mean()) for kernel, part in rows.groupby("kernel")}
    return sorted(means, key=lambda kernel: means[kernel])


def _kernel(table: Table, maps: Table) -> Section:
    sine = table.rows("target == 'sine'")
    order = _ranking(sine, "eps_interpolation_lower")
    sizes = ", ".join(
        f"{kernel} {estimate(sine[sine.kernel == kernel], 'eps_interpolation_lower')}"
        for kernel in order
        if (sine[sine.kernel == kernel].eps_interpolation_lower > 0).all()
    )
    findings = [Finding(f"How large ε₁ is, `sine`: {sizes}.", table.name, "target == 'sine'")]
    for target in ("sine", "fold"):
        kernels = [k for k in order if ((table.all.kernel == k) & (table.all.target == target)).any()]
        said = []
        for kernel in kernels:
            here = f"target == '{target}' and kernel == '{kernel}'"
            found = table.ratio(f"{here} and training == 'teacher_forcing'", f"{here} and training == 'stagewise'")
            said.append(f"{kernel} {times(found)}")
        findings.append(
            Finding(
                f"How much training removes, `{target}`: error of teacher forcing, which may mend the kernel, over "
                f"stagewise, which may not: {'; '.join(said)}.",
                table.name,
                f"target == '{target}'",
            )
        )
    forced = "training == 'teacher_forcing'"
    for target in ("sine", "fold"):
        rows = table.rows(f"target == '{target}' and {forced}")
        best = _ranking(rows, "error_lower")
        findings.append(
            Finding(
                f"Kernels by error under teacher forcing, `{target}`, best first: {', '.join(best)}.",
                table.name,
                f"target == '{target}' and {forced}",
            )
        )
    for scale_map in dict.fromkeys(maps.all.scale_map):
        here = f"scale_map == '{scale_map}'"
        orders = [
            _ranking(maps.rows(f"{here} and training == '{t}'"), "error_lower")
            for t in ("stagewise", "teacher_forcing")
        ]
        findings.append(
            Finding(
                f"Best kernel first with g = {scale_map}: stagewise {', '.join(orders[0])}; teacher forcing "
                f"{', '.join(orders[1])}.",
                maps.name,
                here,
            )
        )
    return Section(
        "Kernel",
        "How large is ε₁, how much of it does training remove where it may, and what if g is another map?",
        ["kernel", "scale_map"],
        findings,
        "K₁ε₁ is an upper bound for blocks that imitate f_i. It is no lower bound: a block that is asked for the true "
        "scale mends most of what the kernel does, and which kernel has the least ε₁ is a property of the target's g.",
    )
