"""FlowAR over the number of scales: what its network answers, its samplers, and a regression of the same scales."""

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
    TELESCOPED,
    caption,
    constants,
    means,
    measured,
    setting,
)

SAMPLERS = (
    ("literal", PRINTED, "D.1 as printed"),
    ("repaired", POINTWISE, "one step (noise added back)"),
    ("heun", TELESCOPED, "ODE, Heun"),
    ("euler", "#CC79A7", "ODE, Euler"),
)
NETWORKS = {
    "sample": "answers the sample",
    "practice": "answers the velocity (C.12, C.13)",
    "printed": "C.12 as printed, velocity",
}
CAPTION = """
FlowAR (App. C, D.1) against the number of scales n, each n a model of its own, and a pyramid that regresses the same
down-sampled scales without noise (black). Target {target}, domain {domain}, {norm} norm, sides {sides}. {seeds}
Geometric means with 95 % intervals over draws. What FlowAR makes is random: lines are the largest error over 256
words at one draw of the noise, a lower end of a sup. Dotted: rms(F⁰), by which D.1 as printed misses with a perfect
velocity. Corollary 6.2 speaks of none of this: it has no noise in it. Method: README, How to read it.
"""


def figures(table: pd.DataFrame) -> dict[str, Figure]:
    """`flowar`: one panel for each network of FlowAR, the baseline in each."""
    rows = measured(table)
    networks = [name for name in NETWORKS if (rows.network == name).any()] or ["practice"]
    figure = Figure(figsize=(6.8, 2.6))
    axes = figure.subplots(1, len(networks), squeeze=False, sharey=True)
    for ax, network in zip(axes[0], networks, strict=True):
        _panel(ax, rows, network)
        ax.set_title(NETWORKS[network])
    axes[0, 0].set_ylabel(f"{table.norm.iloc[0]} norm")
    figure.tight_layout(rect=(0, 0, 1, 0.86), w_pad=0.8)
    drawn = set(rows.sampler.dropna())
    handles = [Line2D([], [], color=ERROR, marker=".", label="pyramid, regression")]
    handles += [Line2D([], [], color=c, marker=".", label=label) for name, c, label in SAMPLERS if name in drawn]
    handles += [
        Line2D([], [], color=PRINTED, linestyle=":", label="rms(F⁰)"),
        Line2D([], [], color=CONSTANT, alpha=0.6, linewidth=2, label="best constant prediction"),
    ]
    figure.legend(handles=handles, loc="upper center", ncols=4, fontsize=6.6)
    target = ", ".join(dict.fromkeys(f"{t} K = {K:g}" for t, K in zip(table.target, table.K, strict=True)))
    caption(figure, CAPTION.format(target=target, **setting(table)))
    return {"flowar": figure}


def _panel(ax: Axes, rows: pd.DataFrame, network: str) -> None:
    ax.set_yscale("log")
    ax.margins(x=0.06)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("number of scales n")
    if rows.empty:
        return
    constants(ax, rows)
    baseline, flows = rows[rows.model == "pyramid"], rows[rows.network == network]
    if not baseline.empty:
        means(ax, baseline, "error_lower", shaded=True, color=ERROR, marker=".")
    if (flows.sampler == "literal").any():
        floor = flows.groupby("depth").noise_rms.first()
        ax.plot(floor.index, floor, ":", color=PRINTED)
    for sampler, colour, _ in SAMPLERS:
        part = flows[flows.sampler == sampler]
        if not part.empty:
            means(ax, part, "error_lower", shaded=True, color=colour, marker=".")
