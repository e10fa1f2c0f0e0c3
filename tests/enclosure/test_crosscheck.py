"""The cross-check with plain torch: silent where all is right, loud where a rule, a bound or a function is wrong."""

import math

import pytest
import torch

from varexp.enclosure import Box, Enclosure, Goal, Search, Transition, crosscheck, protocol
from varexp.enclosure.crosscheck import Cover, check_attained, check_cover, check_places
from varexp.enclosure.policy import FIRST_CELLS, ORDERS
from varexp.enclosure.sup import Sup
from varexp.errors import SoundnessError
from varexp.maps.norms import NORMS

LINE = Box((-1.0,), (1.0,), (2,))


def search(f, parameters=1, stages=1):
    step = Transition(lambda s: ((f(s[0]),), [f(s[0])]), lambda s: (f(s[0]),), 4)
    box = Box((-1.0,) * parameters, (1.0,) * parameters, FIRST_CELLS[parameters])
    return Search(lambda u: (u.unsqueeze(-1),), [step] * stages, box, NORMS["max"], ORDERS[parameters], Goal())


def run(f, **sizes):
    found = search(f, **sizes)
    return found, found.run([[0.0]] * len(found.stages))


RULES = {
    "relu": (torch.relu, lambda x: x * 1.0, lambda x: torch.relu(x) - x),
    "sin": (torch.sin, lambda x: x * 0.9, torch.sin),
    "tanh too small": (torch.tanh, lambda x: torch.sin(x) * 0.5, torch.tanh),
    "mean over cells": (torch.mean, lambda x, dim, keepdim: x * 0.0, lambda x: torch.mean(x, dim=-1, keepdim=True)),
}


@pytest.mark.parametrize("stages", [1, 2])
@pytest.mark.parametrize("name", RULES)
def test_a_planted_wrong_rule_is_noticed(monkeypatch, name, stages):
    function, wrong, f = RULES[name]
    monkeypatch.setitem(protocol.TABLE, function, wrong)
    with pytest.raises(
        SoundnessError, match=r"plain torch contradicts an? (upper|lower) end: at the point \[.*cell \["
    ):
        run(f, stages=stages)


def test_a_jump_that_is_hidden_from_the_enclosure_is_noticed():
    def f(x):
        return torch.sin(x) if isinstance(x, Enclosure) else torch.sin(x) + 0.5 * (x > 0)

    with pytest.raises(SoundnessError, match="rounding does not explain it"):
        run(f)


def test_what_is_no_number_in_plain_torch_is_noticed():
    def f(x):
        return x if isinstance(x, Enclosure) else torch.sqrt(x)

    with pytest.raises(ValueError, match=r"the function is .nan. at .* expected finite values"):
        run(f)


def cover(upper, lower=0.0):
    middle = torch.tensor([[-0.5], [0.5]], dtype=torch.float64)
    bound = torch.full((2, 1), upper, dtype=torch.float64)
    return Cover(middle, torch.full_like(middle, 0.5), bound, torch.full_like(bound, lower))


def test_by_hand():
    """|x| on [-1, 1]: 1 is an upper end, 0.999 is none; at the middles it is 0.5."""
    assert check_cover(cover(1.0, 0.5), lambda x: x.abs(), LINE) == 36
    with pytest.raises(SoundnessError, match=r"quantity 1 is 1.0 in plain torch and at most 0.999"):
        check_cover(cover(0.999), lambda x: x.abs(), LINE)
    with pytest.raises(SoundnessError, match=r"quantity 1 is 0.5 in plain torch and at least 0.6"):
        check_cover(cover(1.0, 0.6), lambda x: x.abs(), LINE)
    check_cover(cover(math.inf), lambda x: x.abs(), LINE)


def test_lower_ends_are_attained():
    point = torch.tensor([[0.25]], dtype=torch.float64)
    check_attained(point, point, lambda x: x)
    with pytest.raises(SoundnessError, match="lower end"):
        check_attained(point, point + 1e-9, lambda x: x)


def test_points_stay_in_the_box():
    """Cells reach beyond it by rounding, where a function may have no value."""
    seen = []
    check_cover(cover(1.0), lambda x: seen.append(x) or x.abs(), Box((-0.75,), (1.0,), (2,)))
    assert float(torch.cat(seen).min()) >= -0.75


def test_points_outside_the_domain_are_left_out():
    seen = []
    half = Box((-1.0,), (1.0,), (2,), lambda m, r: (m - r)[:, 0] <= 0.0)
    check_cover(cover(1.0), lambda x: seen.append(x) or x.abs(), half)
    assert float(torch.cat(seen).max()) <= 0.0


def test_points_of_a_cell_are_spread_over_it_and_reach_its_corners():
    """Of 500 cells that are all [-1, 1]: every twentieth is visited about equally often, and both ends."""
    seen, middle = [], torch.zeros(500, 1, dtype=torch.float64)
    check_cover(Cover(middle, middle + 1, middle + 1, middle), lambda x: seen.append(x) or x.abs(), LINE)
    points = torch.cat(seen)[:, 0]
    assert {-1.0, 1.0} <= set(points.tolist())
    inside = points[(points.abs() < 1) & (points != 0)]
    counts = torch.histc(inside, bins=20, min=-1, max=1)
    assert 300 < float(counts.min()) <= float(counts.max()) < 500  # of 8000


def test_a_contradiction_is_found_among_points_that_agree_or_are_off_by_rounding():
    """Two points at their bounds; and a hundred of which rounding explains all but the last."""
    two = torch.tensor([[0.25], [0.25]], dtype=torch.float64)
    with pytest.raises(SoundnessError, match=r"at least 0.5 by"):
        check_attained(two, two + torch.tensor([[0.0], [0.25]]), lambda x: x)
    many = torch.linspace(1, 2, 100, dtype=torch.float64)[:, None]
    lower = many * (1 + 2.0**-52)
    check_attained(many, lower, lambda x: x)
    lower[-1] += 0.001
    with pytest.raises(SoundnessError, match=r"at least 2.001"):
        check_attained(many, lower, lambda x: x)


def test_a_lower_end_of_zero_claims_nothing():
    one = torch.ones(1, 1, dtype=torch.float64)
    check_attained(one, 0 * one, lambda x: x * math.inf)
    with pytest.raises(ValueError, match="expected finite values"):
        check_attained(one, one, lambda x: x * math.inf)


def test_places_are_checked_where_a_search_found_them():
    check_places([Sup(5.0), Sup(0.5, 1.0, (0.5,))], lambda x: torch.cat([x, x], dim=1))
    check_places([Sup(5.0)], lambda x: x)
    with pytest.raises(SoundnessError, match=r"quantity 2 is 0.5 in plain torch and at least 0.6"):
        check_places([Sup(5.0), Sup(0.6, 1.0, (0.5,))], lambda x: torch.cat([x, x], dim=1))


@pytest.mark.parametrize("parameters", [1, 2])
def test_every_cell_is_visited(parameters):
    found, _ = run(torch.sin, parameters=parameters)
    cells = math.prod(FIRST_CELLS[parameters])
    assert found.visited >= min(16 * cells, crosscheck.MOST_POINTS) + 2 * min(cells, crosscheck.MOST_EXTRA // 2)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: (x + 1e20) - 1e20,  # merged by the enclosure, rounded by plain torch
        lambda x: x * 1e-300 * 1e-20,
        lambda x: (x * 1e-310) * 1e305,
        lambda x: x * 1e-200 * 1e-120 * 1e200 * 1e120,
        lambda x: x * 1e200,
        lambda x: torch.softmax(torch.cat([x, -x], dim=-1) * 300, dim=-1),
        lambda x: (torch.sin(x) - torch.sin(x)) * 1e3,
        lambda x: x @ torch.full((1, 1), 1e-170, dtype=torch.float64),
    ],
)
def test_rounding_of_plain_torch_is_no_contradiction(f):
    run(f)
