"""Error against depth beside the bounds of Theorem 5.6: the paper's central picture."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, NullFormatter

from varexp.report.figures._common import (
    CONSTANT,
    ERROR,
    MEAN,
    POINTWISE,
    PRINTED,
    TELESCOPED,
    band,
    caption,
    interval,
    measured,
    pivot,
    setting,
    widest_gap,
)
from varexp.report.statistics import geometric_mean, growth_rate

BOUNDS = (
    ("bound_printed", PRINTED, "Thm 5.6 as printed"),
    ("bound_telescoped", TELESCOPED, "telescoped"),
    ("bound_pointwise", POINTWISE, "pointwise (**)"),
)
CAPTION = """
Error of trained VAR chains against the number of blocks n, {what}; domain {domain}, {norm} norm, sides {sides}.
{seeds} Error and bounds are certified intervals, drawn as bands between their ends: the sup over the domain is enclosed
from both sides, with a widest relative gap of {gap}, and so are the ε's along each chain's own trajectory, from which
the bounds follow; geometric means over seeds. Kernel dct is the target's own scale map, so ε₁ = 0 and all error comes
from the blocks; another kernel adds ε₁, which no block can remove. The printed bound K₂ⁿ·max(K₁ε₁+ε₂) counts
amplitude twice on expanding targets (affine, fold): the largest ε belongs to the last, largest stage, which already
carries Kⁿ, so the bound grows up to K²ⁿ while the error grows like Kⁿ. ρ: growth rate of the error from n = 2 on,
while below half of the constant prediction's, with a 95 % interval bootstrapped over chains; given only where a
straight line describes it. {met} of {rows} rows meet K₂ > 2; on {vacuous} of these the printed bound is vacuous (above
the best constant prediction), on {useful} it is not. Verdicts on Theorem 5.6 as printed where K₂ > 2: {verdicts}.
"""
ORDER = ("affine", "fold", "sine", "mix")


def figures(table: pd.DataFrame) -> dict[str, Figure]:
    """`depth`: image-to-image chains. `depth_ladders`: word-to-image chains and chains of constant side, if swept."""
    constant_side = table.sides.map(lambda sides: len(set(sides.split("-"))) == 1 and sides.count("-") > 0)
    kept = set(table.loc[constant_side & (table.depth > 1), "domain"])
    flat = table.domain.isin(kept) & constant_side
    word = table.domain.str.endswith("-1") & ~flat
    image = ~flat & ~word
    drawn = {}
    if image.any():
        drawn["depth"] = depth_grid(table[image], CAPTION)
    if word.any() or flat.any():
        drawn["depth_ladders"] = _ladders(table[word], table[flat])
    return drawn or {"depth": depth_grid(table, CAPTION)}


def _in_order(targets: Iterable[str]) -> list[str]:
    return sorted(targets, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name))


def depth_grid(table: pd.DataFrame, text: str) -> Figure:
    """Everything over depth: a row of panels for each K and kernel, a column for each target; `text` as its caption."""
    targets = _in_order(table.target.unique())
    rows = [(K, kernel) for K in sorted(table.K.unique()) for kernel in sorted(table.kernel.unique())]
    figure = Figure(figsize=(max(6.6, 1.85 * len(targets) + 0.6), 1.28 * len(rows) + 0.75))
    axes = figure.subplots(len(rows), len(targets), squeeze=False, sharex=True)
    for (K, kernel), row in zip(rows, axes, strict=True):
        for target, ax in zip(targets, row, strict=True):
            here = table[(table.target == target) & (table.K == K) & (table.kernel == kernel)]
            _panel(ax, here, K)
            if ax is row[0]:
                ax.set_ylabel(f"K = {K:g}, {kernel}")
    for target, ax in zip(targets, axes[0], strict=True):
        ax.set_title(target, pad=8, fontweight="bold")
    for ax in axes[-1]:
        ax.set_xlabel("depth n")
    _finish(figure)
    caption(figure, _caption(table, text, "image-to-image chains"))
    return figure


def _ladders(word: pd.DataFrame, flat: pd.DataFrame) -> Figure:
    panels: list[tuple[str, pd.DataFrame]] = []
    for kernel in sorted(word.kernel.unique()):
        for target in _in_order(word.target.unique()):
            here = word[(word.target == target) & (word.kernel == kernel)]
            panels += [(f"{target}, {kernel}, word, K = {K:g}", part) for K, part in here.groupby("K")]
    for _, part in flat.groupby(["target", "kernel", "K"]):
        first = part.iloc[0]
        title = f"{first.target}, {first.kernel}, side {first.sides.split('-')[0]}, K = {first.K:g}"
        panels.append((title, part))
    columns = min(4, len(panels))
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(max(6.6, 1.85 * columns + 0.6), 1.45 * rows + 0.75))
    axes = figure.subplots(rows, columns, squeeze=False)
    for number, (ax, (title, part)) in enumerate(zip(axes.flat, panels, strict=False)):
        _panel(ax, part, float(part.K.iloc[0]))
        ax.set_title(title, pad=8)
        if number + columns >= len(panels):
            ax.set_xlabel("depth n")
    for ax in axes.flat[len(panels) :]:
        ax.set_visible(False)
    _finish(figure)
    text = _caption(pd.concat([word, flat]), CAPTION, "word-to-image chains and chains of constant side")
    caption(figure, text + " At constant side Φ_i = g_i is the identity: depth without resolution.")
    return figure


def _panel(ax: Axes, table: pd.DataFrame, K: float) -> None:
    """One target, constant and kernel: everything over depth, on a logarithmic axis."""
    ax.set_yscale("log")
    ax.margins(x=0.06)
    ax.yaxis.set_minor_formatter(NullFormatter())
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    rows = measured(table)
    if rows.empty:
        ax.text(0.5, 0.5, "every run diverged", transform=ax.transAxes, ha="center")
        return
    by_depth = rows.groupby("depth")
    depths = np.array(sorted(rows.depth.unique()), dtype=float)
    constant = by_depth.error_constant_lower.first()
    band(ax, depths, constant, by_depth.error_constant_upper.first())
    for name, colour, _ in BOUNDS:
        _interval(ax, rows, name, color=colour, linestyle="--", linewidth=1)
    _line(ax, by_depth.error_mean, color=MEAN, linewidth=1)
    _interval(ax, rows, "error", color=ERROR, linewidth=1.3)
    ax.plot(rows.depth, rows.error_lower, ".", color=ERROR, markersize=2, alpha=0.7)
    errors = pivot(rows, "error_lower")
    growth = growth_rate(errors, depths, constant.to_numpy()) if errors.shape[1:] == depths.shape else None
    label = f"log ρ not identifiable, log K {np.log(K):.2f}"
    if growth is not None:
        low, rate, high = np.log([growth.low, growth.rate, growth.high])
        label = f"log ρ {rate:.2f} [{low:.2f}, {high:.2f}], log K {np.log(K):.2f}"
    ax.text(0.02, 1.0, label, transform=ax.transAxes, va="bottom", fontsize=5.6, color="0.25")


def _interval(ax: Axes, rows: pd.DataFrame, name: str, **style: Any) -> None:
    """A quantity between its two ends; where there is one number, that."""
    low, high = interval(rows, name)
    _line(ax, high.groupby(rows.depth), **style)
    below, above = (end.groupby(rows.depth).apply(geometric_mean) for end in (low, high))
    ax.fill_between(below.index, below, above, color=style["color"], alpha=0.35, linewidth=0)


def _line(ax: Axes, groups: Any, **style: Any) -> None:
    mean = groups.apply(geometric_mean)
    ax.plot(mean.index, mean, **style)


def _finish(figure: Figure) -> None:
    handles = [Line2D([], [], color=colour, linestyle="--", label=label) for _, colour, label in BOUNDS]
    handles += [
        Line2D([], [], color=ERROR, marker=".", label="certified sup error (dots: seeds)"),
        Line2D([], [], color=MEAN, label="mean error"),
        Line2D([], [], color=CONSTANT, alpha=0.6, linewidth=2, label="best constant prediction"),
    ]
    width, height = figure.get_size_inches()
    columns = 6 if width > 7.5 else 3
    figure.tight_layout(rect=(0, 0, 1, 1 - (0.36 if columns == 6 else 0.5) / height), h_pad=0.7, w_pad=0.5)
    figure.legend(handles=handles, loc="upper center", ncols=columns, handlelength=1.6, columnspacing=1.1, fontsize=6.6)


def _caption(table: pd.DataFrame, text: str, what: str) -> str:
    rows = measured(table)
    met = rows[rows.verdict != "HYPOTHESIS_NOT_MET"]
    vacuous = met.vacuous.map(str)
    counts = {
        "met": len(met),
        "rows": len(table),
        "vacuous": int((vacuous == "True").sum()),
        "useful": int((vacuous == "False").sum()),
        "verdicts": ", ".join(f"{count} {verdict}" for verdict, count in met.verdict.value_counts().items()),
        "gap": widest_gap(rows),
    }
    return text.format(what=what, **counts, **setting(table))
