"""ε_1 of each kernel against resolution, on smooth images."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullFormatter, ScalarFormatter

from varexp.report.figures._common import CONSTANT, ERROR, MEAN, POINTWISE, PRINTED, TELESCOPED, caption

COLOURS = (ERROR, POINTWISE, TELESCOPED, PRINTED, CONSTANT, MEAN)
STYLES = ("-", "--")
TITLES = {"sampled": "images by values at pixels", "averaged": "images by means over pixels"}
CAPTION = """
ε₁ = sup ‖(Φ−g)x‖ of each kernel where images of side s are doubled: over all combinations of nine cosines of low
frequency with L² norm 1, enclosed (both ends within the line), on the whole image. Slopes are between the two largest
sizes. In brackets: the exact order away from borders, the degree of the lowest polynomial that the kernel misses. keys
has order 3 on values, less at the clamped border, and 2 on means. dct on values is the truth itself, and not drawn.
"""


def figures(table: pd.DataFrame) -> dict[str, Figure]:
    """`interpolation`: a panel for each meaning of pixels, a line for each kernel."""
    kinds = list(dict.fromkeys(table.images))
    figure = Figure(figsize=(6.8, 3.0))
    axes = figure.subplots(1, len(kinds), squeeze=False, sharey=True)[0]
    for ax, images in zip(axes, kinds, strict=True):
        _panel(ax, table[table.images == images])
        ax.set_title(TITLES.get(str(images), str(images)))
    axes[0].set_ylabel("ε₁, rms norm")
    axes[0].set_ylim(bottom=axes[0].get_ylim()[0] / 1000)  # room for the legends
    figure.tight_layout(w_pad=0.8)
    caption(figure, CAPTION)
    return {"interpolation": figure}


def _panel(ax: Axes, rows: pd.DataFrame) -> None:
    whole, inner = (rows[rows.part == part] for part in ("whole", "inner"))
    for number, names in enumerate(_alike(whole)):
        here = whole[whole.kernel == names[0]]
        exact = inner.order_exact[inner.kernel == names[0]].dropna()
        label = f"{', '.join(names)}: {here.order.iloc[-1]:.2f}" + (f" ({exact.iloc[0]:g})" if len(exact) else "")
        colour, style = COLOURS[number % len(COLOURS)], STYLES[number // len(COLOURS) % 2]
        ax.plot(here["size"], here.eps_interpolation_lower, style, color=colour, linewidth=1.1, label=label)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.xaxis.set_major_locator(FixedLocator(sorted(set(rows["size"]))))
    ax.xaxis.set_major_formatter(ScalarFormatter())
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xlabel("side s before doubling")
    ax.legend(fontsize=5.8, loc="lower left", handlelength=2.2, title="kernel: slope (exact order)", title_fontsize=6)


def _alike(whole: pd.DataFrame) -> list[list[str]]:
    """Kernels, those of equal ε_1 at all sizes together, from the largest at the last size down; without exact ones."""
    groups: dict[tuple[str, ...], list[str]] = {}
    last = whole[whole["size"] == whole["size"].max()].sort_values("eps_interpolation_upper", ascending=False)
    for name in last.kernel:
        values = whole.eps_interpolation_lower[whole.kernel == name]
        if (values > 0).all():  # told from 0
            groups.setdefault(tuple(f"{value:.6g}" for value in values), []).append(str(name))
    return list(groups.values())
