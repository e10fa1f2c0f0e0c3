"""The kernel question in two parts: how large ε_1 is, and how much of it training removes where it may."""

import pandas as pd
from matplotlib.figure import Figure

from varexp.report.figures._categories import Panel, Series, categories
from varexp.report.figures._common import (
    ERROR,
    POINTWISE,
    PRINTED,
    TELESCOPED,
    caption,
    constant_ends,
    measured,
    setting,
)
from varexp.report.statistics import Estimate, estimate

SERIES = {
    "eps": Series("ε₁, stagewise", PRINTED, "s"),
    "stagewise": Series("error, stagewise: may not mend Φ", ERROR, "o"),
    "teacher_forcing": Series("error, teacher forcing: may", POINTWISE, "D"),
    "bound": Series("telescoped bound, stagewise", TELESCOPED, "|"),
}
CAPTION = """
Interpolation kernels sorted by ε₁ = max over stages of sup ‖(g−Φ)t‖, with the certified error of chains that are
trained to imitate f_i at Φ_i y (stagewise) or to make the true y_i of it (teacher forcing). Geometric means with 95 %
intervals over draws; {seeds} Domain {domain}, {norm} norm, sides {sides}. dct is the targets' own scale map: ε₁ = 0
is an identity and what is left is training. *: in the class of Definition 3.1, values in [0, 1]. literal_keys,
literal_bspline: Definition 3.2 read literally. Method: README, How to read it.
"""


def figures(table: pd.DataFrame) -> dict[str, Figure]:
    """`kernel`: a panel for each domain, target and depth, a row for each kernel."""
    panels = [panel(rows) for _, rows in measured(table).groupby(["domain", "target", "K", "depth"], sort=False)]
    figure = categories(panels, SERIES, f"{table.norm.iloc[0]} norm")
    caption(figure, CAPTION.format(**setting(table)))
    return {"kernel": figure}


def panel(rows: pd.DataFrame, title: str | None = None) -> Panel:
    """Kernels from the smallest ε_1 up, with the estimates of each."""
    plain = rows[rows.training == "stagewise"] if (rows.training == "stagewise").any() else rows
    sizes = plain.groupby("kernel").eps_interpolation_lower.mean().sort_values(kind="stable")
    found = {_label(name, rows): _estimates(rows[rows.kernel == name]) for name in sizes.index}
    first = rows.iloc[0]
    return Panel(title or f"{first.target}, K = {first.K:g}, depth {first.depth}", found, constant_ends(rows))


def _label(kernel: str, rows: pd.DataFrame) -> str:
    return f"{kernel}*" if rows.in_class[rows.kernel == kernel].iloc[0] else str(kernel)


def _estimates(rows: pd.DataFrame) -> dict[str, Estimate]:
    found = {}
    for training, part in rows.groupby("training"):
        if "eps" not in found and (part.eps_interpolation_lower > 0).all():  # of stagewise chains, the first by name
            found["eps"] = estimate(part, "eps_interpolation_lower")
        found[str(training)] = estimate(part, "error_lower")
        if training == "stagewise":
            found["bound"] = estimate(part, "bound_telescoped_lower")
    return found
