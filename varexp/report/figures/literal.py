"""The block of B.2 to B.5 beside the default one, switch by switch."""

import pandas as pd
from matplotlib.figure import Figure

from varexp.report.figures._categories import Panel, Series, categories
from varexp.report.figures._common import ERROR, PRINTED, caption, measured, setting
from varexp.report.statistics import estimate, geometric_mean

SWITCHES = {  # column and its value in the paper's block, by label
    "relu": ("activation", "relu"),
    "no positions": ("positions", False),
    "no residual": ("attention_residual", False),
    "not scaled": ("scaled", False),
    "h = s = 1, r = 4": ("head_size", 1),
}
ALSO = ("floor",)
SERIES = {
    "first": Series("n = 1", PRINTED, "D"),
    "last": Series("n = {depth}", ERROR, "o"),
}
CAPTION = """
The default block (tanh, trained positions, residual around attention, scores over √s, width 16) with one switch
turned to the paper's block of B.2 to B.5, then all of them, then Lemma 5.1's T^(1,1,4) as well: certified error over
the best constant prediction's (dotted: no better than a constant) at n = 1 and {depth}. Geometric means with 95 %
intervals over draws; {seeds} Domain {domain}, {norm} norm, kernel dct, sides {sides}. All have an embedding and a
read-out that the paper's block lacks. Dashed: what no block without positions can go below at n = {depth} (exact
floor). A trained block that misses refutes nothing. Method: README, How to read it.
"""


def block_name(row: pd.Series) -> str:
    """Which block a row has, by the switches that are the paper's."""
    turned = [label for label, (column, value) in SWITCHES.items() if row[column] == value]
    small = "h = s = 1, r = 4" in turned
    if len(turned) - small == 4:
        return "T^(1,1,4) as printed" if small else "as printed"
    return ", ".join(turned) or "default"


def figures(table: pd.DataFrame, floor: pd.DataFrame | None = None) -> dict[str, Figure]:
    """`literal`: a panel for each target, a row for each block; `floor` is the table of that name."""
    rows = measured(table)
    rows = rows.assign(block=rows.apply(block_name, axis=1), relative=rows.error_lower / rows.error_constant_upper)
    depths = {"first": rows.depth.min(), "last": rows.depth.max()}
    panels, shares = [], []
    for (target, K), part in rows.groupby(["target", "K"], sort=False):
        found = {
            str(block): {name: estimate(of[of.depth == n], "relative") for name, n in depths.items()}
            for block, of in part.groupby("block", sort=False)
        }
        panels.append(Panel(f"{target}, K = {K:g}", found))
        if floor is not None:
            lowest = floor[(floor.target == target) & (floor.K == K) & (floor.depth == depths["last"])]
            shares.append(geometric_mean(lowest.floor_lower / lowest.error_constant_upper))
    series = {name: s._replace(label=s.label.format(depth=depths["last"])) for name, s in SERIES.items()}
    figure = categories(panels, series, "error / best constant's", line=1)
    for ax, share in zip(figure.axes, shares, strict=False):
        ax.axvline(share, color=PRINTED, linewidth=0.9, linestyle="--")
    caption(figure, CAPTION.format(depth=depths["last"], **setting(table)))
    return {"literal": figure}
