"""Compositions: contained at any choice of nodes, and not without what interpolation loses."""

import pytest
import torch
from random_models import escapes, new_symbols, random_model
from tolerances import ROUNDING

from varexp.enclosure import aliasing, nonlinear
from varexp.enclosure.functions import EXP, TANH
from varexp.enclosure.nonlinear import ElementaryFunction, between_parallel_lines, clip_to_range, compose
from varexp.enclosure.rounding import UNIT


def test_a_remainder_wider_than_the_range_is_replaced_by_the_range():
    x = random_model(2, 1, 2, new_symbols(1), 0.5)
    x.remainder[0, 0, 0], x.remainder[0, 0, 1] = 1e9, torch.nan
    clipped = clip_to_range(x, -1.0, 1.0)
    for entry in (0, 1):
        assert 1.0 <= float(clipped.remainder[0, 0, entry]) <= 1.0 + 1e-15
        assert not bool(clipped.polynomial[:, 0, 0, entry].any())
    assert torch.equal(clipped.polynomial[:, 1:], x.polynomial[:, 1:])


def nothing_lost(variables, counts):
    return aliasing.aliasing_factors(variables, counts) * 1e-200  # not 0: some of the ellipses are unbounded


@pytest.mark.parametrize("operation", [lambda x: torch.tanh(3 * x), lambda x: torch.sin(3 * x)])
def test_what_interpolation_loses_is_needed(monkeypatch, operation):
    """At few nodes the bound of what is lost holds, and nothing holds without it."""
    monkeypatch.setattr(nonlinear, "node_counts", lambda ring: (4,))
    x = random_model(11, 1, 3, (), 0.8)
    x.remainder = torch.zeros_like(x.remainder)
    assert escapes(operation, x) == 0
    monkeypatch.setattr(nonlinear, "aliasing_factors", nothing_lost)
    assert escapes(operation, x) > 0


@pytest.mark.parametrize("place", [0, 3, 10])
@pytest.mark.parametrize("variables", [1, 2])
def test_any_ellipse_and_any_number_of_nodes_give_an_enclosure(monkeypatch, place, variables):
    """The heuristics that choose them affect speed alone."""
    monkeypatch.setattr(
        nonlinear, "largest_ellipse_within", lambda reached, preferred: torch.full_like(reached[:, 0], place).long()
    )
    monkeypatch.setattr(nonlinear, "_chosen_counts", lambda *arguments: torch.full_like(arguments[3], 1).long())
    assert escapes(torch.tanh, random_model(5, variables, 3, new_symbols(2), 0.3)) == 0


def test_few_values_at_once_give_the_same_numbers(monkeypatch):
    x = random_model(5, 2, 3, (), 0.3)
    expected = compose(x, EXP)
    monkeypatch.setattr(nonlinear, "BLOCK", 300)
    assert torch.allclose(compose(x, EXP).polynomial, expected.polynomial, rtol=ROUNDING, atol=ROUNDING)


def test_a_constant_is_mapped_to_its_value():
    x = random_model(5, 1, 3, (), 0.3)
    x.polynomial[1:] = 0.0
    x.remainder = torch.zeros_like(x.remainder)
    result = compose(x, TANH)
    assert float((result.polynomial[0] - torch.tanh(x.polynomial[0])).abs().max()) <= ROUNDING
    assert float(result.remainder.max()) <= ROUNDING


def test_a_strip_by_hand():
    """Between x/2 and x/2 + 1."""
    x = random_model(5, 1, 3, (), 0.3)
    half = torch.full_like(x.remainder, 0.5)
    result = between_parallel_lines(x, half, half)
    assert torch.equal(result.polynomial[1:], 0.5 * x.polynomial[1:])
    assert torch.equal(result.polynomial[0], 0.5 * x.polynomial[0] + 0.5)
    assert bool((result.remainder >= 0.5 * x.remainder + 0.5).all())
    assert escapes(lambda v: v.relu(), x) == 0


def test_what_rounds_in_a_value_is_in_the_remainder():
    """A function that is 3 everywhere, and whose own code loses nothing: 8u of every value at a node."""
    none = torch.zeros_like
    flat = ElementaryFunction(
        value=lambda x: torch.full_like(x, 3.0),
        value_error=lambda x, y: none(x),
        slope_range=lambda low, high: (none(low), none(high)),
        complex_variation=lambda c, U, H: none(U),
        preferred_reach=lambda c, D: none(D) + 1.0,
    )
    assert bool((compose(random_model(4, 1, 3, (), 0.3), flat).remainder >= 8 * UNIT * 3).all())


def test_the_magnitude_of_a_clipped_value_is_that_of_the_range():
    x = random_model(2, 1, 2, (), 0.5)
    x.remainder = torch.full_like(x.remainder, 1e9)
    assert bool((clip_to_range(x, 2.0, 3.0).magnitude >= 3.0).all())


def test_a_variable_that_stays_on_the_real_line_meets_what_the_others_reach():
    """p = T_1 of the second variable: on the ellipse of the first it reaches 1, though its imaginary part is 0."""
    x, seen = random_model(4, 2, 3, (), 0.0), []
    x.polynomial[1:], x.polynomial[x.ring.powers.index((0, 1))] = 0.0, 1.0
    compose(x, EXP._replace(complex_variation=lambda c, U, H: seen.append(U) or torch.zeros_like(U), on_disc=False))
    assert float(seen[0].min()) >= 1.0
