"""Tables: entries are rounded once, and what cannot be rounded is an error."""

import math

import pytest
import torch
from flint import arb
from hypothesis import given
from hypothesis import strategies as st

from varexp.enclosure.tabulated import tabulate


def test_entries_by_hand():
    found = tabulate(lambda n: arb(1) / n, [1, 2, 3, 10])
    assert torch.equal(found, torch.tensor([1.0, 0.5, 1 / 3, 0.1], dtype=torch.float64))


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=5))
def test_numbers_of_float64_stay_as_they_are(numbers):
    assert tabulate(arb, numbers).tolist() == numbers


def test_an_outside_reference():
    angles = [0.1 * i for i in range(60)]
    expected = torch.tensor([math.sin(x) for x in angles], dtype=torch.float64)
    torch.testing.assert_close(tabulate(lambda x: arb(x).sin(), angles), expected, rtol=4e-16, atol=0)


def test_a_ball_that_is_too_wide_is_refused():
    with pytest.raises(ArithmeticError, match="too wide"):
        tabulate(lambda x: arb(x, 1e-10), [1.0])
