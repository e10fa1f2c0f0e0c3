"""Figures of means by category: a row for each, a mark for each quantity with its 95 % interval over draws."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from varexp.report.figures._common import CONSTANT
from varexp.report.statistics import Estimate

COLUMNS = 3  # of the legend
NARROW = 50  # a logarithmic axis with a smaller ratio of its ends has marks at 1, 2 and 5


class Series(NamedTuple):
    """A quantity: how it is called and drawn."""

    label: str
    colour: str
    marker: str


class Panel(NamedTuple):
    """The estimates of each category by series; `constants` are the ends of the best constant prediction's error."""

    title: str
    rows: Mapping[str, Mapping[str, Estimate]]
    constants: tuple[float, float] | None = None


def categories(panels: Sequence[Panel], series: Mapping[str, Series], xlabel: str, line: float | None = None) -> Figure:
    """One panel beside the other on logarithmic axes; `line` marks a value that separates, such as a ratio of 1."""
    most = max((len(panel.rows) for panel in panels), default=1)
    labels = max((len(label) for panel in panels for label in panel.rows), default=1)
    figure = Figure(figsize=(6.8, 0.19 * most + 1.15))
    axes = figure.subplots(1, max(1, len(panels)), squeeze=False, sharey=_same_rows(panels))
    for ax, panel in zip(axes[0], panels, strict=False):
        _panel(ax, panel, series, line)
        ax.set_xlabel(xlabel)
    handles = [
        Line2D([], [], color=s.colour, marker=s.marker, linestyle="", markersize=3.5, label=s.label)
        for s in series.values()
    ]
    if any(panel.constants for panel in panels):
        handles.append(Patch(color=CONSTANT, alpha=0.5, label="best constant prediction"))  # type: ignore[arg-type]
    lines = -(-len(handles) // COLUMNS)
    figure.set_size_inches(6.8, figure.get_size_inches()[1] + 0.14 * (lines - 1))
    width, height = figure.get_size_inches()
    figure.subplots_adjust(
        left=(0.055 * labels + 0.15) / width,
        right=0.985,
        bottom=0.42 / height,
        top=1 - (0.44 + 0.14 * lines) / height,
        wspace=0.12 if _same_rows(panels) else 0.4,
    )
    figure.legend(
        handles=handles, loc="upper center", ncols=min(COLUMNS, len(handles)), fontsize=6.6, handletextpad=0.2
    )
    return figure


def _same_rows(panels: Sequence[Panel]) -> bool:
    return len({tuple(panel.rows) for panel in panels}) == 1


def _panel(ax: Axes, panel: Panel, series: Mapping[str, Series], line: float | None) -> None:
    ax.set_xscale("log")
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_title(panel.title)
    names = list(panel.rows)
    if panel.constants is not None:
        ax.axvspan(*panel.constants, color=CONSTANT, alpha=0.5, linewidth=1.2)
    if line is not None:
        ax.axvline(line, color="0.4", linewidth=0.8, linestyle=":")
    step = 0.5 / max(1, len(series))
    for number, (name, s) in enumerate(series.items()):
        shift = step * (number - (len(series) - 1) / 2)
        for place, row in enumerate(names):
            found = panel.rows[row].get(name)
            if found is None:
                continue
            ax.plot(found.value, place + shift, s.marker, color=s.colour, markersize=3.2, zorder=3)
            if math.isfinite(found.low):
                ax.hlines(place + shift, found.low, found.high, color=s.colour, linewidth=1, alpha=0.7)
    low, high = ax.get_xlim()
    if high < NARROW * low:
        ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.grid(axis="y", visible=True)
