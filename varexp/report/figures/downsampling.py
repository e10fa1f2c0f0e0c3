"""Corollaries 6.1 and 6.2 where their types fit: chains that down-sample, on a pyramid from fine to coarse."""

import pandas as pd
from matplotlib.figure import Figure

from varexp.report.figures.depth import depth_grid

CAPTION = """
Corollaries 6.1 and 6.2: certified error (gaps at most {gap}) of chains whose blocks follow a down-sampling Φ_down, on
a target pyramid from fine to coarse, beside the bounds of Lemma 5.3 and Theorem 5.6 with Φ_down in place of Φ_up.
Geometric means, shaded 95 % intervals over draws; {seeds} {setting}. Verdicts on the printed bound where K₂ > 2:
{verdicts}; it is vacuous in {vacuous} of these {met} rows. dct, area and keys keep the mean of a map: the step to one
token, which sees the mean alone, forgets what they have lost of an affine target. A chain of this kind ends in one
token: it cannot be the word-to-image map that Corollary 6.2 speaks of. Method: README, How to read it.
"""


def figures(table: pd.DataFrame) -> dict[str, Figure]:
    """`downsampling`: kernels over depth, a column for each target."""
    return {"downsampling": depth_grid(table, CAPTION)}
