"""benchmarks/growth.py: exponents of power laws, by hand and against scipy."""

import numpy as np
import pytest
from scipy import stats

from varexp.benchmarks.growth import exponent


def test_a_power_law_has_its_exponent():
    slope, error = exponent([1, 2, 4, 8], [3.0, 12.0, 48.0, 192.0])
    assert slope == pytest.approx(2.0)
    assert error == pytest.approx(0.0, abs=1e-12)


def test_as_scipy_fits_it():
    source = np.random.default_rng(0)
    x = np.array([1.0, 2.0, 3.0, 5.0, 9.0, 20.0])
    y = x**1.3 * np.exp(source.normal(0, 0.1, 6))
    expected = stats.linregress(np.log(x), np.log(y))
    assert exponent(x.tolist(), y.tolist()) == pytest.approx((expected.slope, expected.stderr), rel=1e-9)


def test_two_sizes_have_no_error():
    with pytest.raises(ValueError, match="needs three sizes, got 2"):
        exponent([1, 2], [1, 2])
