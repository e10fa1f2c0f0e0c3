"""maps/constants.py: enclosures contain what exact rational arithmetic gives, and planted wrong values fall outside."""

import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from tolerances import ROUNDING

from varexp.enclosure.rounding import UNIT, gamma
from varexp.maps.constants import Constant, product_rounding, singular_value_bounds
from varexp.maps.interpolation import image_matrix, resize_matrix
from varexp.maps.norms import NORMS


def _characteristic_sign(matrix: torch.Tensor, sigma: Fraction) -> int:
    """Sign of det(σ² I − AᵀA) in exact fractions, by elimination; positive definite iff σ > σ_max."""
    a = [[Fraction(v) for v in row] for row in matrix.tolist()]
    n = len(a[0])
    gram = [[sum(row[i] * row[j] for row in a) for j in range(n)] for i in range(n)]
    m = [[(sigma**2 if i == j else 0) - gram[i][j] for j in range(n)] for i in range(n)]
    for k in range(n):
        if m[k][k] <= 0:
            return -1
        for i in range(k + 1, n):
            factor = m[i][k] / m[k][k]
            m[i] = [x - factor * y for x, y in zip(m[i], m[k], strict=True)]
    return 1


@pytest.mark.parametrize("shape", [(3, 2), (4, 4), (2, 5)])
@pytest.mark.parametrize("seed", range(5))
def test_singular_value_is_enclosed_exactly(shape, seed):
    """By Sylvester's criterion in fractions: the upper end is above σ_max, the lower end is not."""
    matrix = torch.from_numpy(np.random.default_rng(seed).normal(size=shape))
    constant = NORMS["frobenius"].operator_norm(matrix)
    assert _characteristic_sign(matrix, Fraction(constant.upper)) == 1
    assert _characteristic_sign(matrix, Fraction(constant.lower)) == -1
    assert constant.upper - constant.lower <= ROUNDING * constant.upper


def test_max_norm_against_fractions():
    matrix = torch.randn(5, 7, dtype=torch.float64)
    exact = max(sum(abs(Fraction(v)) for v in row) for row in matrix.tolist())
    constant = NORMS["max"].operator_norm(matrix)
    assert Fraction(constant.lower) <= exact <= Fraction(constant.upper)


def test_off_by_widens_and_product_rounding_covers():
    a, b = torch.randn(6, 5, dtype=torch.float64), torch.randn(5, 4, dtype=torch.float64)
    rounding = product_rounding(a, b)
    for i in range(6):
        for j in range(4):
            exact = sum(Fraction(float(x)) * Fraction(float(y)) for x, y in zip(a[i], b[:, j], strict=True))
            assert abs(exact - Fraction(float((a @ b)[i, j]))) <= Fraction(float(rounding[i, j]))
    for norm in NORMS:
        plain, wide = NORMS[norm].operator_norm(a @ b), NORMS[norm].operator_norm(a @ b, rounding)
        assert wide.lower < plain.lower
        assert plain.upper < wide.upper


def test_identity_and_times_one_are_exact():
    identity = torch.eye(7, dtype=torch.float64)
    for norm in ("rms", "frobenius"):
        assert NORMS[norm].operator_norm(identity) == Constant(1.0, 1.0)
    assert Constant(1.0, 1.0) * 2.1 == Constant(2.1, 2.1)
    assert Constant(1.0, 1.0) * 2.0 == Constant(2.0, 2.0)


def test_products_round_outwards():
    product = Constant(0.1, 0.1) * Constant(0.2, 0.2, "upper")
    assert Fraction(product.lower) < Fraction(0.1) * Fraction(0.2) < Fraction(product.upper)
    assert product.kind == "upper"


def test_products_are_rounded_by_one_unit_at_each_end():
    product = Constant(2.0, 3.0) * Constant(5.0, 7.0)
    assert (product.lower, product.upper) == (math.nextafter(10.0, 0), math.nextafter(21.0, 22))
    nothing = Constant(0.0, 0.0) * Constant(5.0, 7.0)
    assert (nothing.lower, nothing.upper) == (0.0, math.nextafter(0.0, 1))
    for ends in ((-1e-300, 1.0), (2.0, 1.0), (1.0, math.inf), (math.nan, 1.0)):
        with pytest.raises(ValueError, match="0 <= lower <= upper"):
            Constant(*ends)


def test_a_constant_of_two_is_not_above_two():
    """Rounding must not make K_2 = 2 meet the hypothesis K_2 > 2."""
    for sides in ((2, 3), (5, 6), (1, 2)):
        g = image_matrix(resize_matrix("dct", *sides))
        assert (NORMS["rms"].operator_norm(g) * 2.0).lower <= 2.0


def test_nonsense_is_refused():
    for ends in ((2.0, 1.0), (-1.0, 1.0), (0.0, math.inf), (math.nan, 1.0)):
        with pytest.raises(ValueError, match="a constant needs"):
            Constant(*ends)


@pytest.mark.parametrize("seed", range(4))
def test_what_is_rounded_around_singular_vectors_widens_both_ends(seed):
    """Every product of inner length 30, and the norm of A v beside it, loses γ_30 of the absolute values at most."""
    matrix, lost = torch.randn(30, 30, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)), gamma(30)
    u, s, vh = torch.linalg.svd(matrix, full_matrices=False)
    lower, upper = singular_value_bounds(matrix)
    image = lost * float((matrix.abs() @ vh[0].abs()).norm())
    assert lower <= float((matrix @ vh[0]).norm()) * (1 - 2 * lost) - image
    orthonormal = lost * float((u.abs().T @ u.abs()).norm() + (vh.abs() @ vh.abs().T).norm()) / 2
    product, defect = (u * s).abs() @ vh.abs() + matrix.abs(), (matrix - (u * s) @ vh).abs()
    assert upper >= float(s[0]) * (1 + orthonormal) + float((lost * product + defect).norm())


@pytest.mark.parametrize("off", [0.0, 132 * UNIT, 0.01])
def test_singular_vectors_that_are_wrong_make_the_upper_end_larger_and_not_wrong(monkeypatch, off):
    """A row of 64 entries −(1 + off)/8, of norm 1 + off, beside the singular value 1 and the vectors −1 and 1/8.

    Beyond 1 + off: both vectors may have a norm of 1 + γ_64/2, and their product an error of γ_64.
    """
    row = torch.full((1, 64), 0.125, dtype=torch.float64)
    one = torch.ones(1, 1, dtype=torch.float64)
    monkeypatch.setattr(torch.linalg, "svd", lambda _, full_matrices: (-one, one[0], row))
    lower, upper = singular_value_bounds(-row * (1 + off))
    assert lower <= 1 + off <= upper
    assert 1 + off + 2 * gamma(64) <= upper <= 1 + off + 300 * UNIT
