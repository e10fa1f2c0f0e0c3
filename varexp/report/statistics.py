"""Statistics over seeds: geometric means, bootstrap intervals, growth rates. Diverged rows are counted elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
RESAMPLES = 2000
LEVEL = 0.95
SATURATED = 0.5  # an error above this share of the best constant prediction's no longer grows freely
FIRST_DEPTH = 2  # the first block has nothing to amplify
STRAIGHT = 0.97  # share of the variance of log error that a straight line must explain


def geometric_mean(values: ArrayLike) -> float:
    """exp of the mean logarithm; values must be positive."""
    return float(np.exp(np.mean(np.log(np.asarray(values, dtype=np.float64)))))


def bootstrap(values: Array, statistic: Callable[[Array], float]) -> tuple[float, float]:
    """Percentile interval of a statistic under resampling of the first axis; the same every time."""
    source = np.random.default_rng(0)
    draws = [statistic(values[source.integers(len(values), size=len(values))]) for _ in range(RESAMPLES)]
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


@dataclass(frozen=True)
class Growth:
    """error ~ rate^n over `depths`, with a 95 % interval bootstrapped over chains."""

    rate: float
    low: float
    high: float
    depths: tuple[int, ...]


def growth_rate(errors: Array, depths: Array, constant: Array) -> Growth | None:
    """Fit the growth of errors (chains, depths); None where it is not identifiable.

    Used are depths from FIRST_DEPTH on whose mean error is below SATURATED times the constant prediction's (depths,).
    At least three of them and three chains are needed, no error may be 0, and the logarithm of the mean error must lie
    near a straight line: a jump where a kernel's error first enters is no growth rate.
    """
    mean = np.exp(np.mean(np.log(np.maximum(errors, 1e-300)), axis=0))
    usable = (depths >= FIRST_DEPTH) & (mean < SATURATED * constant) & (errors > 0).all(axis=0)
    if usable.sum() < 3 or len(errors) < 3:
        return None
    n = depths[usable] - depths[usable].mean()
    if np.corrcoef(n, np.log(mean[usable]))[0, 1] ** 2 < STRAIGHT:
        return None
    slopes = np.log(errors[:, usable]) @ n / np.sum(n**2)
    low, high = bootstrap(slopes, lambda sample: float(np.exp(sample.mean())))
    return Growth(float(np.exp(slopes.mean())), low, high, tuple(int(d) for d in depths[usable]))
