"""Cells cut in two: the parts cover a cell, and their states have its values."""

import itertools

import numpy as np
import pytest
import torch
from numpy.polynomial import chebyshev
from test_basis import values
from tolerances import ROUNDING

from varexp.enclosure.basis import ring
from varexp.enclosure.cells import parameters
from varexp.enclosure.halving import halve_boxes, halve_state, parts_of
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.rounding import SMALLEST, gamma
from varexp.enclosure.symbols import Symbol


@pytest.mark.parametrize("variables", [1, 2])
def test_parts_of_a_cell_cover_it_and_inherit_its_state(variables):
    rg = ring(variables, 4)
    mid = torch.full((2, variables), 0.3, dtype=torch.float64)
    rad = torch.full((2, variables), 0.05, dtype=torch.float64)
    middles, radii = halve_boxes(mid, rad)
    parts = 2**variables
    assert middles.shape == (2 * parts, variables)
    assert bool(((middles - radii).reshape(2, parts, variables).amin(1) <= mid - rad).all())
    assert bool(((middles + radii).reshape(2, parts, variables).amax(1) >= mid + rad).all())

    state = torch.tanh(3 * parameters(rg, mid, rad)).model()
    cut = halve_state(state)
    fresh = torch.tanh(3 * parameters(rg, middles, radii)).model()
    assert torch.allclose(cut.polynomial[0], fresh.polynomial[0], atol=1e-6)
    assert float((cut.polynomial[0] - fresh.polynomial[0]).abs().max()) <= float(cut.remainder.max()) + 1e-12
    assert torch.allclose(cut.remainder, state.remainder.repeat_interleave(parts, 0), atol=1e-14)
    assert float(fresh.remainder.max()) < float(cut.remainder.max())


@pytest.mark.parametrize(("variables", "order"), [(1, 7), (2, 5), (3, 3)])
def test_halves_of_a_cell_have_the_same_values(variables, order):
    shape = ring(variables, order)
    P = torch.randn(len(shape), 1, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    size = P.abs().sum(dim=0)
    halves = halve_state(ChebyshevModel(shape, P, P[:0], torch.zeros_like(size), size))
    t = np.random.default_rng(4).uniform(-1, 1, (50, variables))
    for part, signs in enumerate(itertools.product([-0.5, 0.5], repeat=variables)):
        whole = values(P[:, 0, 0], shape, np.array(signs) + t / 2)
        assert np.allclose(values(halves.polynomial[:, part, 0], shape, t), whole, rtol=0, atol=1e-13)
        assert float(halves.remainder[part, 0]) < 1e-12


def test_halves_by_hand():
    middle, radius = torch.tensor([[1.0]], dtype=torch.float64), torch.tensor([[0.5]], dtype=torch.float64)
    middles, radii = halve_boxes(middle, radius)
    assert middles.flatten().tolist() == [0.75, 1.25]
    assert all(0.25 < r < 0.25 * (1 + ROUNDING) for r in radii.flatten().tolist())


@pytest.mark.parametrize(("variables", "order"), [(1, 7), (2, 5), (3, 3)])
def test_the_magnitude_of_a_part_bounds_its_coefficients(variables, order):
    """For every T_e alone, and after two cuts. The larger cell's magnitude would not do: the control."""
    shape = ring(variables, order)
    P = torch.eye(len(shape), dtype=torch.float64)[:, :, None]  # coefficients cells entries
    size = torch.ones(len(shape), 1, dtype=torch.float64)
    once = halve_state(ChebyshevModel(shape, P, P[:0], torch.zeros_like(size), size))
    for cut in (once, halve_state(once)):
        sums = cut.polynomial.abs().sum(dim=0)
        assert bool((sums <= cut.magnitude).all())
        assert float(sums.max()) > 1.4


def test_a_box_of_many_parameters_is_cut_along_its_widest_one():
    middle = torch.rand(4, 6, dtype=torch.float64)
    radius = torch.rand(4, 6, dtype=torch.float64)
    middles, radii = halve_boxes(middle, radius)
    assert parts_of(6) == 2
    assert middles.shape == (8, 6)
    low, high = (middles - radii).reshape(4, 2, 6).amin(1), (middles + radii).reshape(4, 2, 6).amax(1)
    assert bool((low <= middle - radius).all())
    assert bool((high >= middle + radius).all())
    cut = (radii.reshape(4, 2, 6)[:, 0] < 0.51 * radius).nonzero()[:, 1]
    assert torch.equal(cut, radius.argmax(dim=1))
    first, second = (middles - radii).reshape(4, 2, 6), (middles + radii).reshape(4, 2, 6)
    assert bool((second[:, 0] >= first[:, 1]).all())  # the parts meet


@pytest.mark.parametrize("order", [3, 7])
def test_what_halving_rounds_is_in_the_remainder(order):
    """γ times the largest column sum of the exact matrix, by numpy's interpolation."""
    shape = ring(1, order)
    halves = [
        chebyshev.chebinterpolate(lambda t, f=f: np.cos(f * np.arccos((t + 1) / 2)), order) for f in range(order + 1)
    ]
    growth = max(np.abs(column).sum() for column in halves)
    P = torch.ones(len(shape), 1, 1, dtype=torch.float64)
    size = P.sum(dim=0)
    cut = halve_state(ChebyshevModel(shape, P, P[:0], torch.zeros_like(size), size))
    assert float(cut.remainder.min()) >= gamma(len(shape)) * growth * float(size)


def test_the_magnitude_of_a_part_bounds_its_values():
    """For a state whose own magnitude is far too large, and with it the rounding that the remainder allows for."""
    shape, one = ring(1, 3), torch.ones(1, 1, dtype=torch.float64)
    for uncertain, size in ((0.0, 1e6), (1.0, 8.0)):
        state = ChebyshevModel(
            shape, one.repeat(4, 1, 1), uncertain * one[None], uncertain * one, size * one, (Symbol(),)
        )
        cut = halve_state(state)
        sums = cut.polynomial.abs().sum(dim=0) + cut.generators.abs().sum(dim=0)
        assert bool((sums + cut.remainder <= cut.magnitude).all())


def test_what_underflow_loses_is_in_the_remainder():
    """The smallest number of float64 times T_1 = ±1/2 + t'/2: both halves of it vanish."""
    shape = ring(1, 1)
    P = torch.tensor([0.0, SMALLEST], dtype=torch.float64)[:, None, None]
    cut = halve_state(ChebyshevModel(shape, P, P[:0], torch.zeros_like(P[0]), P[1]))
    assert not cut.polynomial.any()
    assert bool((cut.remainder >= SMALLEST).all())
