"""Error against width at a fixed training budget: an illustration of ε_2, not of capacity."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator, ScalarFormatter

from varexp.report.figures._common import (
    CONSTANT,
    POINTWISE,
    PRINTED,
    band,
    caption,
    measured,
    setting,
    widest_gap,
)
from varexp.report.statistics import geometric_mean

BUDGETS = (PRINTED, POINTWISE, "#009E73", "#CC79A7")  # from the smallest number of steps up

CAPTION = """
Error of trained VAR chains against the width of their blocks at fixed numbers of training steps; domain {domain},
{norm} norm, sides {sides}. {seeds} Solid: sup error, enclosed from both sides (widest relative gap {gap}; its lower
end is drawn), geometric mean over seeds (dots). Dashed: the telescoped bound from the same chains' ε's. Slopes are
least squares over all widths in log-log. More steps lower the whole curve, so it shows what training reaches in a
budget and claims nothing on the capacity of a width: Theorem 5.6 speaks of existing weights, and trained weights only
illustrate it.
"""


def figures(table: pd.DataFrame) -> dict[str, Figure]:
    """`width`: one panel a target and constant, one curve a step budget."""
    panels = list(measured(table).groupby(["target", "K", "kernel", "depth"]))
    figure = Figure(figsize=(max(6.6, 3.3 * len(panels)), 3.0))
    axes = figure.subplots(1, len(panels), squeeze=False)
    figure.subplots_adjust(left=0.09, right=0.985, bottom=0.15, top=0.79, wspace=0.22)
    budgets = sorted(table.steps.unique())
    for ax, ((target, K, kernel, depth), rows) in zip(axes[0], panels, strict=True):
        _panel(ax, rows, dict(zip(budgets, BUDGETS * len(budgets), strict=False)))
        ax.set_title(f"{target}, K = {K:g}, {kernel}, depth {depth}")
    axes[0, 0].set_ylabel("error")
    figure.text(0.5, 0.97, "Fixed budget: error against width", ha="center", va="top", fontweight="bold")
    _legend(figure, budgets)
    caption(figure, CAPTION.format(gap=widest_gap(measured(table)), **setting(table)))
    return {"width": figure}


def _panel(ax: Axes, rows: pd.DataFrame, colours: dict[int, str]) -> None:
    ax.set_xscale("log")
    ax.set_yscale("log")
    widths = sorted(rows.width.unique())
    ax.xaxis.set_major_locator(FixedLocator(widths))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(ScalarFormatter())
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.set_xlabel("width (hidden = 2·width)")
    band(ax, widths, rows.error_constant_lower.iloc[0], rows.error_constant_upper.iloc[0])
    for number, (steps, colour) in enumerate(colours.items()):
        part = rows[rows.steps == steps]
        errors = part.groupby("width").error_lower.apply(geometric_mean)
        bound = part.groupby("width").bound_telescoped_lower.apply(geometric_mean)
        ax.plot(part.width, part.error_lower, ".", color=colour, markersize=2.5, alpha=0.6)
        ax.plot(errors.index, errors, color=colour)
        ax.plot(bound.index, bound, color=colour, linestyle="--", linewidth=0.9)
        if len(errors) > 1:
            slope = np.polyfit(np.log(errors.index.to_numpy(dtype=float)), np.log(errors.to_numpy()), 1)[0]
            text = f"{steps} steps: slope {slope:.2f}"
            ax.text(0.03, 0.03 + 0.075 * number, text, transform=ax.transAxes, fontsize=6.2, color=colour)


def _legend(figure: Figure, budgets: list[int]) -> None:
    handles = [
        Line2D([], [], color=colour, label=f"{steps} steps")
        for steps, colour in zip(budgets, BUDGETS * len(budgets), strict=False)
    ]
    handles += [
        Line2D([], [], color="0.3", label="sup error"),
        Line2D([], [], color="0.3", linestyle="--", linewidth=0.9, label="telescoped bound"),
        Line2D([], [], color=CONSTANT, alpha=0.6, linewidth=2, label="best constant prediction"),
    ]
    figure.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0.935), ncols=len(handles), fontsize=6.6)
