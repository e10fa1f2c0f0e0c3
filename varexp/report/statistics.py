"""Statistics over draws of the target and seeds of the training. Diverged rows are counted elsewhere.

A population of targets is spoken of, so draws are the sample: the seeds of a draw are averaged first, and intervals are
Student's, on logarithms of the draws' means. They cover as often as they say for the five draws of the tables.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Array = NDArray[np.float64]
LEVEL = 0.95
DRAW, SEED = "target_seed", "seed"


def geometric_mean(values: ArrayLike) -> float:
    """exp of the mean logarithm; values must be positive."""
    return float(np.exp(np.mean(np.log(np.asarray(values, dtype=np.float64)))))


def interquartile_mean(values: ArrayLike) -> float:
    """The mean of the middle half."""
    return float(stats.trim_mean(np.asarray(values, dtype=np.float64), 0.25))


@dataclass(frozen=True)
class Estimate:
    """A mean over draws with a 95 % interval, whose ends are nan where there is one draw."""

    value: float
    low: float
    high: float
    draws: int
    lost: int = 0  # rows without a partner, whose run or whose partner's diverged

    def __str__(self) -> str:
        lost = f" ({self.lost} without a partner)" if self.lost else ""
        if np.isnan(self.low):
            return f"{self.value:.3g}{lost}"
        return f"{self.value:.3g} [{self.low:.3g}, {self.high:.3g}]{lost}"

    @property
    def decided(self) -> bool:
        """Whether the interval leaves out 1, so that a ratio is a difference."""
        return self.low > 1 or self.high < 1


def mean_of_draws(values: ArrayLike) -> Estimate:
    """The mean of one number a draw, with Student's interval."""
    sample = np.asarray(values, dtype=np.float64)
    mean = float(sample.mean())
    if len(sample) < 2:
        return Estimate(mean, np.nan, np.nan, len(sample))
    half = float(stats.t.ppf((1 + LEVEL) / 2, len(sample) - 1) * stats.sem(sample))
    return Estimate(mean, mean - half, mean + half, len(sample))


def estimate(rows: pd.DataFrame, column: str) -> Estimate:
    """The geometric mean of a column over draws, seeds averaged first. ValueError for values that are not above 0."""
    if rows.empty or not (rows[column] > 0).all():
        raise ValueError(f"{column} has no geometric mean: some of {len(rows)} rows are not above 0")
    return exponential(mean_of_draws(np.log(rows[column]).groupby(rows[DRAW]).mean()))


def ratio(rows: pd.DataFrame, others: pd.DataFrame, column: str, by: Sequence[str] = (DRAW, SEED)) -> Estimate:
    """The geometric mean of rows over others, paired by draw and seed; rows without a partner are counted as lost.

    Raises ValueError where several rows have one draw and seed, or none has a partner.
    """
    a, b = (part.set_index(list(by))[column] for part in (rows, others))
    both = a.index.intersection(b.index)
    if not (a.index.is_unique and b.index.is_unique) or both.empty:
        raise ValueError(f"{len(a)} and {len(b)} rows cannot be paired by {', '.join(by)}")
    logs = np.log(a.loc[both]) - np.log(b.loc[both])
    found = exponential(mean_of_draws(logs.groupby(level=DRAW).mean()))
    return replace(found, lost=len(a.index.union(b.index)) - len(both))


def exponential(of_logs: Estimate) -> Estimate:
    """An estimate of a logarithm as one of the number."""
    value, low, high = np.exp([of_logs.value, of_logs.low, of_logs.high])
    return Estimate(float(value), float(low), float(high), of_logs.draws)
