"""The search: known sups, a spike that samples miss, budgets, sharing of stages, cells that are cut."""

import math

import pytest
import torch
from tolerances import ROUNDING

from varexp.enclosure import Box, Goal, Search, Transition
from varexp.enclosure.basis import ring
from varexp.enclosure.cells import halved, halved_state, parameters
from varexp.maps.norms import NORMS


def search(*maps, box=((0.0,), (1.0,)), grid=8, norm="max", order=5, known=None, symbols=0, **goal):
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


@pytest.mark.parametrize("variables", [1, 2])
def test_parts_of_a_cell_cover_it_and_inherit_its_state(variables):
    rg = ring(variables, 4)
    mid = torch.full((2, variables), 0.3, dtype=torch.float64)
    rad = torch.full((2, variables), 0.05, dtype=torch.float64)
    middles, radii = halved(mid, rad)
    parts = 2**variables
    assert middles.shape == (2 * parts, variables)
    assert bool(((middles - radii).reshape(2, parts, variables).amin(1) <= mid - rad).all())
    assert bool(((middles + radii).reshape(2, parts, variables).amax(1) >= mid + rad).all())

    state = torch.tanh(3 * parameters(rg, mid, rad)).model()
    cut = halved_state(state)
    fresh = torch.tanh(3 * parameters(rg, middles, radii)).model()
    assert torch.allclose(cut.P[0], fresh.P[0], atol=1e-6)
    assert float((cut.P[0] - fresh.P[0]).abs().max()) <= float(cut.R.max()) + 1e-12
    assert torch.allclose(cut.R, state.R.repeat_interleave(parts, 0), atol=1e-14)
    assert float(fresh.R.max()) < float(cut.R.max())


@pytest.mark.parametrize("norm", ["rms", "frobenius", "max"])
@pytest.mark.parametrize("lost", [math.inf, math.nan])
def test_what_is_not_bounded_has_no_finite_norm(norm, lost):
    """Nor the largest number there is, which would pass for an upper end."""
    x = parameters(ring(1, 2), torch.zeros(2, 1, dtype=torch.float64), torch.ones(2, 1, dtype=torch.float64))
    model = x.reshape(2, 1, 1).model()
    model.R[0] = lost
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


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"gap": 0.0}, "gap is a finite number above 0, got 0.0"), ({"evaluations": 0}, "evaluations is a whole number")],
)
def test_a_goal_out_of_range_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        Goal(**wrong)
