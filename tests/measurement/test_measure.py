"""measurement/measure.py: what is attained, consistent, independent of company and depth, better than the sample."""

import dataclasses
import math

import pytest
import torch
from small import CONFIG, problem, train, trained

from varexp.maps.norms import NORMS
from varexp.maps.patterns import generator
from varexp.measurement.measure import Measurement, measure
from varexp.measurement.trace import SUPS
from varexp.models.block import Block, BlockConfig
from varexp.models.chain import Chain, ChainStage
from varexp.training.recipe import Recipe

HOW = Measurement()


@pytest.mark.parametrize("norm", NORMS)
def test_lower_ends_beat_the_sample_and_stay_below_a_dense_maximum(norm):
    p, chain = problem(), trained().model
    found = measure([chain], p.target, p.domain, dataclasses.replace(HOW, norm=norm))[0][-1]
    x = p.domain.points(p.domain.sample(p.domain.sample_points))
    dense = p.domain.points(p.domain.sample(40_000))
    sampled = float(NORMS[norm](chain(x) - p.target(x)).max())
    truth = float(NORMS[norm](chain(dense) - p.target(dense)).max())
    assert sampled < found.error.lower
    assert found.error.lower == pytest.approx(truth, rel=1e-7)
    assert found.error_mean <= found.error_l2 <= found.error.lower
    at = chain(p.domain.points(torch.tensor(found.places[SUPS.index("error")], dtype=torch.float64)))
    there = p.target(p.domain.points(torch.tensor(found.places[SUPS.index("error")], dtype=torch.float64)))
    assert float(NORMS[norm](at - there)) == pytest.approx(found.error.lower, rel=1e-12)


def test_depths_read_off_and_company_leave_the_same_bits():
    how = Measurement(ascent_steps=4)
    recipe = Recipe(steps=30, learning_rate=0.02)
    company = [problem(seed=s) for s in range(3)]
    chains = [r.model for r in train(company, CONFIG, recipe)]
    target, domain = company[0].target, company[0].domain
    together = measure(chains, target, domain, how)
    alone = measure(chains[1:2], target, domain, how)[0]
    shallow = measure([c.prefix(1) for c in chains[1:]], target.prefix(1), domain, how)[0]
    assert together[1] == alone
    assert [together[1][0]] == shallow


def test_evidence_grows_with_depth_only_where_it_may():
    p = problem("fold")
    found = measure([trained("fold").model], p.target, p.domain, HOW)[0]
    assert len(found) == 2
    assert [len(d.stages) for d in found] == [1, 2]
    assert found[1].stages[0].eps_block.lower >= found[0].stages[0].eps_block.lower  # more points
    assert found[0].error.lower == found[0].bound_pointwise  # one stage: (**) is an equality


def spike(width: float) -> Block:
    """A block that is 0 but for a bump of height 1 in channel 1 where channel 0 is within `width` of 0.7."""
    config = BlockConfig(width=2, hidden=3, head_size=2, activation="relu", positions=False)
    block = Block(config, 1, 2, generator("spike")).double()
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.zero_()
        block.embed[0, 0] = 1.0
        block.ffn_into[:, 0] = 1 / width
        block.ffn_into_bias.copy_(torch.tensor([1.0, 0.0, -1.0]) - 0.7 / width)
        block.ffn_out[1] = torch.tensor([1.0, -2.0, 1.0])
        block.readout[1, 1] = 1.0
    return block.requires_grad_(False)


def test_a_planted_spike_is_what_it_says():
    """The control behind every lower end: it is attained, and it is no upper bound. Samples miss a narrow spike."""
    p = problem("fold", "dct", sides=(1, 1), K=1e-9, domain="curve-1")  # a target of nearly zero
    narrow, wide = (Chain([ChainStage("dct", 1, 1, spike(w))]) for w in (1e-7, 0.1))
    assert float(narrow(torch.tensor([[0.7, 0.0]], dtype=torch.float64))[0, 1]) == pytest.approx(1, abs=1e-6)
    found = [
        measure([c], p.target, p.domain, dataclasses.replace(HOW, norm="max"))[0][0].error.lower for c in (narrow, wide)
    ]
    assert found[1] == pytest.approx(1, abs=1e-3)
    assert found[0] < 1e-6  # its sup is 1 too: an attained value never decides HOLDS


@pytest.mark.parametrize("domain", ["disc-2", "ball-2"])
def test_several_parameters(domain):
    p, chain = problem(domain=domain), trained(domain=domain).model
    found = measure([chain], p.target, p.domain, HOW)[0][-1]
    dense = p.domain.points(p.domain.sample(20_000))
    assert found.error.lower >= 0.97 * float(NORMS["rms"](chain(dense) - p.target(dense)).max())


def test_fields_are_plain_numbers():
    p = problem()
    found = measure([trained().model], p.target, p.domain, Measurement(ascent_steps=1))[0][0]
    for interval in dataclasses.asdict(found.stages[0]).values():
        assert isinstance(interval["lower"], float)
        assert interval["upper"] == math.inf  # sampling knows no upper end


def test_without_ascent_the_sample_is_what_is_left():
    p = problem()
    found = measure([trained().model], p.target, p.domain, Measurement(starts=0))[0]
    sought = measure([trained().model], p.target, p.domain, HOW)[0]
    assert 0.99 * sought[-1].error.lower < found[-1].error.lower <= sought[-1].error.lower


def test_bad_settings():
    with pytest.raises(ValueError, match="starts is 0 or a multiple of 4, got 3"):
        Measurement(starts=3)
