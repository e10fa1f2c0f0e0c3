"""What the models make of a few words, beside the truth: token maps scale by scale, images, error maps."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from varexp.report.figures._common import caption

ROWS = (
    ("target", "target"),
    ("VAR", "VAR"),
    ("VAR", "|VAR − target|"),
    ("FlowAR target", "FlowAR's target"),
    ("FlowAR", "FlowAR (Heun)"),
    ("FlowAR", "|FlowAR − its target|"),
)
TRUTH = {"VAR": "target", "FlowAR": "FlowAR target"}
CAPTIONS = {
    "ball": """
Samples of trained models on the ball of words ball-1, target sine with K = 2.1: for each word its token maps from
scale to scale, first channel. VAR is a pyramid (Def 3.6) run on its own; its target is the trajectory
f_i∘g_i∘…∘f_1∘g_1. FlowAR (residual AdaLN network, eight steps of Heun's method, one draw of the noise) aims at the
target's last token map, averaged over squares (C.5), so that its coarser targets are others. Error maps share the
scale of grey of the maps above them, from 0 (white) to half of their range (black).
""",
    "digits": """
Samples of trained models on ten words of a circle, each of which stands for a handwritten digit: token maps of sides
2 and 4, first of two channels, are the means of a VQ-VAE's codes and the codes, and the image of side 8 is what its
decoder makes of them. The target retrieves them by a softmax over the ten (Lipschitz, with a known constant). VAR is
a pyramid (Def 3.6); FlowAR has the residual AdaLN network and eight steps of Heun's method, one draw of the noise.
Error maps share the scale of grey of the maps above them, from 0 (white) to half of their range (black).
""",
}


def figures(table: pd.DataFrame) -> dict[str, Figure]:
    """`samples_ball` and `samples_digits`, from the pixels."""
    return {f"samples_{name}": _figure(str(name), rows) for name, rows in table.groupby("figure")}


def _figure(name: str, table: pd.DataFrame) -> Figure:
    words, scales = sorted(table.word.unique()), sorted(table.scale.unique())
    figure = Figure(figsize=(max(6.6, 0.8 * len(words) * len(scales) + 1.2), 0.8 * len(ROWS) + 0.4))
    ratios = (([1.0] * len(scales) + [0.25]) * len(words))[:-1]  # a gap between words
    room = {"left": 0.15, "right": 0.99, "top": 0.93, "bottom": 0.02, "wspace": 0.08, "hspace": 0.08}
    grid = figure.add_gridspec(len(ROWS), len(ratios), width_ratios=ratios, **room)
    for w, word in enumerate(words):
        for s, scale in enumerate(scales):
            here = table[(table.word == word) & (table.scale == scale)]
            maps = {kind: _image(part) for kind, part in here.groupby("map")}
            for number, (kind, label) in enumerate(ROWS):
                ax = figure.add_subplot(grid[number, w * (len(scales) + 1) + s])
                _show(ax, maps, kind, label.startswith("|"))
                if s == w == 0:
                    ax.set_ylabel(label.replace(" − ", "\n− "), rotation=0, ha="right", va="center")
                if number == 0:
                    ax.set_title(f"word {word + 1}, {len(maps['target'])}x{len(maps['target'])}", fontsize=6.5)
    caption(figure, CAPTIONS[name])
    return figure


def _image(part: pd.DataFrame) -> NDArray[np.float64]:
    return part.pivot_table(index="row", columns="column", values="value").to_numpy(dtype=np.float64)


def _show(ax: Axes, maps: dict[str, NDArray[np.float64]], kind: str, error: bool) -> None:
    truth = maps[TRUTH.get(kind, kind)]
    low, high = float(truth.min()), float(truth.max())
    if error:
        ax.imshow(np.abs(maps[kind] - truth), cmap="gray_r", vmin=0, vmax=(high - low) / 2, interpolation="nearest")
    else:
        ax.imshow(maps[kind], cmap="gray", vmin=low, vmax=high, interpolation="nearest")
    ax.set_xticks([])
    ax.set_yticks([])
    ax.grid(visible=False)
    for spine in ax.spines.values():
        spine.set(visible=True, linewidth=0.4)
