"""How an error grows with depth: which law fits, at which rate, or why neither can be said.

The rule, fixed before the tables were made:
1. The window is the same for every panel: n from FIRST_DEPTH to the deepest.
2. A curve is the geometric mean over the seeds of a draw. Two laws are fitted to its logarithm by least squares, draw
   by draw: ρⁿ and n·ρⁿ, with a factor and a rate each. Rates have Student's interval over draws.
3. A law is chosen if its residuals are smaller, by Student's interval of the draws' log ratios of squared residuals. If
   n·ρⁿ is chosen and the interval of log ρ holds 0, the law is n. If n·ρⁿ is not chosen and the interval of log ρ in
   ρⁿ holds 0, no growth is shown.
4. Refused, with the reason: fewer than 3 draws or 4 depths; an error of 0; an error above SATURATED of the best
   constant's, since it cannot grow freely; residuals of a typical size above MISFIT in the logarithm.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from varexp.report.statistics import DRAW, Array, Estimate, mean_of_draws

FIRST_DEPTH = 2  # the first block has nothing to amplify
SATURATED = 0.5
MISFIT = 0.25  # of the logarithm: a factor of 1.28
POWER, NPOWER, LINEAR, OPEN, FLAT = "ρⁿ", "n·ρⁿ", "n", "ρⁿ or n·ρⁿ", "no growth shown"


@dataclass(frozen=True)
class Growth:
    """The law of a growth, the logarithms of its rate for both laws, and why there is none where there is none."""

    law: str
    log_rates: dict[str, Estimate]
    reason: str = ""

    @property
    def log_rate(self) -> Estimate:
        """Of the chosen law; of ρⁿ where laws are not told apart."""
        return self.log_rates[NPOWER if self.law in (NPOWER, LINEAR) else POWER]

    def __str__(self) -> str:
        if self.reason:
            return self.reason
        if self.law in (LINEAR, FLAT):
            return self.law
        laws = [POWER, NPOWER] if self.law == OPEN else [self.law]
        return " or ".join(f"{law}, log ρ {_said(self.log_rates[law])}" for law in laws)


def brief(found: Growth) -> str:
    """A growth as a label: of two laws that are not told apart, rates without their intervals."""
    if found.law != OPEN:
        return str(found)
    return f"{OPEN}, log ρ {found.log_rates[POWER].value:.2f} or {found.log_rates[NPOWER].value:.2f}"


def _said(rate: Estimate) -> str:
    return f"{rate.value:.2f} [{rate.low:.2f}, {rate.high:.2f}]"


def growth(rows: pd.DataFrame, column: str, free: bool = False) -> Growth:
    """The growth of a column over depth, by the rule above; rows hold one setting's draws, seeds and depths.

    What does not depend on the error, such as the amplitude of the target, is `free` to grow beside a saturated error.
    """
    used = rows[rows.depth >= FIRST_DEPTH]
    if not (used[column] > 0).all():
        return _refused("none, an error is 0")
    curves = np.log(used[column]).groupby([used[DRAW], used.depth]).mean().unstack().dropna()
    n = curves.columns.to_numpy(dtype=np.float64)
    if len(curves) < 3 or len(n) < 4:
        return _refused(f"none, {len(curves)} draws and {len(n)} depths are too few")
    constants = used.groupby("depth").error_constant_lower.mean().to_numpy()
    errors = np.exp(np.log(used.error_lower).groupby(used.depth).mean().to_numpy())
    saturated = errors > SATURATED * constants
    if saturated.any() and not free:
        return _refused(f"none, saturated from n = {int(n[saturated][0])}")
    fits = {law: _fitted(curves.to_numpy() - offset, n) for law, offset in ((POWER, 0.0), (NPOWER, np.log(n)))}
    rates = {law: mean_of_draws(slopes) for law, (slopes, _) in fits.items()}
    advantage = mean_of_draws(np.log(fits[POWER][1]) - np.log(fits[NPOWER][1]))
    law = NPOWER if advantage.low > 0 else POWER if advantage.high < 0 else OPEN
    typical = min(float(np.sqrt(squares.mean() / len(n))) for _, squares in fits.values())
    if typical > MISFIT:
        return _refused(f"none, both laws miss by a factor of {np.exp(typical):.2g}")
    if law == NPOWER and rates[NPOWER].low <= 0 <= rates[NPOWER].high:
        law = LINEAR
    if law in (POWER, OPEN) and rates[POWER].low <= 0 <= rates[POWER].high:
        law = FLAT
    return Growth(law, rates)


def _fitted(curves: Array, n: Array) -> tuple[Array, Array]:
    """Slope and sum of squared residuals of a line through each curve (draws, depths)."""
    centred = n - n.mean()
    deviations = curves - curves.mean(axis=1, keepdims=True)
    slopes = deviations @ centred / np.sum(centred**2)
    residuals = np.sum((deviations - slopes[:, None] * centred) ** 2, axis=1)
    return slopes, np.maximum(residuals, 1e-30)


def _refused(reason: str) -> Growth:
    return Growth("", {}, reason)
