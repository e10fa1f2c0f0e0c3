"""Chains with and without positions, and the floor of the latter."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from varexp.report.figures._common import (
    CONSTANT,
    ERROR,
    POINTWISE,
    PRINTED,
    caption,
    constants,
    means,
    measured,
    setting,
)
from varexp.report.statistics import geometric_mean

ALSO = ("floor",)
CAPTION = """
Chains of blocks with trained positions (circles) and without (squares): certified error against depth, geometric
means with 95 % intervals over draws; {seeds} Domain {domain}, {norm} norm, {training} training, sides {sides}. Dashed:
the sup distance of the target from uniform images, enclosed. A word is one token, and blocks without positions treat
tokens alike, so that no weights go below it; at n = 1 the image is one token as well. Method: README, How to read it.
"""


def figures(table: pd.DataFrame, floor: pd.DataFrame | None = None) -> dict[str, Figure]:
    """`positions`: a panel for each target; `floor` is the table of that name."""
    rows = measured(table)
    groups = list(rows.groupby(["target", "K"], sort=False))
    figure = Figure(figsize=(6.8, 2.2))
    axes = figure.subplots(1, max(1, len(groups)), squeeze=False)[0]
    for ax, ((target, K), part) in zip(axes, groups, strict=False):
        for given, colour, marker, label in ((True, ERROR, "o", "with"), (False, POINTWISE, "s", "without")):
            here = part[part.positions.astype(bool) == given]
            means(
                ax,
                here,
                "error_lower",
                shaded=True,
                color=colour,
                marker=marker,
                markersize=3,
                label=f"{label} positions",
            )
        if floor is not None:
            exact = floor[(floor.target == target) & (floor.K == K) & (floor.floor_lower > 0)]
            line = exact.groupby("depth").floor_lower.agg(geometric_mean)
            ax.plot(line.index, line, "--", color=PRINTED, linewidth=1.2, label="floor without positions")
        constants(ax, part)
        ax.set_yscale("log")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set_xlabel("depth n")
        ax.set_title(f"{target}, K = {K:g}")
    axes[0].set_ylabel(f"{table.norm.iloc[0]} norm")
    figure.tight_layout(rect=(0, 0, 1, 0.9), w_pad=0.4)
    handles, _ = axes[0].get_legend_handles_labels()
    handles.append(Patch(color=CONSTANT, alpha=0.5, label="best constant prediction"))
    figure.legend(handles=handles, loc="upper center", ncols=len(handles), fontsize=6.6)
    caption(figure, CAPTION.format(training=rows.training.iloc[0] if len(rows) else "", **setting(table)))
    return {"positions": figure}
