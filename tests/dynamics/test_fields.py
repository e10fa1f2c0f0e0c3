"""dynamics/fields.py: values worked out by hand, broadcasting, the sup of a field itself."""

import math

import pytest
import torch
from tolerances import ROUNDING

import varexp
from varexp.dynamics import FIELDS
from varexp.dynamics.networks import uniform_points
from varexp.enclosure.policy import ORDERS

BY_HAND = [
    ("water_tank", (0.25,), (1.0,)),
    ("jet_engine", (1.0, -1.0), (-1.1, 4.0)),
    ("steam_governor", (math.pi / 2, 0.0, 2.0), (0.0, -1.0, 1.0)),
    ("steam_governor", (math.pi / 4, 0.5, 1.0), (0.5, 0.5 - math.sqrt(0.5) - 1.5, 1 - math.sqrt(0.5))),
    ("exponential", (1.0, -1.0), (-math.sin(1.0) - 1, -1.0)),
    ("van_der_pol", (2.0, 1.0), (1.0, -5.0)),
    ("sine_2d", (math.pi / 2, math.pi), (1.0, -1.0)),
    ("nonlinear_oscillator", (math.pi / 2,), (-math.pi / 2 - math.pi**3 / 16 + 0.3,)),
    ("spacecraft", (1.0, 0.0, 1.0, 0.0), (0.0, 1.0, 0.1, 0.0)),  # a circular orbit, pushed outwards
    ("spacecraft", (1.25, 0.1, 1.0, math.pi / 2), (0.1, 0.8, 0.8 - 0.64, 0.1 - 0.08)),
    ("root", (-0.25, 0.5), (0.5, 0.5)),
    ("cube_root", (-0.125, 1.0), (1 + 1 / 64, 0.25 + 0.125)),
]


@pytest.mark.parametrize(("name", "point", "value"), BY_HAND)
def test_values_by_hand(name, point, value):
    found = FIELDS[name](torch.tensor([point], dtype=torch.float64))
    assert found.tolist()[0] == pytest.approx(value, abs=ROUNDING)


def test_every_field_has_a_value_by_hand():
    assert {name for name, _, _ in BY_HAND} == set(FIELDS)


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_is_a_function_of_each_point_and_finite(name):
    field = FIELDS[name]
    points = uniform_points(field.box, 12, torch.Generator().manual_seed(0))
    values = field(points)
    assert values.isfinite().all()
    assert values.shape == (12, field.components)
    assert torch.equal(field(points.unflatten(0, (3, 4))), values.unflatten(0, (3, 4)))
    assert "'" in field.equations


@pytest.mark.parametrize("name", [name for name in FIELDS if FIELDS[name].coordinates in ORDERS])
def test_the_public_call_encloses_a_field(name):
    """The outside reference is the largest value over many samples and the corners."""
    field = FIELDS[name]
    found = varexp.sup_norm(field.value, field.box, norm="max", evaluations=400)
    points = uniform_points(field.box, 20_000, torch.Generator().manual_seed(0))
    corners = torch.cartesian_prod(*torch.tensor(field.box, dtype=torch.float64)).reshape(-1, field.coordinates)
    assert float(field(torch.cat([points, corners])).abs().max()) <= found.upper * (1 + ROUNDING)
