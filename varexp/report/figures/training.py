"""Objectives: which makes a chain accurate, and which leaves the bounds informative."""

import pandas as pd
from matplotlib.figure import Figure

from varexp.report.figures._categories import Panel, Series, categories
from varexp.report.figures._common import ERROR, POINTWISE, TELESCOPED, caption, constant_ends, measured, setting
from varexp.report.statistics import estimate

SERIES = {
    "error_lower": Series("certified sup error", ERROR, "o"),
    "bound_pointwise": Series("pointwise (**)", POINTWISE, "D"),
    "bound_telescoped_lower": Series("telescoped bound", TELESCOPED, "s"),
}
ORDER = ("stagewise", "teacher_forcing", "on_model", "corrective", "end_to_end")
CAPTION = """
What blocks are trained to do, at depth {depth}: error and bounds, geometric means with 95 % intervals over draws;
{seeds} Domain {domain}, {norm} norm, sides {sides}. Blocks trained end to end do not imitate the f_i, so that bounds
made of ε's say nothing of them; stagewise ones do. Method: README, How to read it.
"""


def figures(table: pd.DataFrame) -> dict[str, Figure]:
    """`training`: a panel for each target at the greatest depth, a row for each objective."""
    rows = measured(table)
    rows = rows[rows.depth == rows.depth.max()]
    panels = []
    for (target, K), part in rows.groupby(["target", "K"], sort=False):
        names = [n for n in ORDER if (part.training == n).any()] + sorted(set(part.training) - set(ORDER))
        found = {name: {c: estimate(part[part.training == name], c) for c in SERIES} for name in names}
        panels.append(Panel(f"{target}, K = {K:g}, kernel {part.kernel.iloc[0]}", found, constant_ends(part)))
    figure = categories(panels, SERIES, f"{table.norm.iloc[0]} norm")
    caption(figure, CAPTION.format(depth=rows.depth.max(), **setting(table)))
    return {"training": figure}
