"""report/statistics.py: planted growth rates are found, and what is no growth is refused."""

import numpy as np
import pytest
from tolerances import ROUNDING

from varexp.report.statistics import bootstrap, geometric_mean, growth_rate

DEPTHS = np.arange(1.0, 7.0)
FREE = np.full(6, 1e9)


def noisy(rate, seeds=5, noise=0.05):
    source = np.random.default_rng(1)
    return 0.01 * rate**DEPTHS * np.exp(noise * source.normal(size=(seeds, 6)))


def test_geometric_mean():
    assert geometric_mean(np.array([1.0, 100.0])) == pytest.approx(10, rel=ROUNDING)


@pytest.mark.parametrize("rate", [1.5, 2.1, 2.5])
def test_a_planted_rate_is_inside_its_interval(rate):
    growth = growth_rate(noisy(rate), DEPTHS, FREE)
    assert growth.low <= growth.rate <= growth.high
    assert growth.rate == pytest.approx(rate, rel=0.05)
    assert growth.depths == (2, 3, 4, 5, 6)


def test_exact_growth_has_an_interval_of_no_width():
    growth = growth_rate(noisy(2.0, noise=0.0), DEPTHS, FREE)
    assert (growth.low, growth.rate, growth.high) == pytest.approx((2, 2, 2), rel=1e-9)


def test_coverage_of_the_interval():
    """Of 100 planted experiments of 12 chains, most intervals hold the true rate (small samples: below 95 %)."""
    inside = 0
    for seed in range(100):
        source = np.random.default_rng(seed)
        errors = 2.0**DEPTHS * np.exp(0.1 * source.normal(size=(12, 6)))
        growth = growth_rate(errors, DEPTHS, FREE)
        inside += growth.low <= 2.0 <= growth.high
    assert inside >= 80


def test_refused_where_not_identifiable():
    assert growth_rate(noisy(2.0), DEPTHS, np.full(6, 0.05)) is None  # saturated from the third depth on
    assert growth_rate(noisy(2.0, seeds=2), DEPTHS, FREE) is None
    assert growth_rate(noisy(2.0) * 0, DEPTHS, FREE) is None
    jump = noisy(1.5) * np.where(DEPTHS >= 3, 50.0, 1.0)
    assert growth_rate(jump, DEPTHS, FREE) is None


def test_bootstrap_is_reproducible():
    values = np.random.default_rng(0).normal(size=20)
    assert bootstrap(values, lambda v: float(v.mean())) == bootstrap(values, lambda v: float(v.mean()))
