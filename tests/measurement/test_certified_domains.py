"""Certified sups over domains of several parameters: to a gap, roughly, refused. Curves are in test_certify.py."""

import pytest
import torch
from certified_chains import small_chain, starting_places
from small import CONFIG, problem, train, trained
from tolerances import ROUNDING

from varexp.enclosure import Goal
from varexp.maps.domains import Ball, parse_domain
from varexp.maps.norms import NORMS
from varexp.maps.targets import build_target
from varexp.measurement.certify import certify
from varexp.measurement.trace import trace, tracers
from varexp.training.problem import Problem
from varexp.training.recipe import Recipe


@pytest.mark.slow
@pytest.mark.parametrize(("domain", "channels"), [("disc-1", 2), ("disc-2", 2), ("ball-2", 1)])
def test_domains_of_two_and_three_parameters(domain, channels):
    where = parse_domain(domain, channels)
    sides = (where.side, where.side + 1)
    task = Problem(build_target("sine", sides, 1.5, channels), where, "nearest", 0)
    chain = train([task], CONFIG, Recipe(steps=60, learning_rate=0.02))[0].model
    result = certify(chain, task.target, where, "rms", Goal(gap=0.05), starting_places(task, chain))
    dense = trace(tracers([chain], task.target, where, NORMS["rms"], 1), where.sample(4096))
    for name, sup in result.stages[0].items():
        assert float(getattr(dense, name)[0, :, 0].max()) <= sup.upper * (1 + ROUNDING)
        assert sup.gap <= 0.05


def test_too_many_parameters_are_refused():
    task, chain = problem("sine", "keys"), trained("sine", "keys").model
    with pytest.raises(ValueError, match="at most 8 parameters; ball-2 has 9"):
        certify(chain, task.target, Ball(2, channels=3), "rms", Goal(), [])


@pytest.mark.parametrize("domain", ["ball-2", "box-2", "box-1"])
def test_domains_of_many_parameters_have_an_upper_end(domain):
    """Rough beyond four parameters, where they are symbols: evaluated words lie below it."""
    task, chain = small_chain("sine", "keys", "tanh", domain=domain, sides=(parse_domain(domain).side, 3))
    theta = task.domain.sample(256)
    found = trace(tracers([chain], task.target, task.domain, NORMS["rms"], 1), theta)
    result = certify(chain, task.target, task.domain, "rms", Goal(gap=0.05, evaluations=1000), [theta[:4]])
    assert float(found.error.max()) <= result.error.upper < 100 * float(found.error.max())
    assert result.error.lower <= result.error.upper


def test_points_outside_the_domain_say_nothing():
    task, chain = small_chain("sine", "keys", "tanh", domain="disc-1")
    for place in ([30.0, 0.0], [float("nan"), 0.0]):
        points = [torch.tensor([place], dtype=torch.float64)] * chain.depth
        with pytest.raises(ValueError, match="points lie in the domain disc-1, got"):
            certify(chain, task.target, task.domain, "rms", Goal(gap=0.5), points)
