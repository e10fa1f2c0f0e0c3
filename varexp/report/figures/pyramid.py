"""Chains beside pyramids (Def 3.6): the error of the newest scale and of all scales merged, with the bound of each."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from varexp.report.figures._common import (
    CONSTANT,
    ERROR,
    POINTWISE,
    PRINTED,
    band,
    caption,
    interval,
    measured,
    setting,
    widest_gap,
)
from varexp.report.statistics import geometric_mean

MODELS = (("chain", ERROR), ("pyramid", POINTWISE), ("pyramid, block-causal", PRINTED))
CAPTION = """
Next-scale prediction: chains (Def 3.8), whose block i sees Φ_i t_(i-1) alone, and pyramids (Def 3.6), whose block i
sees all coarser scales; all trained by teacher forcing; domain {domain}, {norm} norm, sides {sides}. {seeds} Sups
enclosed from both sides (gaps at most {gap}); geometric means over draws (dots: rows). Left of each pair: error of the
newest scale, and its telescoped bound (dashed), made of a pyramid's local errors, since ε₁ and ε₂ are about a block
that sees Φ_i t_(i-1) alone. Right: error of all scales merged (Rem 3.5). Telescoped bound, deeper than one block:
{verdicts}. Method: README, How to read it.
"""


def figures(table: pd.DataFrame) -> dict[str, Figure]:
    """`pyramid`: for each target and constant the newest scale's error and the merged one."""
    table = table.assign(model=_names(table))
    panels = list(measured(table).groupby(["target", "K"], sort=False))
    figure = Figure(figsize=(max(6.6, 3.6 * len(panels)), 2.7))
    axes = figure.subplots(1, max(2, 2 * len(panels)), squeeze=False)
    for pair, ((target, K), rows) in enumerate(panels):
        left, right = axes[0, 2 * pair : 2 * pair + 2]
        _panel(left, rows, "error", "bound_telescoped")
        _panel(right, rows, "error_merged", None)
        left.set_title(f"{target}, K = {K:g}: newest scale", pad=8)
        right.set_title("all scales merged", pad=8)
        band(left, *_constant(rows))
    axes[0, 0].set_ylabel("sup error")
    figure.tight_layout(rect=(0, 0, 1, 0.89), w_pad=0.5)
    handles = [Line2D([], [], color=colour, marker=".", label=name) for name, colour in MODELS]
    handles += [
        Line2D([], [], color="0.3", linestyle="--", linewidth=0.9, label="telescoped bound"),
        Line2D([], [], color=CONSTANT, alpha=0.6, linewidth=2, label="best constant prediction"),
    ]
    figure.legend(handles=handles, loc="upper center", ncols=len(handles), fontsize=6.6)
    deeper = measured(table)[measured(table).depth > 1].verdict_repaired
    verdicts = ", ".join(f"{count} {name}" for name, count in deeper.value_counts().items()) or "no row"
    caption(figure, CAPTION.format(gap=widest_gap(measured(table)), verdicts=verdicts, **setting(table)))
    return {"pyramid": figure}


def _names(table: pd.DataFrame) -> pd.Series:
    causal = table.block_causal.map(str) == "True"
    return table.model.where(~causal, table.model + ", block-causal")


def _constant(rows: pd.DataFrame) -> tuple[Any, Any, Any]:
    by_depth = rows.groupby("depth")
    low, high = (by_depth[f"error_constant_{end}"].agg(geometric_mean) for end in ("lower", "upper"))
    return low.index.to_list(), low, high


def _panel(ax: Axes, rows: pd.DataFrame, name: str, bound: str | None) -> None:
    ax.set_yscale("log")
    ax.margins(x=0.06)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("depth n (scales)")
    for model, colour in MODELS:
        part = rows[rows.model == model]
        if part.empty:
            continue
        low, high = interval(part, name)
        below, above = (end.groupby(part.depth).apply(geometric_mean) for end in (low, high))
        ax.plot(part.depth, low, ".", color=colour, markersize=2, alpha=0.6)
        ax.plot(above.index, above, color=colour)
        ax.fill_between(below.index, below, above, color=colour, alpha=0.35, linewidth=0)
        if bound is not None:
            most = interval(part, bound)[1].groupby(part.depth).apply(geometric_mean)
            ax.plot(most.index, most, color=colour, linestyle="--", linewidth=0.9)
