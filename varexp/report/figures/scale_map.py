"""Kernels against the target's scale map: whose ranking is closeness to g."""

import pandas as pd
from matplotlib.figure import Figure

from varexp.report.figures._categories import categories
from varexp.report.figures._common import caption, measured, setting
from varexp.report.figures.kernel import SERIES, panel

NAMES = {
    "dct": "g: cosine interpolant",
    "area": "g: area averages",
    "spline": "g: cubic spline",
    "warped": "g: warped at random",
}
CAPTION = """
The same kernels where the target's scale map g is another one: each panel is sorted by its own ε₁. Certified errors
of chains trained stagewise and by teacher forcing, geometric means with 95 % intervals over draws; {seeds} Domain
{domain}, {norm} norm, sides {sides}. area as kernel and as g are the same matrix, dct likewise: ε₁ = 0 there is an
identity. Method: README, How to read it.
"""


def figures(table: pd.DataFrame) -> dict[str, Figure]:
    """`scale_map`: a panel for each scale map, a row for each kernel."""
    rows = measured(table)
    panels = [panel(part, NAMES.get(str(name), str(name))) for name, part in rows.groupby("scale_map", sort=False)]
    figure = categories(panels, SERIES, f"{table.norm.iloc[0]} norm")
    caption(figure, CAPTION.format(**setting(table)))
    return {"scale_map": figure}
