"""Products: exact where nothing is truncated, and not contained without what interpolation loses."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
import torch
from numpy.polynomial import chebyshev as reference
from random_models import Points, escapes, new_symbols, random_model, violations
from tolerances import ROUNDING

from varexp.enclosure.basis import Ring, ring
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.products import contract, multiply
from varexp.enclosure.rounding import UNIT, gamma
from varexp.enclosure.symbols import Symbol


def test_a_product_within_the_order_is_numpys():
    x, y = (random_model(seed, 1, 6, (), 0.5, shape=(1, 1, 1)) for seed in (1, 2))
    for model in (x, y):
        model.polynomial[4:] = 0.0
        model.remainder = torch.zeros_like(model.remainder)
    product = multiply(x, y)
    expected = reference.chebmul(x.polynomial[:4].flatten().numpy(), y.polynomial[:4].flatten().numpy())
    assert np.allclose(product.polynomial.flatten().numpy(), expected, rtol=ROUNDING, atol=ROUNDING)
    assert float(product.remainder) <= ROUNDING


@pytest.mark.parametrize("variables", [1, 2, 3])
def test_interpolation_of_a_product_loses_what_the_ring_says_at_most(variables):
    """T_e T_f for every pair, at random points and in the corners."""
    ring = Ring(variables, 3)
    grid = ring.grid()
    t = np.random.default_rng(1).uniform(-1, 1, (2000, variables))
    t[:2] = [[1.0], [-1.0]]
    basis = torch.from_numpy(
        np.stack([np.prod([np.cos(d * np.arccos(t[:, v])) for v, d in enumerate(e)], axis=0) for e in ring.powers])
    )
    products = (grid.evaluation[:, :, None] * grid.evaluation[:, None]).flatten(1)
    kept = (grid.interpolation @ products).T @ basis
    exact = (basis[:, None] * basis[None]).flatten(0, 1)
    lost = (exact - kept).abs().amax(dim=1).reshape(len(ring), len(ring))
    degrees = torch.tensor(ring.degrees)
    low = degrees[:, None] + degrees[None] <= ring.order
    assert float(lost[low].max()) <= ROUNDING
    assert float(lost.max()) <= ring.product_loss + ROUNDING
    assert float(lost.max()) > 0.5  # not nothing


def test_what_interpolation_loses_is_needed():
    x = random_model(11, 1, 3, (), 0.8)
    x.remainder = torch.zeros_like(x.remainder)
    assert escapes(lambda v: v * v, x) == 0
    x.ring = Ring(1, 3)
    x.ring.product_loss = 0.0
    assert escapes(lambda v: v * v, x) > 0


@pytest.mark.parametrize("symbols", [(0, 0), (2, 0), (0, 2), (2, 2)])
def test_matrix_products_are_contained_whoever_has_symbols(symbols):
    shared = new_symbols(2)
    x = random_model(1, 2, 3, shared[: symbols[0]], 0.3)
    y = random_model(2, 2, 3, shared[: symbols[1]], 0.3, shape=(4, 5, 3))
    points = Points(3, 2, [symbol for symbol in shared if not symbol.by_row])
    points.y |= {symbol: points.draw(len(points.t), 3) for symbol in shared if symbol.by_row}
    y = y.drop_row_symbols()
    exact = points.values(x) @ points.values(y)
    assert violations(contract(x, y), points, exact) == 0


@pytest.mark.parametrize("degree", [0, 3])
def test_what_a_product_rounds_is_in_the_remainder(degree):
    """Against the product in fractions, of polynomials of half the order: nothing is truncated."""
    x, y = (random_model(seed, 1, 6, (), 1.0, shape=(8, 1, 1)) for seed in (5, 6))
    for model in (x, y):
        model.polynomial[degree + 1 :] = 0.0
        model.remainder = torch.zeros_like(model.remainder)
        model.magnitude = model.polynomial.abs().sum(dim=0) * (1 + 16 * UNIT)
    found = multiply(x, y)
    lost = []
    for cell in range(8):
        exact = [Fraction(0)] * 7
        for i, a in enumerate(x.polynomial[: degree + 1, cell, 0, 0].tolist()):
            for j, b in enumerate(y.polynomial[: degree + 1, cell, 0, 0].tolist()):
                exact[i + j] += Fraction(a) * Fraction(b) / 2
                exact[abs(i - j)] += Fraction(a) * Fraction(b) / 2
        computed = map(Fraction, found.polynomial[:, cell, 0, 0].tolist())
        lost.append(sum(abs(a - b) for a, b in zip(computed, exact, strict=True)))
    assert all(a <= Fraction(b) for a, b in zip(lost, found.remainder.flatten().tolist(), strict=True))
    assert max(lost) > 0


def test_what_nodes_and_transform_round_is_in_the_remainder():
    """γ of the product at a node, times Λ; and γ of the evaluations, of what varies alone, times the weight."""
    x, y = (random_model(seed, 1, 3, (), 0.5) for seed in (7, 8))
    for model in (x, y):
        model.remainder = torch.zeros_like(model.remainder)
        model.polynomial[2:] = 0.0  # so that nothing is truncated
        model.magnitude = model.polynomial.abs().sum(dim=0)
    grid, size = x.ring.grid(), x.magnitude * y.magnitude
    varying = size - x.polynomial[0].abs() * y.polynomial[0].abs()
    allowed = 2 * grid.lebesgue * gamma(9) * size + grid.weight * gamma(len(grid) + 2 * len(x.ring)) * varying
    assert bool((multiply(x, y).remainder >= allowed).all())


@pytest.mark.parametrize("order", [0, 7])
def test_constants_meet_the_rounding_of_one_product_alone(order):
    """What does not vary passes neither evaluations nor a transform, and nothing is allowed for them."""
    x, y = (ChebyshevModel.constant(ring(1, order), torch.full((1, 1, 1), c).double()) for c in (1.1, -1.3))
    rounded = abs(Fraction(1.1) * Fraction(-1.3) - Fraction(1.1 * -1.3))
    assert 0 < rounded <= Fraction(float(multiply(x, y).remainder))
    assert float(multiply(x, y).remainder) <= 1.43 * (2 * x.ring.grid().lebesgue + 4) * gamma(9) * (1 + ROUNDING)


def of_parts(order, parts):
    """A model of one number: coefficients by degree, two symbols of opposite sign, and a remainder."""
    polynomial, generators = torch.zeros(order + 1, 1, 1, 1).double(), torch.zeros(2, 1, 1, 1).double()
    remainder = torch.zeros(1, 1, 1).double()
    for part, size in parts.items():
        if part == "symbols":
            generators[0], generators[1] = size / 2, -size / 2
        elif part == "remainder":
            remainder += size
        else:
            polynomial[part] = size
    magnitude = (polynomial.abs().sum(dim=0) + generators.abs().sum(dim=0) + remainder) * (1 + gamma(16))
    return ChebyshevModel(ring(1, order), polynomial, generators, remainder, magnitude, PAIR)


PAIR = (Symbol(), Symbol())


@pytest.mark.parametrize("order", [1, 3])
@pytest.mark.parametrize("form", [multiply, contract])
def test_what_a_product_cannot_represent_is_in_the_remainder(order, form):
    """Of each pair of parts, and of all together: a remainder meets everything, a symbol all but a constant."""
    names = [*range(order + 1), "symbols", "remainder"]
    sizes = {name: 0.5 + 0.125 * place for place, name in enumerate(names)}

    def lost(p, q):
        both = {p, q}
        if "remainder" in both or p == q == "symbols" or ("symbols" in both and 0 not in both):
            return sizes[p] * sizes[q]
        degree = p + q if "symbols" not in both else 0
        return sizes[p] * sizes[q] / 2 if degree > order else 0.0  # T_{p+q}, half of the product

    for p, q in itertools.product(names, repeat=2):
        one, two = of_parts(order, {p: sizes[p]}), of_parts(order, {q: sizes[q]})
        assert lost(p, q) <= float(form(one, two).remainder) <= 2 * lost(p, q) * (1 + ROUNDING) + ROUNDING
    x = of_parts(order, sizes)
    together = sum(lost(p, q) for p, q in itertools.product(names, repeat=2))
    found = form(x, x)
    assert together <= float(found.remainder) <= 2 * together
    known = [sizes[0] * sizes["symbols"] * sign for sign in (1, -1)]
    assert found.symbols == PAIR
    assert found.generators.flatten().tolist() == pytest.approx(known, rel=ROUNDING)
