"""Compositions by hand: a function of which everything is known, strips between lines, and known ranges."""

import math
from fractions import Fraction

import pytest
import torch
from random_models import random_model
from tolerances import ROUNDING

from varexp.enclosure.basis import ring
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.node_choice import cheapest_common_count, node_counts
from varexp.enclosure.nonlinear import (
    ElementaryFunction,
    _evaluate_at_nodes,
    between_lines,
    between_parallel_lines,
    clip_to_range,
    compose,
)
from varexp.enclosure.rounding import UNIT, gamma
from varexp.enclosure.symbols import Symbol


def tensor(rows):
    return torch.tensor(rows, dtype=torch.float64)


def line(constant, linear=0.0, generator=0.0, remainder=0.0, magnitude=0.0, order=3):
    """constant + linear·t + generator·y ± remainder, in one cell and one entry."""
    P = torch.zeros(order + 1, 1, 1, 1, dtype=torch.float64)
    P[0], P[1] = constant, linear
    G, R = (torch.full((1, 1, 1), x, dtype=torch.float64) for x in (generator, remainder))
    size = max(magnitude, (abs(constant) + abs(linear) + abs(generator) + remainder) * (1 + 8 * UNIT))
    return ChebyshevModel(ring(1, order), P, G[None], R, torch.full_like(R, size), (Symbol(),))


def identity(low, high, seen=None, error=0.0, lost=0.0):
    """A function whose values are its arguments, and of which a slope in [low, high] is claimed."""
    seen = {} if seen is None else seen

    def value_error(x, y):
        seen["arguments"], seen["values"] = float(x), float(y)
        return torch.full_like(x, error)

    def slope_range(left, right):
        seen["left"], seen["right"] = float(left), float(right)
        return torch.full_like(left, low), torch.full_like(left, high)

    def complex_variation(c, U, H):
        seen["U"], seen["H"] = float(U.max()), float(H.max())
        return torch.full_like(U, lost)

    return ElementaryFunction(
        lambda x: x.clone(), value_error, slope_range, complex_variation, lambda c, D: torch.full_like(D, 5.0)
    )


NEXT, AFTER = 1.0 + 2 * UNIT, 1.0 + 4 * UNIT  # the two smallest numbers of float64 above 1
SLOPES = [(-2.0, 4.0), (-4.0, 2.0), (1.0, 4.0), (-4.0, -1.0), (3.0, 3.0)]


@pytest.mark.parametrize(("low", "high"), SLOPES)
def test_symbols_keep_the_middle_slope_and_remainders_meet_the_steepest(low, high):
    """Symbols of 2 keep (low + high)/2, off by (high − low)/2; a remainder of 0.5 becomes 0.5·max|slope|."""
    x = line(-3.0, 1.0, -2.0, 0.5)
    found = compose(x, identity(low, high))
    slope, remainder = (low + high) / 2, (high - low) / 2 * 2 + max(abs(low), abs(high)) * 0.5
    assert float(found.generators) == slope * -2.0
    assert remainder <= float(found.remainder) <= remainder * (1 + 1e-9)
    size = 4.0 + 2.5 * abs(slope) + remainder
    assert size <= float(found.magnitude) <= size * 1.002
    assert torch.allclose(found.polynomial, x.polynomial, atol=ROUNDING)


@pytest.mark.parametrize("constant", [3.0, -3.0])
def test_slopes_and_errors_are_asked_for_on_all_of_the_cell(constant):
    """What the constant and the rest of the value reach, and γ of the magnitude that is known beyond it."""
    seen, reach = {}, 1.0 + 2.0 + 0.5 + gamma(8) * 2**40
    found = compose(line(constant, 1.0, 2.0, 0.5, 2.0**40), identity(1.0, 1.0, seen, error=0.25))
    assert seen["left"] <= constant - reach
    assert seen["right"] >= constant + reach
    assert seen["arguments"] >= 3.0 + reach
    assert seen["values"] >= 3.0 + 1.0
    assert seen["arguments"] <= 3.0 + reach + 2**40 * gamma(16)
    assert float(found.remainder) >= 0.5 + 2 * 0.25  # Λ + 1 >= 2


@pytest.mark.parametrize(("constant", "linear"), [(1.0, 2.0**-30), (-1.0, 2.0**-30), (2.0**-30, 1.0)])
@pytest.mark.parametrize(("low", "high"), [(-(2.0**30), 1.0), (-1.0, 2.0**30)])
def test_an_argument_at_a_node_is_off_by_its_rounding_times_the_slope(constant, linear, low, high):
    """8u of the constant, and γ of as many roundings as there are coefficients of the rest."""
    found = compose(line(constant, linear), identity(low, high))
    argument = 8 * UNIT * abs(constant) + gamma(4) * abs(linear)
    assert float(found.remainder) >= 2 * 2.0**30 * argument


def test_a_bound_that_cannot_be_given_is_infinite():
    assert float(compose(line(0.5, 1.0), identity(1.0, 1.0, lost=math.nan)).remainder) == math.inf


@pytest.mark.parametrize("degree", [1, 2, 3])
def test_a_polynomial_reaches_farther_along_the_real_line_than_off_it(degree):
    """T_n maps an ellipse to sinh(nr) at most off the real line, and to cosh(nr) along it."""
    x, seen = line(0.0), {}
    x.polynomial[degree] = 1.0
    x.magnitude = torch.ones_like(x.magnitude)
    compose(x, identity(1.0, 1.0, seen))
    assert seen["H"] > 1.0
    assert seen["U"] >= math.sqrt(1 + seen["H"] ** 2)


@pytest.mark.parametrize("variables", [1, 2])
def test_every_entry_is_interpolated_at_its_own_number_of_nodes_or_at_the_common_one(variables):
    shape = ring(variables, 2)
    counts = node_counts(shape)
    chosen = torch.tensor([*[0] * 90, *range(len(counts)), *[len(counts) - 1] * 3])
    entries = random_model(3, variables, 2, (), 0.8, shape=(len(chosen), 1, 1)).polynomial.flatten(1)
    common = cheapest_common_count(chosen, counts)
    assert common < len(counts) - 1

    def steep(x):
        return torch.exp(3 * x)

    polynomial, above_order = _evaluate_at_nodes(shape, counts, steep, entries, chosen)
    for column, place in enumerate(chosen.tolist()):
        grid = shape.grid(counts[max(place, common)])
        expected, above = grid.interpolate(steep(grid.at_nodes(entries[:, column : column + 1])))
        assert torch.allclose(polynomial[:, column], expected[:, 0], rtol=1e-9, atol=1e-9)
        assert torch.allclose(above_order[column], above[0], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("slope", [2.0, -2.0, 0.0])
@pytest.mark.parametrize(("below", "above"), [(1.0, 3.0), (-3.0, -1.0), (-1.0, 5.0), (2.0, 2.0)])
def test_lines_by_hand(slope, below, above):
    x = line(-3.0, 1.0, -2.0, 0.5)
    lower, upper = (torch.full_like(x.remainder, end) for end in (below, above))
    found = between_lines(x, torch.full_like(lower, slope), lower, upper)
    middle, half = (below + above) / 2, (above - below) / 2
    assert found.polynomial.flatten().tolist() == [-3.0 * slope + middle, slope, 0.0, 0.0]
    assert float(found.generators) == -2.0 * slope
    size = 6.5 * abs(slope) + abs(middle) + half
    for got, exact in ((found.remainder, 0.5 * abs(slope) + half), (found.magnitude, size)):
        assert exact <= float(got) <= exact * (1 + ROUNDING) + ROUNDING


@pytest.mark.parametrize("slope", [2.0, -2.0])
def test_parallel_lines_by_hand(slope):
    """Between ±2x and ±2x + 6."""
    x = line(-3.0, 1.0, -2.0, 0.5)
    found = between_parallel_lines(x, torch.full_like(x.remainder, slope), torch.full_like(x.remainder, 3.0))
    assert found.polynomial.flatten().tolist() == [-3.0 * slope + 3.0, slope, 0.0, 0.0]
    assert float(found.generators) == -2.0 * slope
    for got, exact in ((found.remainder, 1.0 + 3.0), (found.magnitude, 13.0 + 6.0)):
        assert exact <= float(got) <= exact * (1 + ROUNDING)


@pytest.mark.parametrize("form", ["parallel", "lines"])
def test_what_a_line_rounds_is_in_the_remainder(form):
    """One line through models without an uncertainty, against fractions."""
    slope, shift, lost = 0.3, 1e-3, []
    for constant in (0.1 * k for k in range(1, 40)):
        x = line(constant, constant / 7)
        factor, ends = torch.full_like(x.remainder, slope), torch.full_like(x.remainder, shift)
        half = torch.zeros_like(x.remainder)
        found = between_parallel_lines(x, factor, half) if form == "parallel" else between_lines(x, factor, ends, ends)
        exact = [Fraction(slope) * Fraction(c) for c in x.polynomial.flatten().tolist()]
        exact[0] += 0 if form == "parallel" else Fraction(shift)
        off = sum(abs(Fraction(a) - b) for a, b in zip(found.polynomial.flatten().tolist(), exact, strict=True))
        assert off <= Fraction(float(found.remainder))
        lost.append(off > Fraction(4 * UNIT * shift))
    assert any(lost)


@pytest.mark.parametrize(
    ("low", "high"),
    [
        (2.0, 3.0),
        (-3.0, -2.0),
        (-2.0, 3.0),
        (-3.0, 2.0),
        (1.0, NEXT),
        (NEXT, AFTER),
        (-NEXT, -1.0),
        (-AFTER, -NEXT),
    ],
)
def test_a_known_range_reaches_both_of_its_ends_and_not_much_farther(low, high):
    """Neighbours have no middle among the numbers of float64."""
    clipped = clip_to_range(line(0.0, 0.0, 1.0, 1e9), low, high)
    middle, half = Fraction(float(clipped.polynomial[0])), Fraction(float(clipped.remainder))
    assert middle - half <= Fraction(low)
    assert middle + half >= Fraction(high)
    assert half <= Fraction(high - low) / 2 * (1 + Fraction(ROUNDING)) + Fraction(2 * UNIT)
    assert not bool(clipped.generators.any())
    assert max(abs(low), abs(high)) <= float(clipped.magnitude)
    assert float(clipped.magnitude) <= (max(abs(low), abs(high)) + high - low) * (1 + ROUNDING)
