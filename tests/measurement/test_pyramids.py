"""Pyramids (Def 3.6) through train, trace, measure and certify: what is known of them, and what has no meaning."""

import math
from functools import lru_cache

import pytest
import torch
from small import problem, train
from tolerances import ROUNDING

from varexp.enclosure import Goal
from varexp.families import FAMILIES
from varexp.maps.norms import NORMS
from varexp.measurement.certify import lower_bounds_at
from varexp.measurement.intervals import attach_intervals
from varexp.measurement.measure import Measurement, measure
from varexp.measurement.soundness import SoundnessError, check_trace
from varexp.measurement.trace import sups_of, trace, tracers
from varexp.models.pyramid import PyramidArchitecture
from varexp.training.recipe import Recipe

SIDES = (1, 2, 4)
RECIPE = Recipe(training="teacher_forcing", steps=60, learning_rate=0.02)


def task(seed=0, target="sine"):
    return problem(target, "keys", seed=seed, sides=SIDES, K=2.1, domain="curve-1")


def shape(causal):
    return PyramidArchitecture(width=8, hidden=16, head_size=8, block_causal=causal)


@lru_cache
def model(causal=False, seed=0):
    return train([task(seed)], shape(causal), RECIPE, "pyramid")[0]


@lru_cache
def certified(causal=False):
    p = task()
    found = measure([model(causal).model], p.target, p.domain, Measurement(starts=0))[0]
    return attach_intervals(found, model(causal).model, p.target, p.domain, NORMS["rms"], Goal())


def sampled(causal=False, count=400):
    p = task()
    chain = model(causal).model
    return trace(tracers([chain], p.target, p.domain, NORMS["rms"], chain.depth), p.domain.sample(count))


@pytest.mark.parametrize("causal", [False, True])
def test_intervals_hold_what_is_found_at_points(causal):
    p, chain, points = task(), model(causal).model, sampled(causal)
    below = lower_bounds_at(chain, p.target, p.domain, NORMS["rms"], p.domain.sample(20))
    names = sups_of(chain.stages[0])
    assert names == ("local_error", "error")
    fewer = sampled(causal, 20)
    for i, depth in enumerate(certified(causal)):
        for name, sup in (("error", depth.error), ("local_error", depth.stages[i].local_error)):
            highest = float(getattr(points, name)[0, :, i].max())
            assert sup.lower <= sup.upper <= 1.0101 * sup.lower
            assert highest * (1 - 1e-9) <= sup.upper <= 1.02 * highest
            torch.testing.assert_close(below[i][name], getattr(fewer, name)[0, :, i], atol=1e-9, rtol=1e-9)
        assert depth.stages[i].eps_interpolation is depth.stages[i].eps_block is None


def test_errors_follow_from_local_ones_scale_by_scale():
    """e_i <= local_i + L_i e_{i-1}, with the ends that make it hardest; halving L breaks it: the control."""
    stages, found = task().target.stages, certified()
    before = 0.0
    for stage, depth in zip(stages, found, strict=True):
        constant = stage.lipschitz("rms").upper
        assert depth.error.lower <= depth.stages[-1].local_error.upper + constant * before
        before = depth.error.upper
    p, chain = task(), model().model
    points = trace(tracers([chain], p.target, p.domain, NORMS["rms"], 2), p.domain.sample(400))
    constants = [s.lipschitz("rms").upper for s in stages]
    check_trace(points, constants, constants, split=False)
    with pytest.raises(SoundnessError, match="L_i ‖t − y‖ fails at stage 2"):
        check_trace(points, [c / 4 for c in constants], constants, split=False)
    with pytest.raises(SoundnessError, match="K_1i"):
        check_trace(points, constants, constants, split=True)  # nan: Lemma 5.3 is not about them


def test_the_merged_error_is_that_of_the_merged_maps():
    p, chain = task(), model().model
    x = p.domain.points(p.domain.sample(200))
    difference = torch.cat(chain.trajectory(x), dim=1) - torch.cat(p.target.trajectory(x), dim=1)
    highest = float(NORMS["rms"](difference).max())
    merged = certified()[-1].error_merged
    assert highest * (1 - 1e-9) <= merged.upper <= 1.05 * highest
    assert merged.lower <= merged.upper
    assert merged.lower >= 0.98 * highest
    norms = torch.stack([NORMS["rms"](part) for part in difference.split([4, 16], dim=1)], dim=-1)
    together = NORMS["rms"].merged(norms, [4, 16])[:, -1]
    torch.testing.assert_close(together, NORMS["rms"](difference), atol=0, rtol=ROUNDING)


def test_training_aims_at_every_scale_shown():
    result = model()
    assert [math.isfinite(rms) and rms < 0.6 for rms in result.train_rms] == [True, True]
    p = task()
    x = p.domain.points(p.domain.grid(64))
    stage = result.model.stages[1]
    truth = p.target.trajectory(x)
    answers = stage.block(stage.interpolate(torch.cat([x, truth[0]], dim=1)))
    for answer, y in zip(answers.split([4, 16], dim=1), truth, strict=True):
        assert float((answer - y).square().mean() / y.square().mean()) < 0.5


def test_a_pyramid_does_not_depend_on_its_company():
    alone, (beside, other) = (
        model(seed=1),
        train([task(seed=1), task(seed=2, target="fold")], shape(False), RECIPE, "pyramid"),
    )
    for a, b in zip(alone.model.parameters(), beside.model.parameters(), strict=True):
        assert torch.equal(a, b)
    assert not torch.equal(next(alone.model.parameters()), next(other.model.parameters()))
    with pytest.raises(
        ValueError, match="a pyramid is trained by teacher_forcing or tokenized, got training=stagewise"
    ):
        FAMILIES["pyramid"].check(SIDES, Recipe(steps=20))
