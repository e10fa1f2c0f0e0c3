"""Chebyshev models: bounds by hand, symbols, and linear maps in exact fractions."""

from fractions import Fraction

import pytest
import torch
from random_models import Points, new_symbols, random_model, violations
from tolerances import EXACT, ROUNDING

from varexp.enclosure import Enclosure
from varexp.enclosure.basis import ring
from varexp.enclosure.matrices import Matrix, as_matrix
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.symbols import Symbol, parameter_symbols

W = torch.randn(5, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(7))


class Distances:
    """|a − b| for the entries of matrices, added up."""

    def __init__(self, entries):
        self.entries = entries

    def __radd__(self, other):
        return self

    def __add__(self, other):
        return Distances([a + b for a, b in zip(self.entries, other.entries, strict=True)])


def abs_difference(a, b):
    return Distances([abs(x - y) for r, s in zip(a, b, strict=True) for x, y in zip(r, s, strict=True)])


def fractions(matrix):
    return [[Fraction(x) for x in row] for row in matrix.tolist()]


def multiply_exactly(a, b):
    return [[sum(x * y for x, y in zip(row, column, strict=True)) for column in zip(*b, strict=True)] for row in a]


def small_model():
    """1 + 2t + 0.5·y ± 0.25, in one cell and one entry."""
    P = torch.tensor([1.0, 2.0], dtype=torch.float64).reshape(2, 1, 1, 1)
    G = torch.full((1, 1, 1, 1), 0.5, dtype=torch.float64)
    R = torch.full((1, 1, 1), 0.25, dtype=torch.float64)
    return ChebyshevModel(ring(1, 1), P, G, R, R + 3.5, (Symbol(),))


def test_a_symbol_by_row_cancels_within_its_row_and_nowhere_else():
    x = random_model(4, 1, 2, (), 0.5).remainder_to_row_symbols()
    assert [symbol.by_row for symbol in x.symbols] == [True, True]
    assert float(x.remainder.amin(dim=-1).max()) == 0.0  # the two columns with the largest remainders have none left
    e = Enclosure.of(x)
    within_rows = (torch.tanh(e @ W) - torch.tanh(e @ W)).model()
    assert float(within_rows.uncertainty().max()) <= 1e-6 + 4 * float(x.remainder.sum(dim=-1).max() * W.abs().max())
    across = (e - e @ torch.eye(5, dtype=torch.float64).flip(0)).model()
    shuffled = (e - torch.flip(torch.eye(3, dtype=torch.float64), (0,)) @ e).model()
    assert bool(
        (shuffled.uncertainty()[:, 0] >= x.uncertainty()[:, 0] + x.uncertainty()[:, 2] - 1e-12).all()
    )  # different rows add up
    assert bool((across.uncertainty() <= x.uncertainty() + x.uncertainty().flip(-1) + 1e-12).all())


def test_bounds_by_hand():
    x = small_model()
    assert float(x.uncertainty()) == pytest.approx(0.75, rel=ROUNDING)
    assert float(x.uncertainty()) >= 0.75
    assert x.degree_sums().flatten().tolist() == [1.0, 2.0]
    assert 2.75 <= float(x.deviation(x.uncertainty())) <= 2.75 * (1 + ROUNDING)


def test_uncertainty_belongs_to_the_caller():
    for symbols in ((), new_symbols(2)):
        x = random_model(2, 1, 2, symbols, 0.3)
        before = x.remainder.clone()
        x.uncertainty().mul_(2.0)
        assert torch.equal(x.remainder, before)


def test_degree_sums_are_sums_of_their_coefficients():
    x = random_model(3, 2, 3, (), 0.3)
    for degree, total in enumerate(x.degree_sums()):
        members = [i for i, d in enumerate(x.ring.degrees) if d == degree]
        exact = x.polynomial[members].abs().sum(dim=0)
        assert bool((total >= exact).all())
        assert torch.allclose(total, exact, rtol=ROUNDING, atol=EXACT)


@pytest.mark.parametrize("drop", ["drop_symbols", "drop_row_symbols", "remainder_to_row_symbols"])
def test_values_stay_inside_when_symbols_become_remainders_and_back(drop):
    symbols = new_symbols(3)
    x = random_model(4, 2, 3, symbols, 0.3)
    points = Points(5, 2, symbols)
    assert violations(getattr(x, drop)(), points, points.values(x)) == 0


def test_dropping_symbols_is_needed_for_the_remainder():
    """The control: generators that are only left out leave values outside."""
    symbols = new_symbols(2)
    x = random_model(4, 2, 3, symbols, 0.3)
    points = Points(5, 2, symbols)
    bare = ChebyshevModel(x.ring, x.polynomial, x.generators[:0], x.remainder, x.magnitude)
    assert violations(bare, points, points.values(x)) > 0


def test_condensing_keeps_the_uncertainty_and_gives_the_largest_entries_symbols():
    x = random_model(6, 1, 2, new_symbols(2), 0.3)
    condensed = x.condense(4)
    before, after = x.uncertainty(), condensed.uncertainty()
    assert bool((after >= before).all())
    assert torch.allclose(after, before, rtol=ROUNDING, atol=EXACT)
    assert len(condensed.symbols) == 4
    assert int((condensed.remainder == 0).sum()) == 4 * len(before)
    largest = before.flatten(1).topk(4, dim=1).values
    assert torch.equal(condensed.generators.flatten(2).sum(dim=2).T, largest)
    assert len(x.condense(100).symbols) == 15  # no more than there are entries


@pytest.mark.parametrize("linear", ["right", "left", "scale", "entries", "sum", "shift"])
def test_linear_maps_are_off_by_less_than_the_remainder_in_exact_fractions(linear):
    """The coefficients of the result, against those of the exact map: the distances add up to the remainder at most."""
    x = random_model(7, 1, 2, (), 0.3, shape=(1, 3, 5))
    x.remainder = torch.zeros_like(x.remainder)
    right, left = W[:, :2], W[:2, :3]
    maps = {
        "right": (lambda m: m.right_multiply(as_matrix(right)), lambda P: multiply_exactly(P, fractions(right))),
        "left": (lambda m: m.left_multiply(as_matrix(left)), lambda P: multiply_exactly(fractions(left), P)),
        "scale": (lambda m: m.scale(0.3), lambda P: [[Fraction(0.3) * a for a in row] for row in P]),
        "entries": (
            lambda m: m.scale_entries(W[:3, :5]),
            lambda P: [
                [a * b for a, b in zip(r, s, strict=True)] for r, s in zip(P, fractions(W[:3, :5]), strict=True)
            ],
        ),
        "sum": (lambda m: m.sum_along(-1, keepdim=True), lambda P: [[sum(row)] for row in P]),
        "shift": (lambda m: m.add_tensor(W[0, 0]), None),
    }
    enclose, exactly = maps[linear]
    result = enclose(x)
    distance = 0
    for degree, P in enumerate(x.polynomial[:, 0]):
        exact = fractions(P)
        if exactly is not None:
            exact = exactly(exact)
        elif degree == 0:
            exact = [[a + Fraction(float(W[0, 0])) for a in row] for row in exact]
        distance = distance + abs_difference(fractions(result.polynomial[degree, 0]), exact)
    allowed = fractions(result.drop_symbols().remainder[0])
    assert all(d <= a for d, a in zip(distance.entries, [a for row in allowed for a in row], strict=True))
    assert any(d > 0 for d in distance.entries)  # something was rounded


def test_a_relative_error_is_relative_to_the_magnitude():
    x = small_model()
    wider = x.with_relative_error(0.1)
    assert float(wider.remainder) >= 0.25 + 0.1 * 3.75
    assert float(wider.remainder) <= (0.25 + 0.1 * 3.75) * 1.1 * (1 + ROUNDING)


@pytest.mark.parametrize("factor", [1.0, -1.0])
def test_a_sign_is_exact(factor):
    x = random_model(8, 1, 2, new_symbols(2), 0.3)
    scaled = x.scale(factor)
    assert torch.equal(scaled.polynomial, factor * x.polynomial)
    assert torch.equal(scaled.generators, factor * x.generators)
    assert torch.equal(scaled.remainder, x.remainder)


def test_an_error_of_a_matrix_meets_the_magnitude():
    x, error = small_model(), torch.full((1, 1), 0.5, dtype=torch.float64)
    wider = x.right_multiply(Matrix(torch.ones_like(error), error))
    assert 0.25 + 3.75 * 0.5 <= float(wider.remainder) <= (0.25 + 3.75 * 0.5) * (1 + ROUNDING)
    assert float(wider.magnitude) >= 3.75 * 1.5


@pytest.mark.parametrize("change", ["condense", "add_tensor", "scale", "drop_symbols", "sum_along"])
def test_the_magnitude_bounds_coefficients_and_generators(change):
    parameters = parameter_symbols(2)
    x = random_model(9, 1, 2, parameters, 0.3)
    x.generators.neg_()
    arguments = {"condense": (4,), "add_tensor": (-W[:3, :5],), "scale": (-0.3,), "sum_along": (-1,)}.get(change, ())
    result = getattr(x, change)(*arguments)
    total = result.polynomial.abs().sum(dim=0) + result.generators.abs().sum(dim=0) + result.remainder
    assert bool((total <= result.magnitude * (1 + ROUNDING)).all())


def test_an_error_of_what_is_added_is_added():
    x, error = small_model(), torch.full((1, 1), 0.5, dtype=torch.float64)
    wider = x.add_tensor(torch.ones_like(error), error)
    assert 0.75 <= float(wider.remainder) <= 0.75 * (1 + ROUNDING)
    assert float(wider.magnitude) >= 3.75 + 1.5
