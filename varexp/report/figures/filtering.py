"""Image filters as targets: heads and steps."""

import pandas as pd
from matplotlib.figure import Figure

from varexp.report.figures._categories import Panel, Series, categories
from varexp.report.figures._common import ERROR, POINTWISE, caption, listed, measured, setting
from varexp.report.statistics import estimate

SERIES = {"first": Series("{steps} steps", POINTWISE, "s"), "last": Series("{steps} steps", ERROR, "o")}
CAPTION = """
A phase filter on the pixels, K times an orthogonal circulant, beside `sine`, which acts on each pixel alone: certified
error over the best constant prediction's (dotted: no better than a constant), by heads at equal parameters and by
steps of training. Geometric means with 95 % intervals over draws; {seeds} Domain {domain}, {norm} norm, kernel
{kernel}, sides {sides}. A head mixes pixels by weights that are positive and sum to 1; those of a filter have signs.
Method: README, How to read it.
"""


def figures(table: pd.DataFrame) -> dict[str, Figure]:
    """`filtering`: a panel for each target and depth, a row for each number of heads."""
    rows = measured(table)
    rows = rows.assign(relative=rows.error_lower / rows.error_constant_upper)
    steps = {"first": rows.steps.min(), "last": rows.steps.max()}
    panels = []
    for (target, depth), part in rows.groupby(["target", "depth"], sort=False):
        found = {
            f"h = {heads}": {name: estimate(of[of.steps == n], "relative") for name, n in steps.items()}
            for heads, of in part.groupby("heads")
        }
        panels.append(Panel(f"{target}, n = {depth}", found))
    series = {name: s._replace(label=s.label.format(steps=steps[name])) for name, s in SERIES.items()}
    figure = categories(panels, series, "error / best constant's", line=1)
    caption(figure, CAPTION.format(kernel=listed(table.kernel), **setting(table)))
    return {"filtering": figure}
