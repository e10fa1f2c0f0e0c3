"""The constants of rounding, against exact fractions."""

from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from varexp.enclosure.rounding import (
    SMALLEST,
    TINY,
    UNIT,
    FlushToZeroError,
    gamma,
    require_gradual_underflow,
    tiny_where,
)


def test_by_hand():
    assert Fraction(1, 2**53) == UNIT
    assert 1.0 + UNIT == 1.0 < 1.0 + 2 * UNIT
    assert gamma(0) == 0.0


@pytest.mark.parametrize("count", [1, 2, 7, 100, 10**4, 10**6])
def test_gamma_is_rounded_up_and_sharp(count):
    exact = count * Fraction(1, 2**53) / (1 - count * Fraction(1, 2**53))
    assert exact <= Fraction(gamma(count)) <= exact * (1 + Fraction(8, 2**53))
    assert Fraction(gamma(count)) > Fraction(gamma(count - 1))


@given(st.integers(0, 10**6), st.integers(2, 40))
def test_gamma_covers_sums_and_products_and_less_does_not_always(seed, count):
    x = torch.randn(count, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    exact = sum(map(Fraction, x.tolist()))
    bound = Fraction(gamma(count - 1)) * sum(abs(Fraction(entry)) for entry in x.tolist())
    assert abs(Fraction(float(x.sum())) - exact) <= bound


def test_underflow_is_less_than_the_allowance():
    smallest = torch.tensor(5e-324, dtype=torch.float64)
    assert float(smallest * 0.5) == 0.0  # the whole value is lost
    assert float(smallest) < TINY


def test_the_allowance_is_not_lost_to_another_dtype():
    assert tiny_where(torch.tensor([True, False])).tolist() == [TINY, 0.0]
    assert SMALLEST == 5e-324


def test_a_processor_that_flushes_to_zero_is_refused():
    require_gradual_underflow()
    if not torch.set_flush_denormal(True):
        pytest.skip("this processor cannot flush subnormal numbers")
    try:
        with pytest.raises(FlushToZeroError, match="set_flush_denormal"):
            require_gradual_underflow()
    finally:
        torch.set_flush_denormal(False)
    require_gradual_underflow()
