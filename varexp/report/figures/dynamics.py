"""Certified errors of networks on vector fields: both ends, beside the mean error and the largest sampled one."""

from itertools import groupby
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
from matplotlib.transforms import blended_transform_factory

from varexp.report.figures._common import ERROR, MEAN, POINTWISE, PRINTED, caption

LEAST, MOST, LINEAR = -30.0, 10.0, 1.0  # per cent that the right panel shows; it is linear between -1 and 1
TICKS = (-10, -1, 0, 1, 10)
BAR, SAMPLE = -0.1, 0.27  # where both stand within a line
NUMBERS = {"gap": 1.21, "time": 1.42, "cells": 1.66}  # right ends of columns, in widths of the right panel

CAPTION = """
Error |N − f| in max norm of networks N on vector fields f, over the whole box of each field; hidden sizes and
activation of N beside the field. {networks}. Left: the mean error on 200 000 samples (dot) and the certified interval
of sup |N − f| (bar). Right: the same interval in per cent above its lower end, on the gap that was asked for (light),
and the largest error among the samples (diamond), which knows nothing of the certificate: it is never above the upper
end, and where it lies to the left of 0 the certificate shows a larger error than 200 000 samples do. {undecided}
Intervals are theorems about the network as it is, rounding included; seconds are those of the certificate, on one
core.
"""


def figures(table: pd.DataFrame) -> dict[str, Figure]:
    """`dynamics`: one line a network, in the order of the table."""
    rows = [dict(row) for _, row in table.iterrows()]
    height = 0.175 * len(rows)
    figure = Figure(figsize=(7.4, height + 0.85))
    absolute, relative = figure.subplots(1, 2, sharey=True, gridspec_kw={"width_ratios": (1.25, 1)})
    edges = {"top": 1 - 0.5 / (height + 0.85), "bottom": 0.35 / (height + 0.85)}
    figure.subplots_adjust(left=0.305, right=0.82, wspace=0.1, **edges)
    _lines(absolute, relative, rows)
    for place, row in enumerate(rows):
        _absolute(absolute, row, place)
        _relative(relative, row, place)
    _finish(absolute, relative, len(rows))
    figure.text(
        0.5,
        1 - 0.04 / (height + 0.85),
        "Networks on vector fields: certified errors",
        ha="center",
        va="top",
        fontweight="bold",
    )
    _legend(figure, 1 - 0.2 / (height + 0.85))
    caption(figure, CAPTION.format(networks=_networks(table), undecided=_undecided(table)))
    return {"dynamics": figure}


def _lines(absolute: Axes, relative: Axes, rows: list[dict[str, Any]]) -> None:
    """Names at the left, numbers at the right, every second field on a grey band."""
    left = blended_transform_factory(absolute.transAxes, absolute.transData)
    right = blended_transform_factory(relative.transAxes, relative.transData)
    for number, (name, group) in enumerate(groupby(enumerate(rows), key=lambda pair: str(pair[1]["field"]))):
        members = list(group)
        low, high = members[0][0] - 0.5, members[-1][0] + 0.5
        if number % 2 == 0:
            for ax in (absolute, relative):
                ax.axhspan(low, high, color="0.95", linewidth=0, zorder=0)
        label = f"{name.replace('_', ' ')} ({members[0][1]['coordinates']})"
        absolute.text(-1.02, (low + high) / 2, label, transform=left, ha="left", va="center", fontsize=6.8)
        for place, row in members:
            network = f"{row['hidden_sizes']} {row['activation']}"
            absolute.text(-0.02, place, network, transform=left, ha="right", va="center", fontsize=6.5)
            for x, text in zip(NUMBERS.values(), _numbers(row), strict=True):
                relative.text(x, place, text, transform=right, ha="right", va="center", fontsize=6.5)
    for text, x in NUMBERS.items():
        relative.text(x, 1.01, text, transform=relative.transAxes, ha="right", va="bottom", fontsize=6.5)


def _numbers(row: dict[str, Any]) -> tuple[str, str, str]:
    gap = "–" if pd.isna(row["gap"]) else f"{100 * row['gap']:.2f} %" if row["gap"] >= 1e-4 else "< 0.01 %"
    seconds = float(row["seconds_certified"])
    time = f"{seconds:.1f} s" if seconds >= 10 else f"{seconds:.2f} s"
    return gap, time, f"{int(row['evaluations']):,}".replace(",", " ")


def _absolute(ax: Axes, row: dict[str, Any], place: int) -> None:
    ax.plot(row["error_mean"], place, "o", color=MEAN, markersize=3)
    if pd.isna(row["sup_lower"]):
        return
    ax.plot([row["error_mean"], row["sup_lower"]], [place, place], color=MEAN, linewidth=0.6, zorder=1)
    colour = _colour(row)
    if pd.isna(row["sup_upper"]):
        ax.plot(row["sup_lower"], place, ">", color=colour, markersize=4)
    else:
        ax.plot([row["sup_lower"], row["sup_upper"]], [place, place], color=colour, linewidth=5, solid_capstyle="butt")
        ax.plot([row["sup_lower"], row["sup_upper"]], [place, place], "|", color=colour, markersize=5)


def _relative(ax: Axes, row: dict[str, Any], place: int) -> None:
    if pd.isna(row["sup_lower"]) or not row["sup_lower"]:
        return
    gap = MOST if pd.isna(row["gap"]) else min(100 * row["gap"], MOST)
    ax.barh(place + BAR, 100 * row["goal"], height=0.6, color="0.82", linewidth=0, zorder=1)
    ax.barh(place + BAR, gap, height=0.34, color=_colour(row), linewidth=0, zorder=2)
    ax.plot([0, 0], [place + BAR - 0.3, place + BAR + 0.3], color=_colour(row), linewidth=0.8, zorder=3)
    if gap == MOST:
        ax.plot(MOST, place + BAR, ">", color=_colour(row), markersize=4, clip_on=False)
    sampled = 100 * (row["error_sampled"] / row["sup_lower"] - 1)
    marker = "D" if sampled > LEAST else "<"
    ax.plot(max(sampled, LEAST), place + SAMPLE, marker, color=POINTWISE, markersize=2.4, zorder=4)


def _colour(row: dict[str, Any]) -> str:
    return ERROR if row["decided"] else PRINTED


def _finish(absolute: Axes, relative: Axes, count: int) -> None:
    absolute.set_xscale("log")
    absolute.xaxis.set_major_locator(LogLocator(subs=(1, 3)))
    absolute.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    absolute.xaxis.set_minor_locator(NullLocator())
    absolute.set_xlabel("error")
    absolute.set_ylim(count - 0.5, -0.5)
    absolute.set_yticks([])
    relative.set_xscale("symlog", linthresh=LINEAR)
    relative.set_xlim(LEAST, MOST)
    relative.set_xticks(TICKS, [f"{tick}".replace("-", "−") for tick in TICKS])
    relative.xaxis.set_minor_locator(NullLocator())
    relative.tick_params(left=False)
    relative.set_xlabel("above the certified lower end, %")
    for ax in (absolute, relative):
        ax.spines["left"].set_visible(False)


def _legend(figure: Figure, top: float) -> None:
    handles = [
        Line2D([], [], color=MEAN, marker="o", linestyle="", label="mean error"),
        Line2D([], [], color=ERROR, linewidth=4, label="sup, certified"),
        Line2D([], [], color=PRINTED, linewidth=4, label="undecided"),
        Line2D([], [], color="0.82", linewidth=5, label="gap asked for"),
        Line2D([], [], color=POINTWISE, marker="D", linestyle="", label="largest sample"),
    ]
    figure.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, top), ncols=5, fontsize=6.6)


def _networks(table: pd.DataFrame) -> str:
    steps = " and ".join(map(str, sorted(table.steps.unique())))
    return f"{len(table)} networks, each trained for {steps} steps; in brackets the coordinates of a field"


def _undecided(table: pd.DataFrame) -> str:
    lost = int((~table.decided.astype(bool)).sum())
    if not lost:
        return "All intervals are as narrow as asked for."
    return f"{lost} of {len(table)} intervals are wider than asked for; an arrow has no upper end in sight."
