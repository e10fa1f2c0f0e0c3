"""report/statistics.py: means by hand, intervals that cover, and what cannot be paired or has no logarithm."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from tolerances import ROUNDING

from varexp.report.statistics import estimate, geometric_mean, interquartile_mean, mean_of_draws, ratio

DRAWS, SEEDS = 5, 3  # of the tables
EXPERIMENTS = 2000


def table(values):
    """Rows of an array (draws, seeds)."""
    draws, seeds = np.indices(np.shape(values))
    return pd.DataFrame({"target_seed": draws.ravel(), "seed": seeds.ravel(), "x": np.ravel(values)})


def planted(source, draws=0.3, seeds=0.1):
    """Logarithms around 0: of draws, and of the seeds of each."""
    return draws * source.normal(size=(DRAWS, 1)) + seeds * source.normal(size=(DRAWS, SEEDS))


def test_means_by_hand():
    assert geometric_mean(np.array([1.0, 100.0])) == pytest.approx(10, rel=ROUNDING)
    assert interquartile_mean([1e9, 1.0, 2.0, -5.0]) == 1.5
    found = estimate(table([[1.0, 4.0], [8.0, 2.0]]), "x")  # the draws' means are 2 and 4
    assert found.value == pytest.approx(8**0.5, rel=ROUNDING)
    half = 12.706204736 * np.log(2) / 2  # Student's quantile of one degree of freedom; half the distance of the means
    assert np.log([found.low, found.high]) == pytest.approx([1.5 * np.log(2) - half, 1.5 * np.log(2) + half])
    assert str(estimate(table([[1.0, 4.0]]), "x")) == "2"
    assert str(mean_of_draws([1.0, 1.0, 1.0])) == "1 [1, 1]"


def test_agrees_with_scipy():
    values = np.random.default_rng(0).normal(size=7)
    found = mean_of_draws(values)
    theirs = scipy.stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high))


def test_ratios_are_paired():
    """What draws have in common cancels: pairs that differ by a factor of 2 have an interval of no width."""
    source = np.random.default_rng(0)
    values = np.exp(planted(source, draws=3.0))
    found = ratio(table(2 * values).sample(frac=1, random_state=0), table(values), "x")
    assert (found.low, found.value, found.high) == pytest.approx((2, 2, 2))
    assert found.decided
    assert not ratio(table(values), table(np.exp(planted(source, draws=3.0))), "x").decided
    assert str(ratio(table(2 * values), table(values[:3]), "x")) == "2 [2, 2] (6 without a partner)"
    with pytest.raises(ValueError, match="15 and 30 rows cannot be paired by target_seed, seed"):
        ratio(table(values), pd.concat([table(values)] * 2), "x")


def test_what_has_no_logarithm():
    with pytest.raises(ValueError, match="x has no geometric mean: some of 2 rows"):
        estimate(table([[1.0, 0.0]]), "x")


def covered(interval):
    """How many of the planted experiments have an interval that holds the truth, 0."""
    hits = 0
    for number in range(EXPERIMENTS):
        low, high = interval(planted(np.random.default_rng(number)))
        hits += low <= 0 <= high
    return hits / EXPERIMENTS


def test_intervals_cover_as_often_as_they_say():
    """At the size of the tables, to within three deviations of the count."""

    def ours(logs):
        found = estimate(table(np.exp(logs)), "x")
        return np.log([found.low, found.high])

    assert abs(covered(ours) - 0.95) < 3 * (0.95 * 0.05 / EXPERIMENTS) ** 0.5


def test_the_control_other_intervals_do_not():
    """Runs that are taken for independent, and percentiles of resampled draws, cover less than they say."""

    def pooled(logs):
        found = mean_of_draws(logs.ravel())
        return found.low, found.high

    def percentiles(logs):
        means = logs.mean(axis=1)
        picks = np.random.default_rng(1).integers(DRAWS, size=(400, DRAWS))
        return np.quantile(means[picks].mean(axis=1), [0.025, 0.975])

    assert covered(pooled) < 0.85
    assert covered(percentiles) < 0.9
