"""Certified sups of chains: an independent oracle, both ends, a stranger's map, dependence on depth, bad input."""

from dataclasses import dataclass

import ball_chain
import pytest
import torch
from certified_chains import small_chain, starting_places
from flint import arb, ctx
from small import problem, trained
from tolerances import ROUNDING

from varexp.enclosure import Enclosure, Goal
from varexp.enclosure.basis import ring
from varexp.enclosure.cells import parameters
from varexp.maps.constants import Constant
from varexp.maps.domains import Curve
from varexp.maps.layers import layer_norm
from varexp.maps.norms import NORMS
from varexp.maps.targets import Target, TargetStage, build_target
from varexp.maps.targets.base import FeatureMap
from varexp.measurement.certify import certify, lower_bounds_at
from varexp.measurement.intervals import attach_intervals
from varexp.measurement.measure import Measurement, measure
from varexp.measurement.trace import SUPS, trace, tracers
from varexp.models.chain import Chain, ChainStage
from varexp.training.problem import Problem

CASES = [("sine", "keys", "tanh"), ("fold", "dct", "relu"), ("mix", "nearest", "gelu")]
SIDES = (1, 2, 3)


@pytest.fixture(autouse=True)
def _precision():
    with ctx.workprec(200):
        yield


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_ball_arithmetic_lies_inside(case):
    task, chain = small_chain(*case)
    places = starting_places(task, chain)
    result = certify(chain, task.target, task.domain, "rms", Goal(), places)
    assert result.gap <= 0.01

    points = torch.cat([task.domain.sample(40), *places])
    below = lower_bounds_at(chain, task.target, task.domain, NORMS["rms"], points)
    largest = torch.zeros(len(SIDES) - 1, len(SUPS), dtype=torch.float64)
    for index, theta in enumerate(points[:, 0].tolist()):
        exact = ball_chain.run(chain, task.target, task.domain, theta)
        for i, (_, _, norms) in enumerate(exact):
            for j, (name, value) in enumerate(zip(SUPS, norms, strict=True)):
                low = arb(float(below[i][name][index]))
                assert value <= arb(result.stages[i][name].upper) + arb(1e-40)  # the oracle's own 200 bits
                assert value >= low - arb(1e-40)
                assert value <= low * (1 + 1e-9) + arb(1e-12)  # and it is not loose
                largest[i, j] = max(float(largest[i, j]), float(value))
    for i, stage in enumerate(result.stages):
        for j, sup in enumerate(stage.values()):
            assert sup.upper <= float(largest[i, j]) * 1.02 + 1e-9  # the sample comes near: the upper end is no excuse


@pytest.mark.parametrize("case", CASES, ids="-".join)
@pytest.mark.parametrize("radius", [0.0, 0.01, 0.1])
def test_ball_arithmetic_lies_inside_the_model_of_every_cell(case, radius):
    task, chain = small_chain(*case)
    rg = ring(1, 4)
    mid = torch.tensor([[0.3], [2.2], [5.1]], dtype=torch.float64)
    rad = torch.full_like(mid, radius)
    with torch.no_grad():
        u = task.domain.points(task.domain.chart(parameters(rg, mid, rad)))
        t, y = chain(u).model(), task.target(u).model()
    for cell in range(3):
        for s in (-1.0, -0.37, 0.0, 0.81, 1.0):
            theta = arb(float(mid[cell])) + arb(float(rad[cell])) * arb(s)
            exact = ball_chain.run(chain, task.target, task.domain, theta)[-1]
            for model, value in zip((t, y), exact[:2], strict=True):
                for i in range(value.nrows()):
                    for j in range(value.ncols()):
                        coefficients = model.polynomial[:, cell, i, j].tolist()
                        known = sum((arb(c) * arb(s).chebyshev_t(e) for e, c in enumerate(coefficients)), arb(0))
                        assert abs(value[i, j] - known) <= arb(float(model.uncertainty()[cell, i, j]))


def test_points_that_come_twice_and_in_any_order_keep_their_values():
    task, chain = small_chain(*CASES[0])
    points = task.domain.sample(5)
    again = lower_bounds_at(chain, task.target, task.domain, NORMS["rms"], torch.cat([points.flip(0), points]))
    alone = lower_bounds_at(chain, task.target, task.domain, NORMS["rms"], points)
    for twice, once in zip(again, alone, strict=True):
        for name in SUPS:
            assert torch.equal(twice[name][:5].flip(0), twice[name][5:])
            torch.testing.assert_close(twice[name][5:], once[name], rtol=ROUNDING, atol=ROUNDING)
    assert len(alone[-1]["error"].unique()) > 1


def test_a_structural_zero_is_exact():
    task, chain = small_chain("sine", "dct", "tanh")
    result = certify(chain, task.target, task.domain, "rms", Goal(), starting_places(task, chain))
    assert [stage["eps_interpolation"].upper for stage in result.stages] == [0.0, 0.0]
    keys, other = small_chain("sine", "keys", "tanh")
    positive = certify(other, keys.target, keys.domain, "rms", Goal(), starting_places(keys, other))
    assert positive.stages[1]["eps_interpolation"].lower > 0


@dataclass(frozen=True, kw_only=True)
class Strange(FeatureMap):
    """A target that the package does not know: layer norm, a minimum, a product."""

    def __call__(self, x):
        normal = layer_norm(x, epsilon=0.3)
        return self.K * torch.minimum(torch.tanh(x), normal) + x * normal.abs() - x[..., :1, :].exp() / 3

    def constant(self, norm, before):
        return Constant(0.0, 100.0, "upper")


class StrangeBlock(torch.nn.Module):
    """A model that the package does not know: two heads of its own making, GELU and a gate."""

    def __init__(self, tokens):
        super().__init__()
        source = torch.Generator().manual_seed(4)
        self.w = torch.nn.Parameter(torch.randn(3, 2, 4, generator=source, dtype=torch.float64))
        self.p = torch.nn.Parameter(torch.randn(tokens, 4, generator=source, dtype=torch.float64))

    def forward(self, x):
        q, k, v = (x @ w for w in self.w)
        mixed = torch.nn.functional.softmax((q + self.p) @ k.transpose(-1, -2) * 0.5, dim=-1) @ v
        gate = 1 / (1 + torch.exp(-mixed))
        return torch.nn.functional.gelu(mixed * gate + self.p) @ self.w[0].T


def test_a_target_and_a_model_from_outside_are_certified_as_they_are():
    sides = (1, 2, 2)
    stages, maps = [], []
    for i, (a, b) in enumerate([(1, 2), (2, 2)], start=1):
        stages.append(ChainStage("keys", a, b, StrangeBlock(b * b)))
        maps.append(TargetStage(a, b, Strange(K=0.8, stage=i, side=b, channels=2)))
    task = Problem(Target(tuple(maps)), Curve(sides[0]), "keys", 0)
    chain = Chain(stages).requires_grad_(False)
    result = certify(chain, task.target, task.domain, "rms", Goal(), starting_places(task, chain))
    dense = trace(tracers([chain], task.target, task.domain, NORMS["rms"], 2), task.domain.sample(4096))
    for i, stage in enumerate(result.stages):
        for name, sup in stage.items():
            highest = float(getattr(dense, name)[0, :, i].max())
            assert sup.lower * (1 - 1e-6) <= highest * (1 + 1e-3)
            assert highest <= sup.upper * (1 + ROUNDING)
            assert sup.gap <= 0.01


def test_evidence_carries_both_ends_and_does_not_depend_on_greater_depths():
    task, chain = problem("sine", "keys"), trained("sine", "keys").model
    how, goal = Measurement(starts=0), Goal()
    found = measure([chain], task.target, task.domain, how)[0]
    deep = attach_intervals(found, chain, task.target, task.domain, NORMS["rms"], goal)
    shallow = attach_intervals(found[:1], chain, task.target, task.domain, NORMS["rms"], goal)
    assert deep[0] == shallow[0]
    for before, after in zip(found, deep, strict=True):
        assert after.error.lower <= after.error.upper <= 1.02 * before.error.lower
        assert after.bound_pointwise >= before.bound_pointwise
        assert after.error.lower <= after.bound_pointwise * (1 + ROUNDING)
    lower = attach_intervals(found, chain, task.target, task.domain, NORMS["rms"], None)
    assert not lower[-1].error.bounded
    assert lower[-1].error.lower == pytest.approx(found[-1].error.lower, rel=1e-9)
    assert lower[-1].error.lower <= found[-1].error.lower


def test_the_error_at_the_end_alone_meets_what_all_sups_give():
    task, chain = small_chain("sine", "keys", "tanh")
    places = starting_places(task, chain)
    whole, alone = (
        certify(chain, task.target, task.domain, "rms", Goal(), places, error_alone=only) for only in (False, True)
    )
    assert [len(stage) for stage in alone.stages] == [0] * (chain.depth - 1) + [1]
    sup, both = alone.error, whole.error
    assert sup.gap <= 0.01
    assert max(sup.lower, both.lower) <= min(sup.upper, both.upper)
    assert alone.evaluations <= whole.evaluations


@pytest.mark.parametrize("norm", ["max", "frobenius"])
def test_the_other_norms(norm):
    task, chain = problem("fold", "keys"), trained("fold", "keys").model
    places = starting_places(task, chain)
    result = certify(chain, task.target, task.domain, norm, Goal(gap=0.05), places)
    dense = trace(tracers([chain], task.target, task.domain, NORMS[norm], 2), task.domain.sample(2048))
    for i, stage in enumerate(result.stages):
        for name, sup in stage.items():
            assert float(getattr(dense, name)[0, :, i].max()) <= sup.upper * (1 + ROUNDING)
            assert sup.gap <= 0.05


def test_the_control_a_wrong_weight_is_noticed_by_the_oracle():
    task, chain = small_chain("sine", "keys", "tanh")
    result = certify(chain, task.target, task.domain, "rms", Goal(), starting_places(task, chain))
    chain.stages[0].block.readout_bias.data += 5.0
    exact = ball_chain.run(chain, task.target, task.domain, 0.3)[0][2]
    assert not exact[1] <= arb(result.stages[0]["eps_block"].upper)


def test_enclosures_pass_through_the_chain_without_gradients():
    _, chain = small_chain("sine", "keys", "tanh")
    mid = torch.zeros(1, 1, dtype=torch.float64)
    with torch.no_grad():
        u = Curve(1).points(parameters(ring(1, 2), mid, mid + 0.1))
        assert isinstance(chain(u), Enclosure)


def test_a_model_and_a_target_that_do_not_fit_are_refused():
    task, chain = problem("sine", "keys"), trained("sine", "keys").model
    with pytest.raises(ValueError, match="the model has 2 stages and the target 1: expected as many"):
        certify(chain, task.target.prefix(1), task.domain, "rms", Goal(), [])
    with pytest.raises(ValueError, match="sides do not fit"):
        certify(chain, build_target("sine", (2, 3, 5), 1.5), task.domain, "rms", Goal(), [])
    with pytest.raises(ValueError, match=r"sides do not fit.*words of side 3"):
        certify(chain, task.target, Curve(3), "rms", Goal(), [])
