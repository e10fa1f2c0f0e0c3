"""What the figures share: colours, captions, the words for a table's domain and norm."""

import textwrap

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

# Okabe and Ito's palette, told apart by readers with colour blindness; measured is dark, bounds are coloured.
ERROR = "#000000"
MEAN = "#7f7f7f"
POINTWISE = "#0072B2"
TELESCOPED = "#009E73"
PRINTED = "#D55E00"
CONSTANT = "#E69F00"
FEATURE = "#CC79A7"

CHARACTERS_PER_INCH = 18.5
LINE_HEIGHT = 0.135  # inches


def caption(figure: Figure, text: str) -> None:
    """Write a caption below the axes, on room that the figure gains for it."""
    width, height = figure.get_size_inches()
    lines = textwrap.wrap(text, int(width * CHARACTERS_PER_INCH))
    room = LINE_HEIGHT * len(lines) + 0.12
    for axes in figure.axes:
        box = axes.get_position()
        lower = (box.y0 * height + room) / (height + room)
        axes.set_position((box.x0, lower, box.width, box.height * height / (height + room)))
    for text_line in figure.texts:
        x, y = text_line.get_position()
        text_line.set_position((x, (y * height + room) / (height + room)))
    figure.set_size_inches(width, height + room)
    for number, line in enumerate(lines):
        y = (room - 0.1 - LINE_HEIGHT * number) / (height + room)
        figure.text(0.012, y, line, ha="left", va="top", fontsize=6.8)


def measured(table: pd.DataFrame) -> pd.DataFrame:
    """The rows that have a model to speak of."""
    return table[~table.diverged.astype(bool)]


def pivot(rows: pd.DataFrame, column: str) -> NDArray[np.float64]:
    """A column as an array (seeds, depths), with only the seeds that have every depth."""
    wide = rows.pivot_table(index="seed", columns="depth", values=column, aggfunc="first")
    return wide.dropna().to_numpy(dtype=np.float64)


def seeds_and_divergence(table: pd.DataFrame) -> str:
    """How many seeds stand behind a figure, and how many rows diverged."""
    diverged = int(table.diverged.astype(bool).sum())
    lost = f"{diverged} rows diverged and are not drawn" if diverged else "no run diverged"
    return f"{table.seed.nunique()} seeds; {lost}."
