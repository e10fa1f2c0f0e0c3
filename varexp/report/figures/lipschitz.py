"""Error and bounds against the target's constant K, across the 2 that Theorem 5.6 asks K_2 to be above."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullFormatter, ScalarFormatter

from varexp.report.figures._common import CONSTANT, ERROR, PRINTED, TELESCOPED, caption, means, measured, setting

LINES = (
    ("bound_printed_upper", PRINTED, "--", "K₂ⁿ·max(K₁ε₁+ε₂), as printed"),
    ("bound_telescoped_upper", TELESCOPED, "--", "telescoped"),
    ("error_constant_lower", CONSTANT, "-", "best constant prediction"),
    ("error_lower", ERROR, "-", "certified sup error"),
)
ALSO = ("constructed",)
CAPTION = """
Trained chains of depth {depth} against the constant K that their targets are made for. The theorem asks for K₂ > 2
(right of the dotted line); its formula is drawn everywhere. Geometric means with 95 % intervals over draws; {seeds}
Domain {domain}, {norm} norm, kernel keys, sides {sides}. Rows whose lower end is above the printed formula, by K:
{above}. With the true constant the formula is not the theorem's there, and no trained chain refutes it. Right: the same
error over the formula, beside constructed chains of affine maps whose errors add up, in exact arithmetic: they exceed
it for K < 2 and approach it at 2. Method: README, How to read it.
"""


def figures(table: pd.DataFrame, constructed: pd.DataFrame | None = None) -> dict[str, Figure]:
    """`lipschitz`: a panel for each target at the greatest depth, and one of the error over the formula."""
    rows = measured(table)
    rows = rows[rows.depth == rows.depth.max()]
    rows = rows.assign(share=rows.error_lower / rows.bound_printed_upper)
    targets = list(dict.fromkeys(rows.target))
    figure = Figure(figsize=(6.8, 2.5))
    axes = figure.subplots(1, len(targets) + 1, squeeze=False)[0]
    for ax, target in zip(axes, targets, strict=False):
        here = rows[rows.target == target]
        for column, colour, style, label in LINES:
            means(ax, here, column, "K", shaded=True, linestyle=style, color=colour, label=label, linewidth=1.2)
        ax.set_title(f"{target}, kernel {here.kernel.iloc[0]}")
    _shares(axes[-1], rows, constructed)
    for ax in axes:
        _across_two(ax)
    axes[0].set_ylabel(f"{table.norm.iloc[0]} norm")
    figure.tight_layout(rect=(0, 0, 1, 0.9), w_pad=0.6)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="upper center", ncols=len(handles), fontsize=6.6)
    above = rows[rows.error_lower > rows.bound_printed_upper]
    counts = ", ".join(f"{len(part)} of {(rows.K == K).sum()} at K = {K:g}" for K, part in above.groupby("K"))
    caption(figure, CAPTION.format(depth=rows.depth.max(), above=counts or "none", **setting(table)))
    return {"lipschitz": figure}


def _shares(ax: Axes, rows: pd.DataFrame, constructed: pd.DataFrame | None) -> None:
    """Error over the printed formula: of each target's trained chains, and of constructed ones of the same depth."""
    for target, marker in zip(dict.fromkeys(rows.target), "os^vD", strict=False):
        here = rows[rows.target == target]
        means(
            ax, here, "share", "K", color=ERROR, marker=marker, markersize=3, linewidth=0.8, label=f"{target}, trained"
        )
    if constructed is not None:
        exact = constructed[constructed.depth == rows.depth.max()]
        ax.plot(exact.K, exact.ratio, color=PRINTED, linewidth=1.4, label="affine, constructed")
    ax.axhline(1, color="0.4", linewidth=0.8, linestyle=":")
    ax.set_title("error / printed formula")
    ax.legend(fontsize=6, loc="lower left")


def _across_two(ax: Axes) -> None:
    """Logarithmic axes with a line at K = 2."""
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.axvline(2, color="0.4", linewidth=0.8, linestyle=":")
    ax.xaxis.set_major_locator(FixedLocator([0.5, 1, 2, 4]))
    ax.xaxis.set_major_formatter(ScalarFormatter())
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xlabel("K")
