"""dynamics/networks.py: the grid, weights by seed, units that bend inside the box, training that helps."""

import pytest
import torch
from tolerances import EXACT, ROUNDING

from varexp.dynamics import FIELDS
from varexp.dynamics.certificate import errors_at
from varexp.dynamics.networks import POINTS, grid, initial_network, train, uniform_points


def flat(network):
    return torch.cat([p.flatten() for p in network.parameters()])


def test_a_grid_by_hand(monkeypatch):
    monkeypatch.setitem(POINTS, 1, 5)
    half = (0.5 + 0.5**0.5) / 2  # between even spacing and Chebyshev's
    assert grid(((0.0, 2.0),)).flatten().tolist() == pytest.approx([0, 1 - half, 1, 1 + half, 2], abs=ROUNDING)


@pytest.mark.parametrize("name", FIELDS)
def test_a_grid_reaches_all_corners_and_nothing_outside(name):
    box = FIELDS[name].box
    points, (low, high) = grid(box), torch.tensor(box, dtype=torch.float64).T
    assert points.shape == (POINTS[len(box)] ** len(box), len(box))
    assert ((points >= low - ROUNDING) & (points <= high + ROUNDING)).all()
    for corner in torch.cartesian_prod(*torch.stack([low, high], dim=1)).reshape(-1, len(box)):
        assert float((points - corner).abs().amax(dim=1).min()) <= ROUNDING


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_a_seed_decides_all_bits_and_another_seed_others(activation):
    state, field = torch.random.get_rng_state(), FIELDS["jet_engine"]
    made = []
    for seed in (0, 0, 1):
        network = initial_network(field, (10, 16), activation, seed)
        train(network, field, 5)
        made.append(flat(network))
    assert float((made[0] - made[1]).abs().max()) == EXACT
    assert not torch.equal(made[0], made[2])
    assert made[0].dtype == torch.float64
    assert torch.equal(torch.random.get_rng_state(), state)  # the caller's chance is left alone


@pytest.mark.parametrize("name", FIELDS)
def test_units_of_the_first_layer_bend_inside_the_box(name):
    field = FIELDS[name]
    first = initial_network(field, (64, 64, 64), "relu", 0)[0]
    corners = torch.cartesian_prod(*torch.tensor(field.box, dtype=torch.float64)).reshape(-1, field.coordinates)
    values = first(corners)
    assert (values.amin(dim=0) <= 0).all()
    assert (values.amax(dim=0) >= 0).all()


def test_training_lowers_the_largest_error():
    field = FIELDS["van_der_pol"]
    points = uniform_points(field.box, 2000, torch.Generator().manual_seed(0))
    network = initial_network(field, (14, 14), "tanh", 0)
    before = float(errors_at(network, field, points).max())
    train(network, field, 300)
    assert float(errors_at(network, field, points).max()) < before / 2
    assert not any(p.requires_grad for p in network.parameters())


@pytest.mark.parametrize(
    ("hidden", "activation", "message"),
    [
        ([], "relu", r"hidden is a list of sizes of hidden layers, each at least 1, got \[\]"),
        ([4, 0], "relu", r"each at least 1, got \[4, 0\]"),
        ([4], "rleu", r"unknown activation 'rleu' \(did you mean relu\?\): choose one of relu, tanh"),
    ],
)
def test_bad_settings_say_what_was_expected(hidden, activation, message):
    with pytest.raises(ValueError, match=message):
        initial_network(FIELDS["water_tank"], hidden, activation, 0)
