"""How much of a sup over images a one-parameter family of them sees."""

import pandas as pd
from matplotlib.figure import Figure

from varexp.report.figures._categories import Panel, Series, categories
from varexp.report.figures._common import ERROR, PRINTED, TELESCOPED, caption, measured, setting
from varexp.report.statistics import estimate, geometric_mean

PALETTE = ((ERROR, "o"), (PRINTED, "D"), (TELESCOPED, "s"))
CAPTION = """
The same targets on families of images with one and two parameters, depth by depth: certified sup error (lower ends).
Geometric means with 95 % intervals over draws; {seeds} {norm} norm, sides {sides}. Chains are trained on the family
on which they are judged. The curve is the rim of the disc. Method: README, How to read it.
"""


def figures(table: pd.DataFrame) -> dict[str, Figure]:
    """`domains`: a panel for each target, a row for each depth, a mark for each domain."""
    rows = measured(table)
    names = list(dict.fromkeys(rows.domain))
    series = {name: Series(name, *style) for name, style in zip(names, PALETTE, strict=False)}
    panels = []
    for (target, K), part in rows.groupby(["target", "K"], sort=False):
        found = {
            f"n = {n}": {
                name: estimate(of[of.domain == name], "error_lower") for name in names if name in set(of.domain)
            }
            for n, of in part.groupby("depth")
        }
        deep = part[part.depth == part.depth.max()]
        ends = [geometric_mean(deep[f"error_constant_{end}"]) for end in ("lower", "upper")]
        panels.append(Panel(f"{target}, K = {K:g}", found, (min(ends), max(ends))))
    figure = categories(panels, series, f"{table.norm.iloc[0]} norm")
    caption(figure, CAPTION.format(**setting(table)))
    return {"domains": figure}
