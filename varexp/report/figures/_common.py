"""What the figures share: colours, captions, the words for a table's domain and norm."""

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from varexp.report.statistics import DRAW, SEED, estimate, geometric_mean

# Okabe and Ito's palette, told apart by readers with colour blindness; measurements are dark, bounds are coloured.
ERROR = "#000000"
MEAN = "#7f7f7f"
POINTWISE = "#0072B2"
TELESCOPED = "#009E73"
PRINTED = "#D55E00"
CONSTANT = "#E69F00"

CHARACTERS_PER_INCH = 18.5
LINE_HEIGHT = 0.135  # inches


def caption(figure: Figure, text: str) -> None:
    """Write a caption below the axes, on room that the figure gains for it."""
    width, height = figure.get_size_inches()
    lines = textwrap.wrap(" ".join(text.split()), int(width * CHARACTERS_PER_INCH))
    room = LINE_HEIGHT * len(lines) + 0.12
    grown = height + room
    for axes in figure.axes:
        box = axes.get_position()
        axes.set_position((box.x0, (box.y0 * height + room) / grown, box.width, box.height * height / grown))
    for label in figure.texts:
        x, y = label.get_position()
        label.set_position((x, (y * height + room) / grown))
    for legend in figure.legends:
        legend.set_bbox_to_anchor((0.5, (_top(legend.get_bbox_to_anchor().y1, figure) * height + room) / grown))
    figure.set_size_inches(width, grown)
    for number, line in enumerate(lines):
        y = (room - 0.1 - LINE_HEIGHT * number) / grown
        figure.text(0.012, y, line, ha="left", va="top", fontsize=6.8)


def _top(pixels: float, figure: Figure) -> float:
    return float(figure.transFigure.inverted().transform((0.0, pixels))[1])


def band(ax: Axes, x: Sequence[float] | NDArray[np.float64], lower: object, upper: object) -> None:
    """The best constant prediction's error, between its two ends."""
    ax.fill_between(x, lower, upper, color=CONSTANT, alpha=0.5, linewidth=1.2, zorder=1)  # type: ignore[arg-type]


def measured(table: pd.DataFrame) -> pd.DataFrame:
    """The rows that have a model to speak of."""
    return table[~table.diverged.astype(bool)]


def interval(rows: pd.DataFrame, name: str) -> tuple[pd.Series, pd.Series]:
    """Both ends of a quantity; the lower one twice where the upper one is not known, and a plain column twice."""
    if f"{name}_lower" not in rows:
        return rows[name], rows[name]
    return rows[f"{name}_lower"], rows[f"{name}_upper"].fillna(rows[f"{name}_lower"])


def widest_gap(rows: pd.DataFrame) -> str:
    """The largest relative distance between the ends of an error."""
    low, high = interval(rows, "error")
    gaps = (high / low - 1)[low > 0]
    return f"{100 * gaps.max():.2g} %" if len(gaps) else "0 %"


def listed(values: pd.Series) -> str:
    """The distinct values in order of appearance."""
    return ", ".join(dict.fromkeys(values.astype(str)))


def setting(table: pd.DataFrame) -> dict[str, str]:
    """What every caption names: domain, norm, longest ladders of sides, draws and seeds, how many rows diverged."""
    longest = table.depth == table.groupby("domain").depth.transform("max")
    diverged = int(table.diverged.astype(bool).sum())
    lost = f"{diverged} rows diverged and are not drawn" if diverged else "no run diverged"
    draws, seeds = table[DRAW].nunique(), table[SEED].nunique()
    what = f"{draws} draw{'s' * (draws > 1)} of each target, {seeds} seed{'s' * (seeds > 1)} each; {lost}."
    return {
        "domain": listed(table.domain),
        "norm": listed(table.norm),
        "sides": listed(table.sides[longest]),
        "seeds": what,
    }


def means(
    ax: Axes, rows: pd.DataFrame, column: str, against: str = "depth", *, shaded: bool = False, **style: Any
) -> None:
    """The geometric mean over draws of a column against another; its 95 % interval if `shaded`."""
    parts = [(x, part) for x, part in rows.groupby(against) if (part[column] > 0).all()]
    found = [estimate(part, column) for _, part in parts]
    places = np.array([x for x, _ in parts], dtype=np.float64)
    ax.plot(places, [e.value for e in found], **style)
    if shaded:
        low, high = ([getattr(e, end) for e in found] for end in ("low", "high"))
        ax.fill_between(places, low, high, color=style["color"], alpha=0.18, linewidth=0)


def constant_ends(rows: pd.DataFrame) -> tuple[float, float]:
    """The geometric means of both ends of the best constant prediction's error."""
    return geometric_mean(rows.error_constant_lower), geometric_mean(rows.error_constant_upper)


def constants(ax: Axes, rows: pd.DataFrame) -> None:
    """The geometric mean over draws of the best constant prediction's error, between both ends, against depth."""
    ends = [rows.groupby("depth")[f"error_constant_{end}"].agg(geometric_mean) for end in ("lower", "upper")]
    band(ax, ends[0].index.to_numpy(dtype=float), *ends)
