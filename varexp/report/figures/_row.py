"""One row: its error, its bounds and the best constant prediction as intervals, its stages beside them."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from varexp.report.figures._common import CONSTANT, ERROR, POINTWISE, PRINTED, TELESCOPED, caption

ROWS = (
    ("error", ERROR, "error"),
    ("bound_telescoped", TELESCOPED, "telescoped bound"),
    ("bound_printed", PRINTED, "bound as printed"),
    ("error_constant", CONSTANT, "best constant prediction"),
)
STAGES = (("eps_interpolation", PRINTED, "ε₁"), ("eps_block", POINTWISE, "ε₂"), ("local_error", ERROR, "local error"))
CAPTION = """
{model}, target {target}, K = {K:g}, kernel {kernel}, domain {domain}, {norm} norm, sides {sides}, seed {seed}. Left:
certified intervals of the error of depth {depth}, of its bounds, and of the error of the best constant prediction; a
single mark is an end whose other one is not known. Right: the same for every stage. Verdict on Theorem 5.6 as
printed: {verdict}; on the telescoped bound: {verdict_repaired}.
"""


def row_figure(row: Mapping[str, Any], stages: pd.DataFrame) -> Figure:
    """The figure of one row of results and of its rows in the stage table."""
    figure = Figure(figsize=(6.6, 2.0))
    left, right = figure.subplots(1, 2)
    for place, (name, colour, _) in enumerate(ROWS):
        _mark(left, place, row.get(f"{name}_lower"), row.get(f"{name}_upper"), colour)
    left.set_yticks(range(len(ROWS)), [label for _, _, label in ROWS])
    left.invert_yaxis()
    left.set_xscale("log")
    left.set_xlabel(f"size in the {row['norm']} norm")
    for shift, (name, colour, label) in zip((-0.15, 0.0, 0.15), STAGES, strict=True):
        for stage, low, high in zip(stages.stage, stages[f"{name}_lower"], stages[f"{name}_upper"], strict=True):
            _mark(right, stage + shift, low, high, colour, vertical=True)
        right.plot([], [], "o", color=colour, markersize=3, label=label)
    right.set_yscale("log")
    right.set_xticks(list(stages.stage))
    right.set_xlabel("stage")
    right.set_ylabel(f"{row['norm']} norm")
    right.legend()
    figure.tight_layout()
    caption(figure, CAPTION.format(**row))
    return figure


def _mark(ax: Axes, place: float, low: Any, high: Any, colour: str, vertical: bool = False) -> None:
    """An interval as a line between two marks; nothing where it is not known or 0."""
    ends = [end for end in (low, high) if end is not None and end == end and end > 0]
    places = [place] * len(ends)
    ax.plot(*((places, ends) if vertical else (ends, places)), "o-", color=colour, markersize=3)
