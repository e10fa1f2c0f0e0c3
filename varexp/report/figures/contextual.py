"""Separation of token ids by one attention layer: what the lemma promises, what weights reach, what floats keep."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from varexp.report.figures._common import ERROR, MEAN, POINTWISE, PRINTED, TELESCOPED, caption

ARMS = {
    "trained": ("searched weights", ERROR, "o"),
    "data": ("smallest scores of the proof", POINTWISE, "s"),
    "ks": ("weights of the proof", TELESCOPED, "D"),
}
CAPTION = """
One attention layer on all sequences of {length} different tokens out of 1, …, |V|: the smallest difference of two ids
that Definition 4.3 wants apart, as powers of ten. Filled: exact arithmetic (separations below 1e-2400 are not
resolved). Dashed: the δ that Lemma 4.4 prints, and dotted the δ that the proof gives for the weights of that colour.
Right: the share of settings in which no two ids coincide when torch computes them in a precision. No float holds what
the weights of the proof tell apart; weights that are searched for keep ids apart in nearly every setting.
"""


def figures(table: pd.DataFrame) -> dict[str, Figure]:
    """`contextual`: a panel for each length of sequences, and one of what floats keep."""
    lengths = sorted(set(table.length))
    figure = Figure(figsize=(6.8, 2.5))
    axes = figure.subplots(1, len(lengths) + 1, squeeze=False)[0]
    for ax, length in zip(axes, lengths, strict=False):
        _panel(ax, table[table.length == length])
        ax.set_title(f"sequences of {length}")
    axes[0].set_ylabel("log₁₀ of 1/separation")
    _kept(axes[-1], table)
    figure.tight_layout(rect=(0, 0, 1, 0.88), w_pad=0.6)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="upper center", ncols=4, fontsize=6.4)
    caption(figure, CAPTION.format(length=" or ".join(map(str, lengths))))
    return {"contextual": figure}


def _panel(ax: Axes, rows: pd.DataFrame) -> None:
    for arm, (label, colour, marker) in ARMS.items():
        here = rows[rows.arm == arm]
        found = here.dropna(subset="log10_separation")
        if len(found):
            ax.plot(
                found.words, np.maximum(-found.log10_separation, 0.1), marker, color=colour, markersize=4, label=label
            )
        if here.log10_delta.notna().any():
            ax.plot(here.words, -here.log10_delta, ":", color=colour, linewidth=1.2)
    printed = rows.drop_duplicates("words")
    ax.plot(printed.words, -printed.log10_delta_printed, "--", color=PRINTED, linewidth=1.2, label="δ as printed")
    ax.set_yscale("log")
    ax.invert_yaxis()
    ax.set_xlabel("tokens |V|")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))


def _kept(ax: Axes, table: pd.DataFrame) -> None:
    names = [name for name in map(str, table) if name.startswith("separation_")]
    for number, (arm, (_, colour, _)) in enumerate(ARMS.items()):
        here = table[table.arm == arm]
        shares = [(here[name] > 0).mean() for name in names]
        ax.bar(np.arange(len(names)) + 0.27 * (number - 1), shares, 0.25, color=colour, edgecolor=MEAN, linewidth=0.3)
    ax.set_xticks(range(len(names)), [name.removeprefix("separation_") for name in names])
    ax.set_ylim(0, 1.05)
    ax.set_title("ids all different in floats")
    ax.set_ylabel("share of settings")
