"""Heads at equal parameters."""

import pandas as pd
from matplotlib.figure import Figure

from varexp.report.figures._categories import Panel, Series, categories
from varexp.report.figures._common import ERROR, caption, constant_ends, listed, measured, setting
from varexp.report.statistics import estimate

SERIES = {"error_lower": Series("certified sup error", ERROR, "o")}
CAPTION = """
Attention heads at equal parameters: h heads of size 16/h. Geometric means with 95 % intervals over draws; {seeds}
{norm} norm, kernel {kernel}, sides {sides}. `mix` needs attention and `sine` does not: what heads buy on both is not
mixing of tokens. Method: README, How to read it.
"""


def figures(table: pd.DataFrame) -> dict[str, Figure]:
    """`heads`: a panel for each target, a row for each number of heads."""
    rows = measured(table)
    panels = []
    for (target, domain, depth), part in rows.groupby(["target", "domain", "depth"], sort=False):
        found = {f"h = {heads}": {"error_lower": estimate(of, "error_lower")} for heads, of in part.groupby("heads")}
        panels.append(Panel(f"{target}, {domain}, depth {depth}", found, constant_ends(part)))
    figure = categories(panels, SERIES, f"{table.norm.iloc[0]} norm")
    caption(figure, CAPTION.format(kernel=listed(table.kernel), **setting(table)))
    return {"heads": figure}
