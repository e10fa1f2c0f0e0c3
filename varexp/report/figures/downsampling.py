"""Corollaries 6.1 and 6.2 where their types fit: chains that down-sample, on a pyramid from fine to coarse."""

import pandas as pd
from matplotlib.figure import Figure

from varexp.report.figures.depth import depth_grid

CAPTION = """
Corollaries 6.1 and 6.2: error of trained chains whose blocks follow a down-sampling Φ_down, on a target pyramid from
fine to coarse; domain {domain}, {norm} norm, sides {sides}. {seeds} Error and bounds are certified intervals, drawn
as bands between their ends (widest relative gap of an error {gap}); geometric means over seeds. The statements are
Lemma 5.3 and Theorem 5.6 with Φ_down in place of Φ_up, and so are the quantities: ε₁ is what the kernel loses against
the target's scale map (dct: nothing), along each chain's own trajectory. ρ: growth rate of the error from n = 2 on,
while below half of the constant prediction's, given only where a straight line describes it. {met} of {rows} rows
meet K₂ > 2; on {vacuous} of these the printed bound is vacuous (above the best constant prediction), on {useful} it
is not. Verdicts on the printed bound where K₂ > 2: {verdicts}. A chain of this kind ends in one token: it cannot be
the word-to-image map that Corollary 6.2 speaks of.
"""


def figures(table: pd.DataFrame) -> dict[str, Figure]:
    """`downsampling`: kernels over depth, a column for each target."""
    return {"downsampling": depth_grid(table, CAPTION)}
