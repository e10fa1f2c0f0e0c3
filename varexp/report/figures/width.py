"""Error against width: at the same steps, and at steps that grow with the width."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator, ScalarFormatter

from varexp.report.figures._common import (
    CONSTANT,
    ERROR,
    POINTWISE,
    band,
    caption,
    constant_ends,
    listed,
    means,
    measured,
    setting,
    widest_gap,
)
from varexp.report.statistics import Estimate, mean_of_draws

EQUAL, GROWING = "the same steps", "steps grow with width"
STYLES = {EQUAL: (ERROR, "o"), GROWING: (POINTWISE, "D")}
STRAIGHT = 0.1  # of log10: residuals of a line that are typically larger than this mean that there is no power law
CAPTION = """
Certified error (gaps at most {gap}) of trained chains against the width of their blocks: with {steps:g} steps for
every width, and with {each:g} steps for each channel, so that a lower curve on the right tells more training from
more width. Geometric means with 95 % intervals over draws; {seeds} Domain {domain}, {norm} norm, kernel {kernel}, sides
{sides}. Slopes are given where a line fits to a factor of 1.26. What training reaches says nothing of the capacity of
a width. Method: README, How to read it.
"""


def figures(table: pd.DataFrame) -> dict[str, Figure]:
    """`width`: one panel a target and constant, one curve for each way to count steps."""
    rows = measured(table)
    panels = list(rows.groupby(["target", "K", "depth"]))
    figure = Figure(figsize=(6.8, 2.7))
    axes = figure.subplots(1, max(1, len(panels)), squeeze=False)[0]
    common = int(table.steps.mode().iloc[0])
    others = rows[rows.steps != common]
    each = 0.0 if others.empty else float((others.steps / others.width).median())
    for ax, ((target, K, depth), part) in zip(axes, panels, strict=False):
        _panel(ax, part, common, each)
        ax.set_title(f"{target}, K = {K:g}, depth {depth}")
    axes[0].set_ylabel("error")
    figure.tight_layout(rect=(0, 0, 1, 0.92), w_pad=1.0)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="upper center", ncols=3, fontsize=6.6)
    caption(
        figure,
        CAPTION.format(gap=widest_gap(rows), steps=common, each=each, kernel=listed(table.kernel), **setting(table)),
    )
    return {"width": figure}


def slope(rows: pd.DataFrame) -> Estimate | None:
    """The slope of log error over log width with its interval over draws; None where no line fits."""
    curves = np.log10(rows.error_lower).groupby([rows.target_seed, rows.width]).mean().unstack()
    widths = np.log10(curves.columns.to_numpy(dtype=np.float64))
    if len(widths) < 3 or curves.isna().to_numpy().any():
        return None
    fits = [np.polyfit(widths, curve, 1, full=True) for curve in curves.to_numpy()]
    typical = np.sqrt(np.mean([fit[1].sum() / len(widths) for fit in fits]))
    return None if typical > STRAIGHT else mean_of_draws([fit[0][0] for fit in fits])


def _panel(ax: Axes, rows: pd.DataFrame, common: int, each: float) -> None:
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
    band(ax, widths, *constant_ends(rows))
    for number, (name, part) in enumerate(
        ((EQUAL, rows[rows.steps == common]), (GROWING, rows[rows.steps == rows.width * each]))
    ):
        if part.empty:
            continue
        colour, marker = STYLES[name]
        means(ax, part, "error_lower", "width", shaded=True, marker=marker, color=colour, label=name)
        line = slope(part)
        text = "no power law" if line is None else f"slope {line}"
        label, y = f"{name}: {text}", 0.82 - 0.075 * number
        ax.text(0.98, y, label, transform=ax.transAxes, ha="right", fontsize=6.2, color=colour)
    ax.plot([], [], color=CONSTANT, alpha=0.6, linewidth=2, label="best constant prediction")
