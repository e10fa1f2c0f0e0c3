"""What interpolation is off by: ellipses and aliasing, against functions whose interpolants are known."""

import math

import numpy as np
import pytest
import torch
from flint import arb

from varexp.enclosure.aliasing import Interpolant, aliasing_factors, coth_log_rhos, ellipse_reaches
from varexp.enclosure.basis import Ring, ring
from varexp.enclosure.node_choice import LOG_RHOS, node_counts
from varexp.enclosure.rounding import UNIT, gamma


def basis(shape, t):
    return np.stack([np.prod([np.cos(d * np.arccos(t[v])) for v, d in enumerate(e)], axis=0) for e in shape.powers])


def test_by_hand():
    factors = aliasing_factors(1, (4,))
    rho = np.exp(LOG_RHOS)
    assert np.allclose(factors[0], 4 * rho**-3 / (rho - 1), rtol=1e-8)
    absolute = torch.tensor([9.0, 2.0, 3.0], dtype=torch.float64)
    for i, angle in enumerate(LOG_RHOS):
        assert float(ellipse_reaches(ring(1, 2), absolute, True)[0, i]) == pytest.approx(
            2 * math.cosh(angle) + 3 * math.cosh(2 * angle), rel=1e-12
        )


@pytest.mark.parametrize(("variables", "order"), [(1, 7), (2, 4), (3, 3)])
def test_polynomials_map_ellipses_as_far_as_said(variables, order):
    shape = ring(variables, order)
    source = np.random.default_rng(variables)
    P = source.normal(size=len(shape))
    absolute = torch.from_numpy(np.abs(P))
    U, H = (ellipse_reaches(shape, absolute, cosh) for cosh in (True, False))
    for v in range(variables):
        for i, angle in enumerate(LOG_RHOS[:8]):
            t = source.uniform(-1, 1, size=(400, variables)).astype(complex)
            t[:, v] = np.cosh(angle + 1j * source.uniform(0, 2 * np.pi, 400))  # on the ellipse
            basis = np.stack(
                [np.prod([np.cos(d * np.arccos(t[:, w])) for w, d in enumerate(e)], axis=0) for e in shape.powers]
            )
            z = P @ basis
            assert np.abs(z - P[0]).max() <= float(U[v, i]) * (1 + 1e-9)
            assert np.abs(z.imag).max() <= float(H[v, i]) * (1 + 1e-9)


@pytest.mark.parametrize("variables", [1, 2])
@pytest.mark.parametrize("count", [4, 8, 12])
def test_interpolation_is_off_by_less_than_said_and_not_by_nothing(variables, count):
    """1/(a − t) has a pole at a: M is known on every ellipse inside it."""
    a = 2.0
    shape = Ring(variables, 3)
    grid = shape.grid(count)
    one = np.cos((2 * np.arange(count) + 1) * np.pi / (2 * count))
    t = np.stack(np.meshgrid(*[one] * variables, indexing="ij")).reshape(variables, -1)
    P, above = grid.interpolate(torch.from_numpy(np.prod(1 / (a - t), axis=0))[:, None])
    M = np.where(np.cosh(LOG_RHOS) < a, 1 / np.abs(a - np.cosh(LOG_RHOS)) / (a - 1) ** (variables - 1), np.inf)
    factors = aliasing_factors(variables, (count,))
    lost = variables * np.min(factors[0].numpy() * M)
    finest = Interpolant(P, above, torch.tensor([lost]))
    R = float(finest.remainder(shape, torch.zeros(1, dtype=torch.float64), finest.variation()))
    s = np.random.default_rng(1).uniform(-1, 1, (variables, 2000))
    error = np.abs(np.prod(1 / (a - s), axis=0) - P[:, 0].numpy() @ basis(shape, s)).max()
    assert error <= R
    assert error > 1e-3 * float(above)  # so that a bound of nothing would be seen


def test_two_variables_by_hand():
    """Interpolation in the other variable multiplies the error by Λ = 1 + (2/π) log N."""
    rho = np.exp(LOG_RHOS)
    expected = 4 * (1 + 2 / math.pi * math.log(4)) * rho**-3 / (rho - 1)
    assert np.allclose(aliasing_factors(2, (4,))[0], expected, rtol=1e-8)


def test_what_the_transform_rounds_is_in_the_remainder():
    """2·weight·γ_n times the variation, n at least the number of nodes."""
    shape, none = ring(1, 3), torch.zeros(1, dtype=torch.float64)
    exact = Interpolant(none[None], none, none)
    finest = shape.grid(node_counts(shape)[-1])
    found = float(exact.remainder(shape, none, none + 1.0))
    assert found >= 2 * finest.weight * gamma(len(finest))
    assert float(exact.remainder(shape, none + 1.0, none)) >= 1.0 + finest.lebesgue


def test_the_variation_is_that_of_all_coefficients_but_the_constant_one():
    P = torch.tensor([[100.0, -7.0], [1.0, -2.0], [-3.0, 4.0]], dtype=torch.float64)
    above = torch.tensor([0.5, 0.25], dtype=torch.float64)
    assert torch.allclose(
        Interpolant(P, above, above).variation(), torch.tensor([4.5, 6.25]).double() * 1.001, rtol=1e-15
    )


def test_hyperbolic_cotangents_are_rounded_up():
    for angle, found in zip(LOG_RHOS, coth_log_rhos().tolist(), strict=True):
        exact = 1 / arb(angle).tanh()
        assert exact <= found <= exact * (1 + 16 * UNIT)
