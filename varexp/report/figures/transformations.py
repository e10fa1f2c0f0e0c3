"""Lipschitz constants of image operations."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullFormatter, ScalarFormatter

from varexp.report.figures._common import ERROR, PRINTED, caption

LEFT, RIGHT = 0.8, 8.0  # ends of the axis
REFUSED = ("no", "jump")  # what is written instead of a constant
KNOWN = 1.01  # ratio of two ends that are drawn as one dot
CAPTION = """
Lipschitz constants of operations on grey images of {side}x{side} pixels, in rms and in max norm. Dots: constants that
are known (norms of matrices, or theorems that are attained). Bars: from the ratio of the steepest pair of images that
was found to what a theorem allows; dotted where it is bounded by a number that is not worked out. Below the line:
operations that have none, by a theorem (gamma 1/2, stretching, style by moments) or because they jump as libraries
compute them, with the ratio of a pair of images and its distance. Halving the distance doubles the ratio at a jump, and
multiplies it by √2 at the root of gamma 1/2. Calls are in the table.
"""


def figures(table: pd.DataFrame) -> dict[str, Figure]:
    """`transformations`: a panel for each norm, a row for each operation, those without a constant last."""
    order = list(dict.fromkeys(table.operation[~table.lipschitz.isin(REFUSED)]))
    last = [name for name in dict.fromkeys(table.operation) if name not in order]
    figure = Figure(figsize=(6.8, 0.15 * (len(order) + len(last)) + 0.9))
    norms = list(dict.fromkeys(table.norm))
    axes = figure.subplots(1, len(norms), squeeze=False, sharey=True)[0]
    for ax, norm in zip(axes, norms, strict=True):
        for place, name in enumerate([*order, *last]):
            rows = table[(table.operation == name) & (table.norm == norm)]
            if len(rows):
                _row(ax, place, rows.iloc[0])
        ax.axhline(len(order) - 0.5, color="0.4", linewidth=0.8)
        ax.set_xscale("log")
        ax.set_xlim(LEFT, RIGHT)
        ax.xaxis.set_major_locator(FixedLocator([1, 2, 4]))
        ax.xaxis.set_major_formatter(ScalarFormatter())
        ax.xaxis.set_minor_formatter(NullFormatter())
        ax.set_title(f"{norm} norm")
        ax.set_xlabel("Lipschitz constant")
        ax.set_yticks(range(len(order) + len(last)), [*order, *last], fontsize=6)
        ax.set_ylim(len(order) + len(last) - 0.5, -0.5)
    figure.tight_layout(w_pad=0.8)
    caption(figure, CAPTION.format(side=table.side.iloc[0]))
    return {"transformations": figure}


def _row(ax: Axes, place: int, row: pd.Series) -> None:
    if row.lipschitz in REFUSED:
        text = f"{row.ratio_of_pair:.0e} at distance {row.distance_of_pair:.0e}"
        ax.annotate(text, (LEFT * 1.1, place), fontsize=5.8, color=PRINTED, va="center")
    elif pd.isna(row.constant_upper):
        ax.plot(row.constant_lower, place, "|", color=ERROR, markersize=5)
        ax.hlines(place, row.constant_lower, RIGHT, color=ERROR, linewidth=1, linestyle=":")
    elif row.constant_upper <= row.constant_lower * KNOWN:
        ax.plot((row.constant_lower * row.constant_upper) ** 0.5, place, "o", color=ERROR, markersize=3)
    else:
        ax.hlines(place, row.constant_lower, row.constant_upper, color=ERROR, linewidth=2.2)
