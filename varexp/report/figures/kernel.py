"""Error beside ε_1 and ε_2 for every interpolation kernel: the cost of Lemma 5.3's first term."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from varexp.report.figures._common import (
    CONSTANT,
    ERROR,
    POINTWISE,
    PRINTED,
    TELESCOPED,
    caption,
    measured,
    setting,
)
from varexp.report.statistics import geometric_mean

EPS_INTERPOLATION, EPS_BLOCK = PRINTED, POINTWISE
CAPTION = """
Interpolation kernels sorted by ε₁ = max over stages of sup ‖(g−Φ)t‖, with the error of trained VAR chains, ε₂ and
the telescoped bound beside it; domain {domain}, {norm} norm, sides {sides}. {seeds} All are lower ends, attained at
evaluated points, geometric means over seeds; {certified} of {rows} rows carry certified upper ends too. Kernel dct is
the target's own scale map: ε₁ = 0, what is left is training. A block cannot lower its ε₁, since Φ has no parameters:
from there on the error follows ε₁, amplified by later stages. *: in the class of Definition 3.1 (values in [0, 1]); the
others go negative and are outside it as printed. literal_keys, literal_bspline: Definition 3.2 read literally, W at
integers.
"""


def figures(table: pd.DataFrame) -> dict[str, Figure]:
    """`kernel`: one panel a domain and target, kernels sorted by ε_1, everything on one logarithmic axis."""
    panels = [rows for _, rows in measured(table).groupby(["domain", "target", "K", "depth"], sort=False)]
    panels.sort(key=lambda rows: not rows.domain.iloc[0].endswith("-1"))  # words before images
    kernels = table.kernel.nunique()
    figure = Figure(figsize=(max(6.6, 2.05 * len(panels) + 0.5), 0.19 * kernels + 1.15))
    axes = figure.subplots(1, len(panels), squeeze=False)
    figure.subplots_adjust(left=0.1, right=0.99, bottom=0.15, top=0.82, wspace=0.66)
    for ax, rows in zip(axes[0], panels, strict=True):
        _panel(ax, rows)
        first = rows.iloc[0]
        what = "words" if first.domain.endswith("-1") else "images"
        ax.set_title(f"{first.target}, K = {first.K:g}, {what}\n{first.domain}, depth {first.depth}")
    _legend(figure)
    certified = int(table.certified.map(lambda value: str(value) == "True").sum())
    caption(figure, CAPTION.format(certified=certified, rows=len(table), **setting(table)))
    return {"kernel": figure}


def _panel(ax: Axes, rows: pd.DataFrame) -> None:
    mean = rows.groupby("kernel")[["error_lower", "eps_block_lower", "bound_telescoped_lower"]].agg(geometric_mean)
    mean["eps"] = rows.groupby("kernel").eps_interpolation_lower.mean()
    mean = mean.sort_values("eps")
    place = {kernel: number for number, kernel in enumerate(mean.index)}
    ax.set_xscale("log")
    y = list(place.values())
    ax.axvspan(rows.error_constant_lower.iloc[0], rows.error_constant_upper.iloc[0], color=CONSTANT, alpha=0.35)
    ax.plot(mean.bound_telescoped_lower, y, "|", color=TELESCOPED, markersize=6)
    ax.plot(mean.eps_block_lower, y, "v", color=EPS_BLOCK, markersize=3.5)
    known = mean.eps > 0
    ax.plot(
        mean.eps[known], [place[kernel] for kernel in mean.index[known]], "s", color=EPS_INTERPOLATION, markersize=3.5
    )
    ax.plot(rows.error_lower, rows.kernel.map(place), ".", color=ERROR, markersize=2, alpha=0.5)
    ax.plot(mean.error_lower, y, "o", color=ERROR, markersize=4)
    in_class = rows.groupby("kernel").in_class.first()
    labels = [f"{kernel}*" if in_class[kernel] else kernel for kernel in mean.index]
    ax.set_yticks(y, [label if eps else f"{label}, ε₁ = 0" for label, eps in zip(labels, known, strict=True)])
    ax.invert_yaxis()
    ax.set_xlabel(f"{rows.norm.iloc[0]} norm")
    ax.grid(axis="y", visible=True)


def _legend(figure: Figure) -> None:
    handles = [
        Line2D([], [], color=ERROR, marker="o", linestyle="", label="sup error (dots: seeds)"),
        Line2D([], [], color=EPS_INTERPOLATION, marker="s", linestyle="", label="ε₁, interpolation"),
        Line2D([], [], color=EPS_BLOCK, marker="v", linestyle="", label="ε₂, blocks"),
        Line2D([], [], color=TELESCOPED, marker="|", linestyle="", label="telescoped bound"),
        Line2D([], [], color=CONSTANT, alpha=0.6, linewidth=3, label="best constant prediction"),
    ]
    figure.legend(handles=handles, loc="upper center", ncols=5, fontsize=6.6, handletextpad=0.4)
