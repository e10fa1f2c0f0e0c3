"""Several models together: aligned symbols, concatenation, sums."""

import torch
from random_models import Points, new_symbols, random_model, violations
from tolerances import EXACT

from varexp.enclosure import Enclosure
from varexp.enclosure.basis import ring
from varexp.enclosure.combining import add_all, align_symbols, concatenate_cells, concatenate_entries
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.rounding import UNIT
from varexp.enclosure.symbols import Symbol


def test_different_symbols_are_not_confused():
    x, y = (random_model(1, 1, 2, (Symbol(), Symbol()), 0.5) for _ in range(2))
    same = (Enclosure.of(x) - Enclosure.of(x)).model()
    other = (Enclosure.of(x) - Enclosure.of(y)).model()
    assert float(same.uncertainty().max()) < float(other.uncertainty().max())
    assert bool((other.uncertainty() >= 1.99 * x.generators.abs().sum(0)).all())


def test_aligned_symbols_are_those_of_the_richest_model_and_all_by_row():
    a, b, c, row_a, row_b = Symbol(), Symbol(), Symbol(), Symbol(by_row=True), Symbol(by_row=True)
    x = random_model(1, 1, 2, (a, b, row_a), 0.3)
    y = random_model(2, 1, 2, (b, row_b, c)[:2], 0.3)
    first, second = align_symbols([x, y])
    assert set(first.symbols) == {a, b, row_a, row_b}
    assert first.symbols == second.symbols
    assert not second.generators[second.symbols.index(a)].any()
    points = Points(3, 1, (a, b, row_a, row_b))
    assert violations(first, points, points.values(x)) == violations(second, points, points.values(y)) == 0


def test_models_of_the_same_symbols_stay_as_they_are():
    x, y = (random_model(seed, 1, 2, (Symbol(by_row=True), *new_symbols(2)), 0.3) for seed in (1, 2))
    y.symbols = x.symbols
    assert align_symbols([x, y]) == [x, y]


def test_a_symbol_that_is_not_shared_joins_the_remainder():
    x, y = random_model(1, 1, 2, new_symbols(1), 0.3), random_model(2, 1, 2, (Symbol(), Symbol()), 0.3)
    first, second = align_symbols([x, y])
    assert first.symbols == y.symbols
    assert bool((first.remainder >= x.uncertainty()).all())
    assert torch.equal(second.generators, y.generators)


def test_concatenations_by_hand():
    symbols = (Symbol(), Symbol())
    x, y = random_model(1, 1, 2, symbols, 0.3), random_model(2, 1, 2, symbols, 0.3)
    wide = concatenate_entries([x, y], lambda parts: torch.cat(parts, dim=-1))
    assert torch.equal(wide.generators[..., 5:], y.generators)
    long = concatenate_cells([x, y])
    assert torch.equal(long.remainder, torch.cat([x.remainder, y.remainder]))
    assert not set(long.symbols) & set(symbols)


def test_sums_are_contained_and_a_sum_without_its_rounding_is_not():
    symbols = new_symbols(2)
    x, y, z = (random_model(seed, 2, 3, symbols, 0.3) for seed in range(3))
    points = Points(4, 2, symbols)
    exact = points.values(x) + points.values(y) + points.values(z)
    total = add_all([x, y, z])
    assert violations(total, points, exact) == 0
    total.remainder = total.remainder * 0.5
    assert violations(total, points, exact) > 0


def test_a_sum_broadcasts_polynomials_and_generators():
    x, row = random_model(1, 1, 2, (), 0.3), random_model(2, 1, 2, (Symbol(),), 0.3, shape=(4, 1, 5))
    total = add_all([x, row])
    assert total.generators.shape == (1, 4, 3, 5)
    zero = ChebyshevModel.constant(x.ring, torch.zeros_like(x.remainder))
    assert torch.allclose(add_all([x, zero]).polynomial, x.polynomial, rtol=EXACT, atol=EXACT)


def test_what_a_sum_rounds_is_in_the_remainder():
    """1 + 2^-54 is rounded to 1, and to as much as the remainder says, within a few units."""
    one = torch.ones(1, 1, dtype=torch.float64)
    total = add_all([ChebyshevModel.constant(ring(1, 2), value) for value in (one, one * UNIT / 2)])
    assert total.polynomial[0].item() == 1.0
    assert UNIT / 2 <= total.remainder.item() <= 4 * UNIT


def test_symbols_by_row_are_dropped_unless_rows_stay_where_they_are():
    symbols = new_symbols(2)
    x, y = (random_model(seed, 1, 2, symbols, 0.3) for seed in (1, 2))
    rows = concatenate_entries([x, y], lambda parts: torch.cat(parts, dim=-2))
    assert rows.symbols == symbols[:1]
    assert bool((rows.remainder[:, :3] >= x.generators[1].abs()).all())
    assert concatenate_entries([x, y], lambda parts: torch.cat(parts, dim=-1), keeps_rows=True).symbols == symbols


def test_the_richest_model_is_the_one_with_most_symbols_that_are_neither_by_row_nor_parameters():
    a, b, rows = Symbol(), Symbol(), (Symbol(by_row=True), Symbol(by_row=True), Symbol(parameter=True))
    x, y = random_model(1, 1, 2, rows, 0.3), random_model(2, 1, 2, (a, b), 0.3)
    for aligned in (align_symbols([x, y]), align_symbols([y, x])):
        assert {*aligned[0].symbols} == {*aligned[1].symbols} == {a, b, *rows}
