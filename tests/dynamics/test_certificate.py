"""dynamics/certificate.py: an error known by hand, a planted spike, scipy's search, controls that must fail."""

import dataclasses
import math

import pytest
import torch
from scipy.optimize import brute, minimize
from tolerances import ROUNDING
from torch.nn import Linear, Module, ReLU, Sequential

from varexp.api import SupNorm
from varexp.dynamics import FIELDS
from varexp.dynamics.certificate import certify, check, errors_at, sample
from varexp.dynamics.experiment import Run, trained
from varexp.dynamics.fields import Field
from varexp.errors import SoundnessError

CENTRE, WIDTH, HEIGHT = (0.1234, -0.4321), 1e-3, 0.75
OSCILLATOR = FIELDS["nonlinear_oscillator"]


class Spiked(Module):
    """A network, plus a pyramid on its first component that is too narrow for samples: a relu network too."""

    def __init__(self, network):
        super().__init__()
        self.network = network
        inner, outer = Linear(2, 4, dtype=torch.float64), Linear(4, 1, dtype=torch.float64)
        with torch.no_grad():
            inner.weight.copy_(torch.tensor([[1.0, 0], [-1, 0], [0, 1], [0, -1]]))
            inner.bias.copy_(inner.weight @ -torch.tensor(CENTRE, dtype=torch.float64))
            outer.weight.fill_(-1 / WIDTH)
            outer.bias.fill_(1.0)
        self.spike = Sequential(inner, ReLU(), outer, ReLU())

    def forward(self, x):
        spike = HEIGHT * self.spike(x)
        return self.network(x) + torch.cat([spike, 0 * spike], dim=-1)


@pytest.fixture(scope="module")
def jet_engine():
    return trained(Run("jet_engine", [10, 16], "tanh"), 0, 300)[0]


def test_an_error_by_hand():
    """The oscillator without its sine: it is 0.3 sin(x) off, at most 0.3."""

    class Cubic(Module):
        def forward(self, x):
            return -x - 0.5 * x**3

    found = certify(Cubic(), OSCILLATOR, 0.01, 20_000)
    assert found.found.lower <= 0.3 <= found.found.upper <= 0.3 * 1.01
    assert abs(found.found.place[0]) == pytest.approx(math.pi / 2, abs=0.2)
    sampled = sample(Cubic(), OSCILLATOR, 1, 20_000)
    check(Cubic(), OSCILLATOR, found.found, sampled)
    assert sampled.largest <= 0.3
    assert sampled.mean == pytest.approx(0.3 * (1 - math.cos(3)) / 3, rel=0.02)  # the mean of |sin| over [-3, 3]


def test_the_certificate_notices_a_spike_that_samples_do_not(jet_engine):
    field, spiked = FIELDS["jet_engine"], Spiked(jet_engine)
    at = torch.tensor([CENTRE], dtype=torch.float64)
    peak = float(errors_at(spiked, field, at).max())
    sampled = sample(spiked, field, 1, 20_000)
    assert sampled.largest < 0.5 * peak
    certificate = certify(spiked, field, 0.01, 3000)
    assert certificate.found.upper >= peak * (1 - ROUNDING)
    assert peak > HEIGHT / 2
    check(spiked, field, certificate.found, sampled)


def test_scipy_finds_no_larger_error(jet_engine):
    field = FIELDS["jet_engine"]
    found = certify(jet_engine, field, 0.01, 20_000).found

    def negative(x):
        return -float(errors_at(jet_engine, field, torch.tensor(x, dtype=torch.float64)[None]).max())

    start, low, _, _ = brute(negative, field.box, Ns=31, finish=None, full_output=True)  # reaches the corners
    best = -min(low, minimize(negative, start, method="Nelder-Mead", bounds=field.box).fun)
    assert best <= found.upper * (1 + ROUNDING)
    assert best >= found.lower * 0.99
    assert found.gap <= 0.01


def test_the_control_a_sample_above_the_upper_end_is_an_error(jet_engine):
    field = FIELDS["jet_engine"]
    found, sampled = certify(jet_engine, field, 0.01, 20_000).found, sample(jet_engine, field, 1, 20_000)
    check(jet_engine, field, found, sampled)
    low = dataclasses.replace(found, lower=0.1 * sampled.mean, upper=0.9 * sampled.largest)
    with pytest.raises(SoundnessError, match=rf"a sample has the error {sampled.largest!r}, above .* {low.upper!r}"):
        check(jet_engine, field, low, sampled)
    high = dataclasses.replace(found, lower=1.1 * found.upper, upper=2 * found.upper)
    with pytest.raises(SoundnessError, match=rf"below the certified lower end {high.lower!r}"):
        check(jet_engine, field, high, sampled)


def test_a_box_that_the_call_does_not_take_is_an_error():
    wide = Field("wide", "x' = x", ((-1.0, 1.0),) * 9, lambda x: x)
    with pytest.raises(ValueError, match="box is a list of 1 to"):
        certify(torch.nn.Identity(), wide, 0.01, 100)


def test_other_refusals_are_errors():
    with pytest.raises(ValueError, match="gap is a finite number above 0"):
        certify(torch.nn.Identity(), OSCILLATOR, 0.0, 100)
    with pytest.raises(ValueError, match=r"a network's weights by \.double\(\)"):
        certify(Sequential(Linear(1, 1)), OSCILLATOR, 0.01, 100)


def test_samples_are_the_same_for_a_seed_and_reach_the_corners():
    class Corner(Module):
        def forward(self, x):
            return FIELDS["jet_engine"].value(x) + torch.relu(x.sum(dim=-1, keepdim=True) - 1.999999)

    field = FIELDS["jet_engine"]
    assert sample(Corner(), field, 3, 500) == sample(Corner(), field, 3, 500)
    assert sample(Corner(), field, 3, 500).largest == pytest.approx(1e-6)
    assert SupNorm(0.0, 1.0).upper == 1.0
