"""report/growth.py: planted laws and rates are found, and what is no growth is refused with the reason."""

import numpy as np
import pandas as pd
import pytest

from varexp.report.growth import FLAT, LINEAR, NPOWER, OPEN, POWER, brief, growth

N = np.arange(1.0, 7.0)


def curves(law, noise=0.03, draws=5, seeds=3, constant=1e9, spread=0.1):
    """A table of errors law(n, rate) with noise, whose rate varies from draw to draw."""
    source = np.random.default_rng(1)
    rows = []
    for draw in range(draws):
        rate = np.exp(spread * source.normal())
        for seed in range(seeds):
            errors = law(N, rate) * np.exp(noise * source.normal(size=len(N)))
            rows += [
                {"target_seed": draw, "seed": seed, "depth": int(n), "error_lower": e, "error_constant_lower": constant}
                for n, e in zip(N, errors, strict=True)
            ]
    return pd.DataFrame(rows)


def power(base):
    return lambda n, rate: 0.01 * (base * rate) ** n


@pytest.mark.parametrize("base", [1.2, 2.1])
def test_a_planted_rate_is_found(base):
    found = growth(curves(power(base)), "error_lower")
    assert found.law == POWER
    assert found.log_rate.low <= np.log(base) <= found.log_rate.high
    assert str(found).startswith("ρⁿ, log ρ ")


def test_a_factor_of_n_is_told_from_none():
    found = growth(curves(lambda n, rate: 0.01 * n * (1.8 * rate) ** n), "error_lower")
    assert found.law == NPOWER
    assert found.log_rate.low <= np.log(1.8) <= found.log_rate.high
    assert growth(curves(lambda n, rate: 0.01 * n * rate**n), "error_lower").law == LINEAR
    assert str(growth(curves(lambda n, rate: 0.01 * n * rate**n), "error_lower")) == "n"


def test_laws_that_noise_hides_are_not_told_apart():
    found = growth(curves(power(2.0), noise=0.2, seeds=1), "error_lower")
    assert found.law == OPEN
    assert set(found.log_rates) == {POWER, NPOWER}
    assert str(found).count("log ρ") == 2  # a rate for each
    assert brief(found).startswith("ρⁿ or n·ρⁿ, log ρ ")


def test_what_does_not_grow_is_not_said_to():
    found = growth(curves(lambda n, rate: 0.01 + 0 * n), "error_lower")
    assert str(found) == FLAT
    assert found.log_rate.low <= 0 <= found.log_rate.high


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (curves(power(2.0), draws=2), "2 draws and 5 depths are too few"),
        (curves(power(2.0)).query("depth < 5"), "5 draws and 3 depths are too few"),
        (curves(power(2.0), constant=0.3), "none, saturated from n = 4"),
        (curves(power(2.0)).assign(error_lower=0.0), "an error is 0"),
        (curves(lambda n, rate: np.where(n > 2, 50.0, 1.0)), "both laws miss by a factor of"),
    ],
)
def test_refused_with_the_reason(rows, reason):
    found = growth(rows, "error_lower")
    assert found.law == ""
    assert reason in str(found)
