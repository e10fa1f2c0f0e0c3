"""Norms of cells: upper and lower bounds, by hand, against samples, and where nothing is known."""

import math

import pytest
import torch
from random_models import random_model
from tolerances import ROUNDING

from varexp.enclosure import Norm
from varexp.enclosure.basis import ring
from varexp.enclosure.cells import parameters
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.norms import (
    bound_entries,
    euclidean_lower_bound,
    euclidean_upper_bound,
    lower_bound,
    safe_norm,
    upper_bound,
    value_at_middle,
)
from varexp.enclosure.rounding import gamma
from varexp.enclosure.symbols import parameter_symbols
from varexp.maps.norms import NORMS


@pytest.mark.parametrize("norm", ["rms", "frobenius", "max"])
@pytest.mark.parametrize("lost", [math.inf, math.nan])
def test_what_is_not_bounded_has_no_finite_norm(norm, lost):
    """Nor the largest number there is, which would pass for an upper end."""
    x = parameters(ring(1, 2), torch.zeros(2, 1, dtype=torch.float64), torch.ones(2, 1, dtype=torch.float64))
    model = x.unsqueeze(-1).model()
    model.remainder[0] = lost
    assert NORMS[norm].upper_bound(model)[0] == math.inf
    assert NORMS[norm].upper_bound(model)[1] == pytest.approx(1.0)
    assert NORMS[norm].lower_bound(model)[0] == 0.0


def test_norms_of_cells_enclose_dense_samples():
    rg = ring(2, 3)
    mid = torch.zeros(1, 2, dtype=torch.float64)
    u = parameters(rg, mid, torch.ones_like(mid))[..., None]
    model = torch.sin(torch.cat([u, 0.3 * u - 0.2], dim=-1)).model()
    grid = torch.cartesian_prod(*[torch.linspace(-1, 1, 41, dtype=torch.float64)] * 2)[..., None]
    values = torch.sin(torch.cat([grid, 0.3 * grid - 0.2], dim=-1))
    norms = {"max": values.abs().amax((1, 2)), "frobenius": values.square().sum((1, 2)).sqrt()}
    norms["rms"] = norms["frobenius"] / 2
    for name, exact in norms.items():
        assert float(NORMS[name].lower_bound(model)) <= float(exact.max()) <= float(NORMS[name].upper_bound(model))


class SumNorm(Norm):
    """The sum of absolute values, with the bounds that any norm of absolute values has."""

    name = "sum"

    def __call__(self, x):
        return x.abs().sum(dim=(-2, -1))


def test_a_norm_of_absolute_values_needs_its_value_alone():
    x = random_model(1, 1, 3, (), 0.3)
    norm = SumNorm()
    t = torch.linspace(-1, 1, 201, dtype=torch.float64)
    values = torch.stack([torch.cos(e[0] * t.acos()) for e in x.ring.powers], dim=1)
    dense = torch.einsum("pm,m...->p...", values, x.polynomial)
    sup = norm(dense).amax(dim=0)
    assert bool((norm.upper_bound(x) >= sup).all())
    assert bool((norm.lower_bound(x) <= sup).all())
    assert str(norm) == "sum"


def test_bounds_by_hand():
    """3 + 4i as entries: norm 5, at zero width."""
    x = ChebyshevModel.constant(ring(1, 2), torch.tensor([[[3.0, -4.0]]], dtype=torch.float64))
    assert bound_entries(x).flatten().tolist() == pytest.approx([3.0, 4.0], rel=ROUNDING)
    assert 5.0 <= float(euclidean_upper_bound(x, 1.0)) <= 5.0 * (1 + ROUNDING)
    assert 5.0 * (1 - ROUNDING) <= float(euclidean_lower_bound(x, 1.0)) <= 5.0
    centre, off = value_at_middle(x)
    assert centre.flatten().tolist() == [3.0, -4.0]
    assert float(off.max()) <= ROUNDING


def test_an_uncertainty_takes_the_lower_bound_down_and_the_upper_bound_up():
    x = random_model(1, 1, 3, (), 0.3)
    y = ChebyshevModel(x.ring, x.polynomial, x.generators, x.remainder + 0.1, x.magnitude + 0.1)
    assert bool((euclidean_upper_bound(y, 1.0) > euclidean_upper_bound(x, 1.0)).all())
    assert bool((euclidean_lower_bound(y, 1.0) < euclidean_lower_bound(x, 1.0)).all())


@pytest.mark.parametrize("norm", NORMS)
def test_norms_over_parameters_that_are_symbols(norm):
    """The sup over a cube of parameters lies at a corner; the hull of the entries would be larger."""
    source = torch.Generator().manual_seed(0)
    G = torch.randn(5, 2, 3, 2, dtype=torch.float64, generator=source)
    P = torch.randn(1, 2, 3, 2, dtype=torch.float64, generator=source)
    zero = torch.zeros_like(P[0])
    x = ChebyshevModel(ring(0, 0), P, G, zero, P[0].abs() + G.abs().sum(0), parameter_symbols(5))
    corners = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0], dtype=torch.float64)] * 5)
    values = NORMS[norm](P[0] + torch.einsum("ks,s...->k...", corners, G)).amax(dim=0)
    bound = upper_bound(NORMS[norm], x)
    assert bool((values <= bound).all())
    assert bool((bound <= values * (1 + 1e-12)).all())
    assert bool((bound < NORMS[norm].upper_bound(x.drop_symbols())).all()) or norm == "max"
    assert torch.allclose(lower_bound(NORMS[norm], x), NORMS[norm](P[0]), rtol=1e-12)


@pytest.mark.parametrize("exponent", [-300, -160, 0, 160, 300])
@pytest.mark.parametrize("norm", NORMS)
def test_norms_in_plain_torch_do_not_overflow(norm, exponent):
    x = torch.tensor([[[3.0, 4.0]]], dtype=torch.float64)
    assert float(safe_norm(NORMS[norm], x * 10.0**exponent)) == pytest.approx(
        float(NORMS[norm](x)) * 10.0**exponent, rel=1e-12
    )


def alternating(order, cells=1):
    """Coefficients 1 and −1 in turn, of one entry without an uncertainty; they add up to 0."""
    P = torch.tensor([(-1.0) ** e for e in range(order + 1)], dtype=torch.float64).reshape(-1, 1, 1, 1)
    return ChebyshevModel(ring(1, order), P, P[:0], torch.zeros_like(P[0]), torch.full_like(P[0], order + 1.0))


def test_what_bernstein_coefficients_round_is_in_the_bound_of_an_entry():
    """γ of the sums, times the largest entry of the matrix and Σ|P_e|, though the P_e add up to 0."""
    x, size = alternating(7), 8.0
    matrix = x.ring.bernstein_of_polynomials()
    ends = float((x.polynomial[:, 0, 0, 0] @ matrix).abs().max())
    assert float(bound_entries(x)) >= ends + gamma(2 * 8) * float(matrix.abs().max()) * size
    products = x.ring.bernstein_of_products()
    square = float((torch.outer(*[x.polynomial[:, 0, 0, 0]] * 2).flatten() @ products).max())
    allowed = gamma(8**2) * float(products.abs().max()) * size**2
    assert float(euclidean_upper_bound(x, 1.0)) ** 2 >= (square + allowed) * (1 + gamma(8))


def test_what_the_value_at_the_middle_rounds_is_in_its_uncertainty():
    centre, uncertainty = value_at_middle(alternating(7))
    assert float(centre) == 0.0
    assert float(uncertainty) >= gamma(8) * 8
    _, exact = value_at_middle(alternating(0))
    assert float(exact) == 0.0  # a constant alone is not rounded


def test_the_largest_entry_of_the_matrix_is_the_largest_in_absolute_value():
    """In four variables it is negative."""
    shape = ring(4, 2)
    matrix = shape.bernstein_of_polynomials()
    assert float(matrix.abs().max()) > float(matrix.max())
    P = torch.tensor([(-1.0) ** e for e in range(len(shape))], dtype=torch.float64).reshape(-1, 1, 1, 1)
    x = ChebyshevModel(shape, P, P[:0], torch.zeros_like(P[0]), torch.full_like(P[0], float(len(shape))))
    ends = float((P.flatten() @ matrix).abs().max())
    assert float(bound_entries(x)) >= ends + gamma(2 * len(shape)) * float(matrix.abs().max()) * len(shape)
