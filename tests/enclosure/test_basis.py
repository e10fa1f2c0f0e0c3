"""The Chebyshev basis: values, interpolation, ranges, against numpy's."""

import itertools
import math

import numpy as np
import pytest
import torch
from numpy.polynomial import chebyshev as reference

from varexp.enclosure.basis import Grid, Ring, chebyshev_in_powers, lebesgue_bound, ring

SHAPES = [(0, 2), (1, 0), (1, 7), (2, 3), (3, 2)]


def values(P, shape, t):
    """By numpy: P (coefficients,), t (points, variables)."""
    out = np.zeros(len(t))
    for e, a in zip(shape.powers, P.tolist(), strict=True):
        out += a * np.prod([reference.chebval(t[:, v], [0] * d + [1]) for v, d in enumerate(e)], axis=0)
    return out


def zeros(count, variables):
    one = np.cos((2 * np.arange(count) + 1) * np.pi / (2 * count))
    return np.array(list(itertools.product(one, repeat=variables))).reshape(count**variables, variables)


@pytest.mark.parametrize(("variables", "order"), SHAPES)
@pytest.mark.parametrize("more", [0, 4])
def test_nodes_and_coefficients_invert_each_other(variables, order, more):
    shape = Ring(variables, order)
    grid = shape.grid(order + 1 + more)
    P = torch.randn(len(shape), 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    at_nodes = grid.at_nodes(P)
    for column in range(3):
        expected = values(P[:, column], shape, zeros(grid.count, variables))
        assert np.allclose(at_nodes[:, column].numpy(), expected, rtol=0, atol=1e-13)
    assert torch.allclose(grid.interpolation @ at_nodes, P, rtol=0, atol=1e-13)
    found, others = grid.interpolate(at_nodes)
    assert torch.allclose(found, P, rtol=0, atol=1e-13)
    assert float(others.max()) < 1e-12


def test_coefficients_above_the_order_are_added_up():
    t = zeros(8, 2)
    polynomial = 0.5 + 2 * t[:, 0] - 3 * (2 * t[:, 1] ** 2 - 1) * t[:, 0] + 0.25 * (4 * t[:, 1] ** 3 - 3 * t[:, 1])
    found, others = Ring(2, 2).grid(8).interpolate(torch.from_numpy(polynomial)[:, None])
    assert float(others) == pytest.approx(3.25, abs=1e-13)
    assert found[:, 0].abs().sum() == pytest.approx(2.5, abs=1e-13)


def test_too_few_nodes_are_refused():
    with pytest.raises(ValueError, match="order 5 need more nodes than that, got 5"):
        Grid(Ring(1, 5), 5)


@pytest.mark.parametrize("count", [1, 4, 16, 32])
def test_interpolants_stay_within_the_lebesgue_constant(count):
    t = np.linspace(-1, 1, 4001)
    nodes = zeros(count, 1)[:, 0]
    lagrange = [np.prod([(t - b) / (a - b) for b in nodes if b != a], axis=0) * np.ones_like(t) for a in nodes]
    largest = np.abs(lagrange).sum(axis=0).max()
    assert largest <= lebesgue_bound(count) <= largest + 0.04


@pytest.mark.parametrize("degree", range(9))
def test_coefficients_by_powers_are_numpys(degree):
    assert list(chebyshev_in_powers(degree)) == [round(a) for a in reference.cheb2poly([0] * degree + [1])]


@pytest.mark.parametrize(("variables", "order"), [(1, 7), (2, 3), (3, 2)])
def test_bernstein_coefficients_enclose_ranges(variables, order):
    shape = ring(variables, order)
    source = torch.Generator().manual_seed(2)
    for _ in range(20):
        P = torch.randn(len(shape), dtype=torch.float64, generator=source)
        t = torch.rand(500, variables, generator=source, dtype=torch.float64).numpy() * 2 - 1
        exact = values(P, shape, t)
        ends = P @ shape.bernstein_of_polynomials()
        assert float(ends.min()) <= exact.min()
        assert exact.max() <= float(ends.max())
        squares = (P[:, None] * P[None, :]).reshape(-1) @ shape.bernstein_of_products()
        assert exact.max() ** 2 <= float(squares.max()) * (1 + 1e-12)


@pytest.mark.parametrize(("variables", "order"), [(1, 3), (2, 2), (3, 1)])
def test_bernstein_coefficients_are_those_of_every_product(variables, order):
    """On every part, Σ β_i B_i(s) is T_e T_f for every pair, at random points s of the part."""
    shape, degree, pieces = ring(variables, order), 2 * order, {1: 4, 2: 2, 3: 1}[variables]
    s = np.random.default_rng(5).uniform(0, 1, (20, variables))
    one = np.stack([math.comb(degree, i) * s**i * (1 - s) ** (degree - i) for i in range(degree + 1)])
    bernstein = np.stack(
        [
            np.prod([one[i, :, v] for v, i in enumerate(place)], axis=0)
            for place in itertools.product(range(degree + 1), repeat=variables)
        ]
    )
    parts = shape.bernstein_of_products().numpy().reshape(len(shape) ** 2, pieces**variables, -1)
    for part, place in enumerate(itertools.product(range(pieces), repeat=variables)):
        t = (np.array(place) + s) * 2 / pieces - 1
        basis = np.stack([values(row, shape, t) for row in torch.eye(len(shape))])
        products = (basis[:, None] * basis[None]).reshape(len(shape) ** 2, -1)
        assert np.allclose(parts[:, part] @ bernstein, products, rtol=0, atol=1e-13)


@pytest.mark.parametrize(("variables", "order"), [(1, 7), (2, 4), (3, 2)])
def test_what_a_ring_says_of_its_basis(variables, order):
    """T_e(0); and sums over the coefficients of each degree: there are C(j + v − 1, v − 1) of degree j."""
    shape = Ring(variables, order)
    basis = torch.eye(len(shape), dtype=torch.float64)
    middle = [values(row, shape, np.zeros((1, variables))).item() for row in basis]
    assert shape.values_at_middle.tolist() == middle
    counts = [math.comb(j + variables - 1, variables - 1) for j in range(order + 1)]
    assert shape.sum_by_degree(torch.ones(len(shape), 2)).tolist() == [[count, count] for count in counts]


def test_what_a_product_loses_by_hand():
    assert [Ring(variables, 2).product_loss for variables in (1, 2, 3)] == [1.0, 1.5, 1.75]


@pytest.mark.parametrize("variables", [1, 2])
def test_errors_at_two_nodes_by_hand(variables):
    """From values a and b to coefficients (a + b)/2 and (a − b)/√2."""
    weight = (1 + math.sqrt(2)) ** variables
    assert weight <= Ring(variables, 1).grid().weight <= weight * (1 + 1e-8)


def test_an_interpolant_is_cut_off_unless_it_has_as_many_coefficients_as_the_ring():
    assert not Ring(1, 3).grid(4).truncates
    assert Ring(1, 3).grid(5).truncates
    assert Ring(2, 3).grid(4).truncates
    assert not Ring(0, 3).grid(4).truncates
