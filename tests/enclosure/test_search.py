"""The search: known sups, a spike that samples miss, budgets, sharing of stages, cells that are cut."""

import math

import pytest
import torch
from tolerances import ROUNDING

from varexp.enclosure import Box, Goal, RefinementPolicy, Search, Transition
from varexp.maps.norms import NORMS


def search(*maps, box=((0.0,), (1.0,)), grid=8, norm="max", order=5, known=None, symbols=0, policy=None, **goal):
    """Stages x -> map(x) of numbers, the value itself being the only objective of each."""

    def stage(f):
        def step(state):
            (x,) = state
            y = f(x)
            return (y,), [y]

        return Transition(step, lambda state: (f(state[0]),), 1, symbols)

    made = Search(
        lambda u: (u[..., None],),
        [stage(f) for f in maps],
        Box(*box, (grid,) * len(box[0])),
        NORMS[norm],
        order,
        Goal(**goal),
        policy or RefinementPolicy(),
    )
    return made, [sups[0] for sups in made.run(known or [[0.0]] * len(maps))]


@pytest.mark.parametrize("norm", ["rms", "max", "frobenius"])
@pytest.mark.parametrize("order", [1, 3, 7])
def test_sups_that_are_known(norm, order):
    _, (first, second) = search(lambda x: torch.sin(3 * x), lambda x: 2 * x.abs() + 1, norm=norm, order=order)
    assert first.lower <= 1 <= first.upper <= first.lower * 1.011
    assert second.lower <= 3 <= second.upper <= second.lower * 1.011
    assert math.sin(3 * first.place[0]) == pytest.approx(1, abs=0.01)


def test_objectives_of_one_stage_may_have_different_shapes():
    def step(state):
        (x,) = state
        pair = torch.cat([x, 2 * x * x], dim=-1)
        return (x,), [x, pair, 3 * x]

    made = Search(
        lambda u: (u[..., None],),
        [Transition(step, lambda state: state, 1)],
        Box((0.0,), (1.0,), (4,)),
        NORMS["max"],
        5,
    )
    (sups,) = made.run([[0.0] * 3])
    for sup, known in zip(sups, (1, 2, 3), strict=True):
        assert 0.99 * known <= sup.lower <= known <= sup.upper <= 1.011 * known


def test_a_spike_between_sample_points_is_enclosed():
    centre, width = 1 / math.sqrt(7), 1e-7

    def spike(x):  # a bump of height 1 made of weights, as a block of one attention-free layer makes it
        u = (x - centre) * (1 / width)
        return torch.relu(u + 1) - 2 * torch.relu(u) + torch.relu(u - 1)

    sample = torch.linspace(0, 1, 10_000, dtype=torch.float64)
    assert float(spike(sample).abs().max()) == 0.0
    _, (found,) = search(spike, grid=16, order=2, evaluations=200_000)  # nothing is known but that it is >= 0
    assert found.lower <= 1 <= found.upper <= 1.02
    assert found.lower >= 0.98
    _, (unfinished,) = search(spike, grid=16, order=2, evaluations=20)
    assert unfinished.upper >= 1  # whatever the budget


def test_an_ended_budget_is_told_honestly():
    def wild(x):
        return torch.sin(200 * torch.sin(40 * x)) + torch.cos(90 * x)

    dense = float(wild(torch.linspace(0, 1, 10**6, dtype=torch.float64)).abs().max())
    goal = {"evaluations": 60, "order": 2}
    ended, (sup,) = search(wild, **goal)
    assert sup.lower <= dense <= sup.upper < math.inf  # |sin| <= 1: finite even where the cells are far too wide
    assert sup.gap > 0.01
    assert sum(ended.evaluated) <= 60
    _, (done,) = search(wild)
    assert dense <= done.upper
    assert done.gap <= 0.01


def test_a_stage_does_not_depend_on_what_comes_after_it():
    def f(x):
        return torch.tanh(5 * x) - x

    _, alone = search(f)
    _, followed = search(f, lambda x: torch.sin(9 * x))
    assert followed[0] == alone[0]


def test_known_lower_ends_are_kept_and_used():
    few, (sup,) = search(lambda x: torch.sin(3 * x), known=[[1 - 1e-12]])
    many, (own,) = search(lambda x: torch.sin(3 * x))
    assert sup.lower >= 1 - 1e-12 > own.lower
    assert few.evaluated <= many.evaluated


@pytest.mark.parametrize("variables", [1, 2, 3])
def test_boxes_of_up_to_three_parameters(variables):
    def f(x):  # (cells, variables, 1): distance from the corner farthest out
        return torch.tanh(x).sum(dim=-2, keepdim=True)

    box = ((-0.5,) * variables, (1.0,) * variables)
    _, (sup,) = search(f, box=box, grid=2, order=3)
    exact = variables * math.tanh(1)
    assert sup.lower <= exact * (1 + ROUNDING)
    assert exact <= sup.upper <= 1.02 * exact


def test_a_sup_of_zero_is_exactly_zero():
    weight = torch.full((1, 1), 2.5, dtype=torch.float64)
    _, (sup,) = search(lambda x: x @ weight - x @ weight)
    assert sup.lower == sup.upper == sup.gap == 0.0
