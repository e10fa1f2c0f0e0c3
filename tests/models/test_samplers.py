"""models/flow.py: the path and its velocity, D.1 as printed and repaired, the integrators against exact flows."""

import itertools
import math
import warnings

import pytest
import torch
from tolerances import ROUNDING

from varexp.models.flow import INTEGRATORS, SAMPLERS, Field, path, velocity

SCALE, MEAN = 0.5, 1.5


def gaussian(x, t):
    """The velocity that carries N(0, 1) to N(0, s²): F(ts² − (1−t))/(t²s² + (1−t)²), F^0 to sF^0."""
    return x * (t * SCALE**2 - (1 - t)) / (t**2 * SCALE**2 + (1 - t) ** 2)


def test_the_velocity_is_the_derivative_of_the_path():
    y, noise = torch.randn(2, 4, 9, 2, dtype=torch.float64)
    time = torch.tensor(0.3, dtype=torch.float64)
    slope = torch.autograd.functional.jacobian(lambda t: path(y, noise, t), time)
    torch.testing.assert_close(slope, velocity(y, noise))
    assert torch.equal(path(y, noise, 0.0), noise)
    assert torch.equal(path(y, noise, 1.0), y)


def test_a_perfect_network_read_literally_misses_by_the_noise():
    """D.1 with NN = V returns Y − F^0: its error is F^0, whatever the training; t = 0 and F^0 + NN gives Y."""
    y, noise = torch.randn(2, 9, 2, dtype=torch.float64)
    field = Field(lambda x, t: (y - x) / (1 - t))  # the velocity of the path to y through x
    torch.testing.assert_close(SAMPLERS["literal"](field, noise, 1) - y, -noise)
    torch.testing.assert_close(SAMPLERS["repaired"](field, noise, 1), y)
    torch.testing.assert_close(SAMPLERS["euler"](field, noise, 7), y, atol=1e-12, rtol=0)


@pytest.mark.parametrize(("name", "order"), [("euler", 1), ("heun", 2)])
def test_orders_on_a_gaussian(name, order):
    noise = torch.tensor([1.3], dtype=torch.float64)
    errors = [abs(float(SAMPLERS[name](Field(gaussian), noise, n) - SCALE * noise)) for n in (64, 128, 256)]
    slopes = [math.log2(a / b) for a, b in itertools.pairwise(errors)]
    assert all(abs(slope - order) < 0.1 for slope in slopes), slopes
    assert errors[-1] < 0.01


def test_a_wrong_velocity_is_noticed():
    """The control: with the sign of the noise's share flipped, no number of steps arrives."""
    noise = torch.tensor([1.3], dtype=torch.float64)
    wrong = Field(lambda x, t: x * (t * SCALE**2 + (1 - t)) / (t**2 * SCALE**2 + (1 - t) ** 2))
    assert abs(float(SAMPLERS["heun"](wrong, noise, 512) - SCALE * noise)) > 0.5


@pytest.mark.parametrize("name", INTEGRATORS)
def test_agrees_with_torchdiffeq(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torchdiffeq import odeint
    noise = torch.randn(7, 9, 2, dtype=torch.float64)
    weights = torch.randn(2, 2, dtype=torch.float64)
    field = Field(lambda x, t: torch.tanh(x @ weights) * (1 + t))
    method = {"euler": "euler", "heun": "heun2"}[name]
    times = torch.linspace(0, 1, 9, dtype=torch.float64)
    reference = odeint(lambda t, x: field.answer(x, t), noise, times, method=method)[-1]
    torch.testing.assert_close(SAMPLERS[name](field, noise, 8), reference, atol=ROUNDING, rtol=ROUNDING)


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_perfect_network_of_samples_gives_the_sample_by_every_sampler(name):
    """D.1 as printed takes the answer for the sample, which it then is."""
    y, noise = torch.randn(2, 9, 2, dtype=torch.float64)
    field = Field(lambda x, t: y, of_samples=True)
    torch.testing.assert_close(SAMPLERS[name](field, noise, 5), y, atol=ROUNDING, rtol=ROUNDING)


@pytest.mark.parametrize(("name", "order"), [("euler", 1), ("heun", 2)])
def test_samples_and_velocities_are_two_answers_of_one_flow(name, order):
    """The mean of Y given F^t is F^t + (1 − t) times the velocity; the last step costs Heun's method no order."""
    noise = torch.tensor([1.3], dtype=torch.float64)
    field = Field(lambda x, t: x + (1 - t) * gaussian(x, t), of_samples=True)
    errors = [abs(float(SAMPLERS[name](field, noise, n) - SCALE * noise)) for n in (64, 128, 256)]
    assert all(abs(math.log2(a / b) - order) < 0.15 for a, b in itertools.pairwise(errors)), errors
    if name == "euler":
        plain = SAMPLERS[name](Field(gaussian), noise, 64)
        torch.testing.assert_close(SAMPLERS[name](field, noise, 64), plain, atol=ROUNDING, rtol=ROUNDING)
