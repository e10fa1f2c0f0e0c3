"""Chains, pyramids and FlowAR over the number of scales: the literal reading of D.1 and its floor, repairs, ODEs."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

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
    setting,
)
from varexp.report.statistics import geometric_mean

CERTIFIED = (("chain", ERROR, "chain"), ("pyramid", MEAN, "pyramid"))
SAMPLERS = (
    ("literal", PRINTED, "FlowAR, D.1 as printed"),
    ("repaired", POINTWISE, "FlowAR, repaired (noise added)"),
    ("heun", TELESCOPED, "FlowAR, ODE sampling (Heun)"),
    ("euler", "#CC79A7", "FlowAR, ODE sampling (Euler)"),
)
NETWORKS = {"practice": "residual AdaLN network, as in practice", "printed": "network of C.12 as printed"}
CAPTION = """
Error of chains (Def 3.8), pyramids (Def 3.6) and FlowAR (App. C, D.1) against the number of scales n; target
{target}, domain {domain}, {norm} norm, sides {sides}; for FlowAR the scales are the target's last image, down-sampled
by 2^(n-i), and each n is a model of its own. {seeds} Chains and pyramids: sups enclosed from both sides. FlowAR
generates at random, so nothing is a sup: lines are the largest error over 256 words at one draw of the noise, a lower
end, geometric mean over training seeds (dots); bars run from the 5 to the 95 % point over 20 other draws, of the
largest error over 32 words. Read literally, D.1 evaluates the network once, at t = 0, and takes the velocity Y − F⁰
for the image: a perfect network would be off by rms(F⁰) (dotted), a floor of the definition and not of training.
Adding F⁰ back, or following the velocity in {steps} steps of Heun's method, has no such floor. Corollary 6.2 speaks
of none of this: it has no noise in it.
"""


def figures(table: pd.DataFrame) -> dict[str, Figure]:
    """`flowar`: one panel for each network of FlowAR, with the same chains and pyramids beside it."""
    rows = measured(table)
    networks = [name for name in NETWORKS if (rows.network == name).any()] or ["practice"]
    figure = Figure(figsize=(max(6.6, 3.4 * len(networks)), 3.2))
    axes = figure.subplots(1, len(networks), squeeze=False, sharey=True)
    for ax, network in zip(axes[0], networks, strict=True):
        _panel(ax, rows, network)
        ax.set_title(NETWORKS[network])
    axes[0, 0].set_ylabel("error")
    figure.tight_layout(rect=(0, 0, 1, 0.84), w_pad=0.8)
    handles = [Line2D([], [], color=colour, marker=".", label=label) for _, colour, label in CERTIFIED]
    drawn = set(rows.sampler.dropna())
    handles += [
        Line2D([], [], color=colour, marker=".", label=label) for name, colour, label in SAMPLERS if name in drawn
    ]
    handles += [
        Line2D([], [], color=PRINTED, linestyle=":", label="rms(F⁰), floor of D.1 as printed"),
        Line2D([], [], color=CONSTANT, alpha=0.6, linewidth=2, label="best constant prediction"),
    ]
    figure.legend(handles=handles, loc="upper center", ncols=4, fontsize=6.6)
    steps = ", ".join(str(int(n)) for n in sorted(rows.sampler_steps.dropna().unique())) or "no"
    target = ", ".join(dict.fromkeys(f"{t} K = {K:g}" for t, K in zip(table.target, table.K, strict=True)))
    caption(figure, CAPTION.format(target=target, steps=steps, **setting(table)))
    return {"flowar": figure}


def _panel(ax: Axes, rows: pd.DataFrame, network: str) -> None:
    ax.set_yscale("log")
    ax.margins(x=0.06)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("number of scales n")
    if rows.empty:
        return
    constant = rows.groupby("depth")[["error_constant_lower", "error_constant_upper"]].first()
    band(ax, constant.index.to_list(), constant.error_constant_lower, constant.error_constant_upper)
    for model, colour, _ in CERTIFIED:
        part = rows[rows.model == model]
        low, high = interval(part, "error")
        _means(ax, part, low, colour)
        _means(ax, part, high, colour)
    flows = rows[rows.network == network]
    floor = flows.groupby("depth").noise_rms.first()
    ax.plot(floor.index, floor, ":", color=PRINTED)
    for number, (sampler, colour, _) in enumerate(SAMPLERS):
        part = flows[flows.sampler == sampler]
        if part.empty:
            continue
        _means(ax, part, part.error_lower, colour)
        ends = part.groupby("depth")[["error_noise_low", "error_noise_high"]].agg(geometric_mean)
        places = ends.index.to_numpy(dtype=float) + 0.06 * (number - 1)
        ax.vlines(places, ends.error_noise_low, ends.error_noise_high, color=colour, linewidth=2.2, alpha=0.45)


def _means(ax: Axes, rows: pd.DataFrame, values: pd.Series, colour: str) -> None:
    if rows.empty:
        return
    mean = values.groupby(rows.depth).apply(geometric_mean)
    ax.plot(mean.index, mean, color=colour)
    ax.plot(rows.depth, values, ".", color=colour, markersize=2, alpha=0.6)
