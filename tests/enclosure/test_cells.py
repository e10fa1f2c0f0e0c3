"""Cells: the first boxes cover the box, and cells keep what belongs to them."""

import itertools
from fractions import Fraction

import pytest
import torch
from tolerances import ROUNDING

from varexp.enclosure.basis import ring
from varexp.enclosure.cells import Box, Boxes, Cells, first_boxes, parameters, point
from varexp.enclosure.symbols import parameter_symbols


def boxes(count, variables=1):
    middle = torch.arange(count, dtype=torch.float64).reshape(count, 1).expand(count, variables).clone()
    radius = torch.full_like(middle, 0.5)
    state = parameters(ring(variables, 2), middle, radius)[..., None].model()
    return Boxes(middle, radius, torch.arange(count), (state,), middle[:, :0])


def cells(count):
    numbers = torch.arange(count, dtype=torch.float64)[:, None]
    start = boxes(count)
    return Cells(start, torch.arange(count), numbers + 1, numbers, start.states)


@pytest.mark.parametrize("count", [1, 3, 7, 10])
@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-0.1, 0.7), (0.0, 6.283185307179586)])
def test_the_first_boxes_cover_the_box_in_exact_fractions(count, low, high):
    middle, radius = first_boxes(Box((low,), (high,), (count,)))
    ends = sorted(
        (Fraction(m) - Fraction(r), Fraction(m) + Fraction(r))
        for m, r in zip(middle[:, 0].tolist(), radius[:, 0].tolist(), strict=True)
    )
    assert ends[0][0] <= Fraction(low)
    assert ends[-1][1] >= Fraction(high)
    assert all(left[1] >= right[0] for left, right in itertools.pairwise(ends))
    assert float(radius.max()) <= (high - low) / count / 2 * (1 + ROUNDING)


def test_the_first_boxes_of_two_parameters_are_all_pairs():
    middle, _ = first_boxes(Box((0.0, 0.0), (2.0, 3.0), (2, 3)))
    assert sorted(map(tuple, middle.tolist())) == [(a, b) for a in (0.5, 1.5) for b in (0.5, 1.5, 2.5)]


def test_parameters_are_linear_in_the_variables():
    middle, radius = torch.tensor([[[1.0, 2.0]], [[0.1, 0.2]]], dtype=torch.float64)
    model = parameters(ring(2, 3), middle, radius).model()
    assert model.polynomial[0].tolist() == [[1.0, 2.0]]
    for e, coefficient in zip(model.ring.powers, model.polynomial, strict=True):
        expected = {(1, 0): [[0.1, 0.0]], (0, 1): [[0.0, 0.2]], (0, 0): [[1.0, 2.0]]}.get(e, [[0.0, 0.0]])
        assert coefficient.tolist() == expected


def test_a_point_is_exact():
    model = point(torch.tensor([[0.1], [0.2]], dtype=torch.float64)).model()
    assert model.polynomial[0].flatten().tolist() == [0.1, 0.2]
    assert not model.uncertainty().any()


def test_selected_and_concatenated_cells_keep_their_own():
    whole = cells(4)
    parts = Cells.concatenate([whole.select(torch.tensor([2, 0])), whole.select(torch.tensor([3]))])
    assert len(parts) == 3
    assert parts.boxes.middle.flatten().tolist() == [2.0, 0.0, 3.0]
    assert parts.boxes.generations.tolist() == parts.stalled.tolist() == [2, 0, 3]
    assert parts.upper.flatten().tolist() == [3.0, 1.0, 4.0]
    assert parts.next_boxes().states[0].polynomial[0].flatten().tolist() == [2.0, 0.0, 3.0]


def test_halved_boxes_are_one_generation_older():
    halves = boxes(2, variables=2).halve()
    assert len(halves) == 8
    assert halves.generations.tolist() == [1] * 4 + [2] * 4
    assert len(halves.states[0].remainder) == 8


def test_the_excess_is_the_worst_ratio_and_unknown_bounds_are_open():
    three = cells(3)
    three.upper = torch.tensor([[1.0, 4.0], [2.0, 1.0], [torch.nan, 0.0]], dtype=torch.float64)
    assert three.excess(torch.tensor([2.0, 2.0]).double()).tolist() == [2.0, 1.0, torch.inf]


def test_many_parameters_are_symbols():
    """m + r y with one symbol a parameter, the same in every model, which halving a box and condensing keep."""
    middle, radius = torch.rand(3, 6, dtype=torch.float64), torch.rand(3, 6, dtype=torch.float64)
    model = parameters(ring(0, 0), middle, radius).model()
    assert torch.equal(model.polynomial[0], middle)
    assert torch.equal(model.generators.sum(dim=0), radius)
    assert model.symbols == parameter_symbols(6)
    assert model.condense(2).symbols[:6] == model.symbols
    assert model.select_cells(torch.tensor([0])).symbols == model.symbols


def test_parts_of_a_box_outside_the_domain_are_left_out():
    """A quarter of the square, below the diagonal."""
    box = Box((0.0, 0.0), (1.0, 1.0), (2, 2), lambda m, r: (m - r)[:, 0] + (m - r)[:, 1] <= 0.5)
    assert len(first_boxes(box)[0]) == 3
    assert box.contains(torch.tensor([[0.2, 0.2], [0.9, 0.9], [-0.1, 0.0]])).tolist() == [True, False, False]
    assert box.nearest(torch.tensor([[-1.0, 0.5]])).tolist() == [[0.0, 0.5]]


def test_a_cell_is_reached_where_it_overlaps_the_box():
    box = Box((0.0,), (1.0,), (1,))
    middle = torch.tensor([[-0.3], [-0.1], [0.5], [1.1], [1.3]], dtype=torch.float64)
    assert box.reached(middle, torch.full_like(middle, 0.2)).tolist() == [False, True, True, True, False]
    assert box.contains(middle).tolist() == [False, False, True, False, False]
    assert box.contains(torch.tensor([[0.0], [1.0]])).tolist() == [True, True]  # both ends


def test_the_magnitude_of_parameters_is_their_largest_size():
    middle, radius = torch.tensor([[[1.0, -2.0]], [[0.25, 0.5]]], dtype=torch.float64)
    for shape in (ring(2, 3), ring(0, 0)):
        assert parameters(shape, middle, radius).model().magnitude.tolist() == [[1.25, 2.5]]
