"""The cells of a search cover the box however they are refined, and what is reported of them is what they say."""

import math

import pytest
import torch

from varexp.enclosure import Box, Goal, RefinementPolicy, Search, Transition
from varexp.enclosure import search as searching
from varexp.enclosure.cells import Boxes, Cells, first_boxes
from varexp.maps.norms import NORMS

POLICIES = {
    "as it is": {},
    "always inherited": {"most_generations": 100, "slack_share": 1e-30, "expected_growth": 1e-30},
    "inherited once": {"most_generations": 1, "slack_share": 1e-30},
    "never inherited": {"most_generations": 0},
    "divided before": {"least_growth": 1e30},
    "never divided before": {"least_growth": 0.0},
    "one at once": {"refined_at_once": 1, "patience": 1},
}


def run(monkeypatch, policy, parameters=1, order=3, **goal):
    """A search over [0, 1]^n with three stages; the final cover, the sups, the search, and what it evaluated."""
    covers, counted = [], [0]

    def stage(f):
        def forward(state):
            counted[0] += int(state[0].cells)
            return (f(state[0]),)

        def step(state):
            after = forward(state)
            return after, [after[0]]

        return Transition(step, forward, 1, 0)

    monkeypatch.setattr(searching, "plain_values", lambda search: None)
    monkeypatch.setattr(searching, "check_places", lambda sups, values: None)
    monkeypatch.setattr(searching, "check_cover", lambda cover, values, box: covers.append(cover) or 0)
    maps = [lambda x: torch.sin(3 * x), lambda x: torch.exp(x) * x, lambda x: torch.cos(2 * x).sum(-2, keepdim=True)]
    box = Box((0.0,) * parameters, (1.0,) * parameters, (4,) * parameters)
    made = Search(
        lambda u: (u[..., None],),
        [stage(f) for f in maps],
        box,
        NORMS["max"],
        order,
        Goal(**goal),
        RefinementPolicy(**POLICIES[policy]),
    )
    sups = [sups[0] for sups in made.run([[0.0]] * 3)]
    return covers[0], sups, made, counted[0]


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(("parameters", "order"), [(1, 3), (2, 2)])
def test_cells_cover_the_box_once_and_every_evaluation_is_counted(monkeypatch, policy, parameters, order):
    cover, sups, made, counted = run(monkeypatch, policy, parameters, order, evaluations=150)
    assert float((2 * cover.radius).prod(dim=1).sum()) == pytest.approx(1.0, abs=1e-9)
    inside = cover.middle[:, None] - cover.middle
    apart = (inside.abs() >= cover.radius[:, None] + cover.radius - 1e-9).any(dim=2)
    assert bool((apart | torch.eye(len(cover.middle), dtype=torch.bool)).all())
    assert sum(made.evaluated) == counted
    assert all(spent > 0 for spent in made.evaluated)
    peaks = [1.0, math.e]  # of sin 3x, and of x·e^x for x = sin 3x
    for sup, exact in zip(sups[:2], peaks, strict=True):
        assert sup.lower <= exact <= sup.upper
    assert bool((cover.upper.amax(dim=0) == torch.tensor([sup.upper for sup in sups], dtype=torch.float64)).all())


def test_a_goal_that_is_met_ends_the_search(monkeypatch):
    _, sups, made, _ = run(monkeypatch, "as it is", gap=0.05)
    _, finer, longer, _ = run(monkeypatch, "as it is", gap=1e-4)
    for rough, fine in zip(sups, finer, strict=True):
        assert rough.gap <= 0.05
        assert fine.gap <= 1e-4
        assert rough.lower <= fine.upper
    assert sum(made.evaluated) < sum(longer.evaluated) < 2000
    assert made.evaluated[0] <= 40


def test_a_lower_end_that_is_known_leaves_the_other_cells_alone(monkeypatch):
    """Both ends of 2 − x are 2 and 1; with 1.99 known, only cells near 0 are refined."""

    def step(state):
        return state, [2 - state[0]]

    def spent(known):
        made = Search(
            lambda u: (u[..., None],),
            [Transition(step, lambda state: state, 1)],
            Box((0.0,), (1.0,), (4,)),
            NORMS["max"],
            1,
            Goal(gap=1e-3),
        )
        ((sup,),) = made.run([[known]])
        assert sup.lower <= 2 <= sup.upper <= 2.003
        return made.evaluated[0]

    assert spent(2.0) <= spent(0.0) < 80


def cells(lower, upper):
    middle = torch.arange(len(lower), dtype=torch.float64)[:, None]
    count = torch.zeros(len(lower), dtype=torch.long)
    boxes = Boxes(middle, middle * 0 + 0.5, count, (), torch.zeros(len(lower), 0, dtype=torch.float64))
    return Cells(boxes, count, torch.tensor(upper, dtype=torch.float64), torch.tensor(lower, dtype=torch.float64), ())


def test_ends_are_the_largest_of_all_cells_and_a_given_end_stays_if_none_is_larger():
    found = cells([[1.0, 0.0], [3.0, 0.1], [2.0, 0.2]], [[1.5, 0.3], [3.5, 0.9], [4.0, 0.2]])
    for known, lower, place in ((0.0, 3.0, (1.0,)), (3.0, 3.0, None), (3.25, 3.25, None)):
        first, second = searching._sups(found, torch.tensor([known, 0.0], dtype=torch.float64))
        assert (first.lower, first.upper, first.place) == (lower, 4.0, place)
        assert (second.lower, second.upper, second.place) == (0.2, 0.9, (2.0,))


def test_parts_keep_the_smaller_upper_bound_of_their_own_and_their_parents():
    made = Search(lambda u: (u,), [], Box((0.0,), (1.0,), (1,)), NORMS["max"], 1)
    parent, refined = cells([[0.0]] * 2, [[2.0], [3.0]]), cells([[0.0]] * 3, [[1.0], [2.5], [4.0]])
    parents = torch.tensor([0, 0, 1])
    found = made._inherit_bounds(refined, parent, parents, torch.tensor([1.9], dtype=torch.float64))
    assert found.upper.flatten().tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("before", "after", "halved", "expected"),
    [
        (1.0625, 1.0624, (0, 0), 3),  # hardly smaller, and states of their own on both
        (1.0625, 1.03126, (0, 0), 3),
        (1.0625, 1.03125, (0, 0), 0),  # half of the excess is left, and no more
        (1.0625, 0.99, (0, 0), 0),
        (1.25, 1.2499, (0, 0), 0),  # far from the goal
        (1.0625, 1.0624, (1, 0), 0),  # the state of the parent, or of the part, is that of a larger cell
        (1.0625, 1.0624, (0, 1), 0),
        (1.0625, 1.0624, (1, 1), 0),
    ],
)
def test_a_cell_stalls_if_near_the_goal_more_than_its_share_of_the_excess_is_left(before, after, halved, expected):
    """The target is 1, the share a half, and the parent had stalled twice."""
    policy = RefinementPolicy(stalled_share=0.5, near_goal=1.1)
    made = Search(lambda u: (u,), [], Box((0.0,), (1.0,), (1,)), NORMS["max"], 1, policy=policy)
    parent, refined = cells([[0.0]], [[before]]), cells([[0.0]] * 2, [[after]] * 2)
    for of, generation in zip((parent, refined), halved, strict=True):
        of.boxes.generations = torch.full((len(of),), generation)
    parent.stalled = torch.tensor([2])
    found = made._inherit_bounds(refined, parent, torch.tensor([0, 0]), torch.ones(1, dtype=torch.float64))
    assert found.stalled.tolist() == [expected] * 2


@pytest.mark.parametrize(
    ("index", "order", "evaluations", "expected"),
    [
        (0, 1, 5, 4),  # three cells, and two parts of one of them
        (0, 1, 4, 3),
        (1, 1, 7, 4),  # each part costs an evaluation of the first stage as well
        (1, 1, 6, 3),
        (0, 0, 100, 3),  # where parameters are symbols, halves would inherit what is unknown
    ],
)
def test_a_cell_that_cannot_succeed_is_divided_before_a_stage_if_there_is_room_for_it(
    index, order, evaluations, expected
):
    """A remainder of 0.3 grows by a factor of 4 at least, and the sup is 1 at least; 0.25 could do."""
    stage = Transition(lambda state: (state, [state[0]]), lambda state: state, 1)
    box, goal = Box((0.0,), (3.0,), (3,)), Goal(gap=0.01, evaluations=evaluations)
    made = Search(lambda u: (u[..., None],), [stage] * 2, box, NORMS["max"], order, goal)
    middle, radius = first_boxes(box)
    boxes = made._compute_states(middle, radius, middle.new_zeros(3, index), index)
    boxes.states[0].remainder[:] = torch.tensor([0.3, 0.25, 0.2], dtype=torch.float64)[:, None, None]
    cells = made._start_stage(boxes, index, torch.ones(1, dtype=torch.float64))
    assert len(cells) == expected
    assert float(cells.boxes.radius.sum()) == pytest.approx(1.5)
