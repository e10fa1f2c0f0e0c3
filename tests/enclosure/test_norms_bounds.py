"""Norms of cells by hand, with remainders and symbols, at sizes whose squares overflow or vanish."""

import math

import pytest
import torch
from tolerances import ROUNDING

from varexp.enclosure import Norm
from varexp.enclosure.basis import ring
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.norms import (
    _divided,
    euclidean_lower_bound,
    euclidean_upper_bound,
    lower_bound,
    safe_norm,
    underflow_of_squares,
    upper_bound,
)
from varexp.enclosure.rounding import SMALLEST, TINY, UNIT, gamma
from varexp.enclosure.symbols import Symbol, parameter_symbols
from varexp.maps.norms import NORMS

SIZES = [1.0, 1e-300, 1e-200, 1e-140, 1e-120, 1e130, 1e150, 1e200, 1e300]


class SumNorm(Norm):
    name = "sum"

    def __call__(self, x):
        return x.abs().sum(dim=(-2, -1))


class RootOfSquares(Norm):
    """The Euclidean norm in plain torch, whose squares can overflow and vanish."""

    name = "root of squares"

    def __call__(self, x):
        return x.square().sum(dim=(-2, -1)).sqrt()


def model(values, remainders, size=1.0, symbols=(), generators=()):
    """Constants (cells, entries) as token maps of one row, with remainders and generators, times `size`."""
    P, R = (torch.tensor(x, dtype=torch.float64)[:, None] * size for x in (values, remainders))
    G = torch.tensor(generators, dtype=torch.float64).reshape(len(symbols), *P.shape) * size
    return ChebyshevModel(ring(0, 0), P[None], G, R, (P.abs() + R + G.abs().sum(dim=0)) * (1 + 8 * UNIT), symbols)


@pytest.mark.parametrize("size", SIZES)
def test_euclidean_bounds_of_every_size_by_hand(size):
    """Entries 3 and −4 are 5, and ±0.3 with ±0.4 are ±0.5, of which symbols take the larger part."""
    x = model([[3.0, -4.0]], [[0.1, 0.1]], size, (Symbol(),), [[[-0.2, 0.3]]])
    upper, lower = euclidean_upper_bound(x, 0.5), euclidean_lower_bound(x, 0.5)
    for found, exact, sign in ((upper, 2.75 * size, 1), (lower, 2.25 * size, -1)):
        assert 0 <= sign * (float(found) / exact - 1) <= ROUNDING


def test_cells_of_different_sizes_side_by_side():
    """In each cell as if it were alone; where entries differ in size, or nothing is known, as well."""
    sizes = [1.0, 0.0, 3e200, 3e-200]
    alone = [model([[3.0, -4.0]], [[0.3, 0.4]], size) for size in sizes]
    alone.append(model([[1e-200, 3e200]], [[0.0, 0.0]]))
    alone.append(model([[1.0, 1.0]], [[math.inf, 0.0]]))
    whole = [torch.cat(parts, dim=-3) for parts in zip(*((x.polynomial, x.generators) for x in alone), strict=True)]
    rest = [torch.cat(parts) for parts in zip(*((x.remainder, x.magnitude) for x in alone), strict=True)]
    x = ChebyshevModel(ring(0, 0), *whole, *rest)
    exact = [(4.5 * size, 5.5 * size) for size in sizes] + [(3e200, 3e200), (0.0, math.inf)]
    for low, high, (least, most) in zip(
        euclidean_lower_bound(x, 1.0).tolist(), euclidean_upper_bound(x, 1.0).tolist(), exact, strict=True
    ):
        assert least * (1 - ROUNDING) <= low <= least
        assert most <= high <= most * (1 + ROUNDING) + SMALLEST


def test_norms_close_to_the_largest_number():
    """1.5e308 is a norm, and twice 1.5e308 is none: its lower end is not infinite."""
    x = model([[1.5e308, 0.0], [1.5e308, 1.5e308]], [[0.0, 0.0]] * 2)
    lower, upper = euclidean_lower_bound(x, 1.0), euclidean_upper_bound(x, 1.0)
    assert 1.5e308 * (1 - ROUNDING) <= float(lower[0]) <= 1.5e308 <= float(upper[0]) <= 1.5e308 * (1 + ROUNDING)
    assert float(lower[1]) == 0.0
    assert float(upper[1]) == math.inf
    assert float(safe_norm(RootOfSquares(), x.polynomial[0])[0]) == pytest.approx(1.5e308, rel=ROUNDING)


@pytest.mark.parametrize("size", [1.0, 1e-200, 1e200])
@pytest.mark.parametrize("norm", [*NORMS.values(), SumNorm()], ids=str)
def test_an_uncertainty_larger_than_the_values_leaves_a_lower_end_of_zero(norm, size):
    assert float(norm.lower_bound(model([[1.0, -2.0]], [[3.0, 4.0]], size))) == 0.0


def test_the_root_of_squares_in_plain_torch_at_every_size():
    """Entries 0, −3 and −4 times a size; a cell without any entry but 0; one beside another."""
    sizes = torch.tensor([*SIZES, 0.0, math.inf], dtype=torch.float64)
    x = torch.tensor([-3.0, -4.0, -1e-9], dtype=torch.float64)[None, None] * sizes[:, None, None]
    assert torch.allclose(safe_norm(RootOfSquares(), x), 5 * sizes, rtol=ROUNDING, atol=0.0)


@pytest.mark.parametrize("size", [1e-100, 1.0, 1e100])
def test_any_norm_of_absolute_values_by_hand(size):
    """Of 3 ± 0.5, −4 ± 5, and −2 ± 0.25: 2.5 and 1.75 at least in absolute values, 3.5, 9 and 2.25 at most."""
    x, norm = model([[3.0, -4.0, -2.0]], [[0.5, 5.0, 0.25]], size), SumNorm()
    assert 4.25 * (1 - ROUNDING) <= float(norm.lower_bound(x)) / size <= 4.25
    assert 14.75 <= float(norm.upper_bound(x)) / size <= 14.75 * (1 + ROUNDING)


@pytest.mark.parametrize("entries", [1, 1000])
def test_what_a_norm_rounds_is_a_root_and_a_sum_over_all_entries(entries):
    norm, x = SumNorm(), model([[0.1] * entries], [[0.0] * entries])
    assert entries + 8 <= norm.roundings(entries) <= entries + 100
    computed = float(norm(x.polynomial[0]))
    assert float(norm.lower_bound(x)) <= computed * (1 - gamma(entries))
    assert float(norm.upper_bound(x)) >= computed * (1 + gamma(entries))


@pytest.mark.parametrize("norm", [*NORMS.values(), SumNorm()], ids=str)
def test_a_remainder_is_added_where_parameters_are_symbols(norm):
    """At the corner where both symbols add to both entries: 3 + 0.5 + 0.25 and −4 − 0.5 − 0.25."""
    corner = torch.tensor([[[3.75, -4.75]]], dtype=torch.float64)
    off = torch.tensor([[[0.125, 0.0625]]], dtype=torch.float64)
    x = model([[3.0, -4.0]], off[0].tolist(), 1.0, parameter_symbols(2), [[[0.5, -0.5]], [[-0.25, 0.25]]])
    most = float(norm(corner.abs() + off)) if norm.name in ("max", "sum") else float(norm(corner) + norm(off))
    assert most <= float(upper_bound(norm, x)) * (1 + 4 * UNIT) <= most * (1 + ROUNDING)
    assert float(lower_bound(norm, x)) <= float(norm(x.polynomial[0])) <= float(upper_bound(norm, x))


def test_what_the_corners_round_is_relative_to_the_magnitude():
    """γ of two additions, though values and generators are far below the magnitude that is known."""
    x = model([[1.0]], [[0.0]], 1.0, parameter_symbols(2), [[[0.5]], [[0.25]]])
    x.magnitude = torch.full_like(x.magnitude, 2.0**20)
    assert float(upper_bound(SumNorm(), x)) >= 1.75 + gamma(2) * 2**20


def test_underflow_is_allowed_for_where_something_can_vanish():
    entries = torch.tensor([[0.0, 1.0, -1e-200], [0.0, 0.0, 0.0]], dtype=torch.float64)
    assert underflow_of_squares(entries).tolist() == [2 * TINY, 0.0]
    x = _divided(model([[1.0], [1.0]], [[0.5], [0.5]]), torch.tensor([1.0, 4.0], dtype=torch.float64))
    assert x.remainder.flatten().tolist() == [0.5, 0.125]
    small = _divided(model([[SMALLEST]] * 2, [[0.0]] * 2), torch.tensor([1.0, 4.0], dtype=torch.float64))
    assert small.polynomial.flatten().tolist() == [SMALLEST, 0.0]
    assert small.remainder.flatten().tolist() == [0.0, TINY]
    assert small.magnitude.flatten().tolist() == [SMALLEST, TINY]


def test_the_largest_entry_of_the_matrix_of_products_is_the_largest_in_absolute_value():
    """In three variables of order 3 it is negative."""
    shape = ring(3, 3)
    matrix = shape.bernstein_of_products()
    assert float(matrix.abs().max()) > float(matrix.max())
    P = torch.tensor([(-1.0) ** e for e in range(len(shape))], dtype=torch.float64).reshape(-1, 1, 1, 1)
    x = ChebyshevModel(shape, P, P[:0], torch.zeros_like(P[0]), torch.full_like(P[0], float(len(shape))))
    square = float((torch.outer(P.flatten(), P.flatten()).flatten() @ matrix).max())
    allowed = gamma(len(shape) ** 2) * float(matrix.abs().max()) * len(shape) ** 2
    assert float(euclidean_upper_bound(x, 1.0)) ** 2 >= square + allowed
