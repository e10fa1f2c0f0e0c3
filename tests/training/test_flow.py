"""training/flow.py, measurement/generated.py: training FlowAR, measuring it, and a network that knows the answer."""

import math
from functools import lru_cache

import pytest
import torch
from small import problem
from torch import nn

from varexp.maps.norms import NORMS
from varexp.measurement.generated import draw_noise, measure_flow
from varexp.models.flowar import FlowAR, FlowArchitecture, tokenizer
from varexp.training.flow import flow_learning_rate, new_flow_stage, train_flow
from varexp.training.recipe import Recipe

SIDES = (1, 2, 4)
SHAPE = FlowArchitecture(width=8, hidden=16, head_size=8)
RECIPE = Recipe(training="teacher_forcing", steps=150, learning_rate=0.02)


def task(seed=0, target="sine"):
    return problem(target, "keys", seed=seed, sides=SIDES, K=2.1, domain="curve-1")


@lru_cache
def flow(seed=0):
    return train_flow([task(seed)], SHAPE, RECIPE)[0]


class Oracle(nn.Module):
    """A velocity that knows the sample: exact on every path to it."""

    def __init__(self, target, scale):
        super().__init__()
        self.target, self.scale = target, scale

    def forward(self, flow, guess, time):
        return (guess - flow) / (1 - time)


def perfect(p):
    """A FlowAR whose guesses are the true Y^i and whose networks are the true velocities."""
    stages = [new_flow_stage(p, SIDES[: i + 2], SHAPE) for i in range(2)]
    x = p.domain.points(p.domain.sample(256))

    for index, stage in enumerate(stages):
        stage.net = Oracle(p.target, index)

        def answer(u, index=index):
            """The word stands at the front of the stack, interpolated: constant on its scale."""
            word = u[:, :1]
            return tokenizer(p.target(word), SIDES[1:], "area")[index]

        stage.transformer.answer = answer
    assert torch.allclose(stages[0].transformer.interpolate(x)[:, :1], x)
    return FlowAR(stages).double()


def test_a_perfect_model_read_literally_is_off_by_the_noise_and_no_more():
    p = task()
    literal, repaired, euler = (
        measure_flow(perfect(p), p.target, p.domain, NORMS["rms"], sampler, 4)
        for sampler in ("literal", "repaired", "euler")
    )
    assert literal.error_lower == pytest.approx(literal.noise_rms, rel=1e-12)
    assert literal.error_mean == pytest.approx(literal.noise_rms, rel=1e-12)
    assert repaired.error_lower < 1e-12
    assert euler.error_lower < 1e-12
    assert repaired.error_noise_high < 1e-12
    draws = [float(NORMS["rms"](draw_noise(d, p.target, 2)[-1])) for d in range(1, 21)]
    assert min(draws) <= literal.error_noise_low < literal.error_noise_high <= max(draws)


def test_training_beats_ignorance_and_the_literal_reading_does_not():
    p, result = task(), flow()
    assert all(rms < 0.95 for rms in result.train_rms)
    assert result.diverged_at is None
    assert all(len(curve) == 25 and curve[-1] < curve[0] for curve in result.curves)
    repaired, literal = (
        measure_flow(result.model, p.target, p.domain, NORMS["rms"], s, 1) for s in ("repaired", "literal")
    )
    assert repaired.error_mean < literal.noise_rms < literal.error_lower
    assert repaired.error_mean <= repaired.error_l2 <= repaired.error_lower
    assert 0 < repaired.error_noise_low < repaired.error_noise_high


def test_a_flow_is_seeded_and_does_not_depend_on_its_company():
    beside, other = train_flow([task(), task(target="fold")], SHAPE, RECIPE)
    assert all(torch.equal(a, b) for a, b in zip(flow().model.parameters(), beside.model.parameters(), strict=True))
    different = train_flow([task(seed=1)], SHAPE, RECIPE)[0]
    assert not torch.equal(next(iter(flow().model.parameters())), next(iter(different.model.parameters())))
    assert [p.dtype for p in flow().model.parameters()] == [torch.float64] * len(list(flow().model.parameters()))
    assert flow().train_rms == beside.train_rms
    assert other.diverged_at is None


def test_noise_depends_on_draw_and_scale_alone():
    target = task().target
    first, again, other = draw_noise(0, target, 2), draw_noise(0, target, 2), draw_noise(1, target, 2)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[0], other[0])
    assert torch.equal(draw_noise(0, target.prefix(1), 2)[0], first[0])
    many = torch.cat([n.flatten() for d in range(200) for n in draw_noise(d, target, 2)])
    assert abs(float(many.mean())) < 4 / math.sqrt(len(many))
    assert abs(float(many.std()) - 1) < 4 / math.sqrt(2 * len(many))


def test_a_diverged_flow_says_so():
    recipe = Recipe(training="teacher_forcing", steps=30, learning_rate=1e8)
    assert train_flow([task()], SHAPE, recipe)[0].diverged_at == 1


def test_recipe_and_bad_input():
    assert flow_learning_rate(16) == 0.02
    assert flow_learning_rate(64) == 0.005
    with pytest.raises(ValueError, match="epsilon is a finite number from 0 up, got -1"):
        FlowArchitecture(epsilon=-1)
    wrong = problem("sine", sides=(2, 3, 4))
    with pytest.raises(ValueError, match="with a = 2 these would do: 2-4-8"):
        train_flow([wrong], SHAPE, RECIPE)
