"""relu, |x|, minimum and maximum: exact where the sign is known, else between two parallel lines."""

import pytest
import torch
from random_models import escapes, new_symbols, random_model

from varexp.enclosure import Enclosure
from varexp.enclosure.kinks import absolute, range_of, relu


def interval(low, high):
    """A model of one entry with this range, in its first coefficient alone."""
    x = random_model(1, 1, 1, (), 0.0, shape=(1, 1))
    x.polynomial[0], x.polynomial[1] = (low + high) / 2, (high - low) / 2
    x.remainder[...] = 0.0
    x.magnitude = x.polynomial.abs().sum(dim=0)
    return x


@pytest.mark.parametrize(("low", "high"), [(1.0, 2.0), (-2.0, -1.0)])
def test_nothing_is_lost_where_the_sign_is_known(low, high):
    for f in (relu, absolute):
        assert float(f(interval(low, high)).remainder) < 1e-14


def test_a_kink_by_hand():
    """relu on [-1, 3]: slope 3/4, between the lines 3x/4 and 3x/4 + 3/4; |x|: slope 1/2, up to 3/2 above it."""
    found = relu(interval(-1.0, 3.0))
    assert found.polynomial[1].item() == pytest.approx(2 * 0.75)
    assert found.remainder.item() == pytest.approx(0.375)
    found = absolute(interval(-1.0, 3.0))
    assert found.polynomial[1].item() == pytest.approx(2 * 0.5)
    assert found.remainder.item() == pytest.approx(0.75)


def test_ranges_hold_all_values():
    low, high = range_of(interval(-1.0, 3.0))
    assert low.item() <= -1.0
    assert high.item() >= 3.0


@pytest.mark.parametrize(
    "f", [torch.relu, torch.abs, lambda x: torch.minimum(x, x.sin()), lambda x: torch.maximum(x, -x)]
)
@pytest.mark.parametrize("centre", [0.0, 0.3])
def test_values_around_the_kink_are_contained(f, centre):
    assert escapes(f, random_model(3, 2, 3, new_symbols(2), 0.3, centre=centre)) == 0


def test_the_control_half_a_strip_is_too_narrow():
    x = random_model(3, 1, 3, (), 0.3, centre=0.0)

    def narrower(v):
        if not isinstance(v, Enclosure):
            return torch.relu(v)
        model = relu(v.model())
        model.remainder = model.remainder * 0.4
        return Enclosure.of(model)

    assert escapes(narrower, x) > 0
