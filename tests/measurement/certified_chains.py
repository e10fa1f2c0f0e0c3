"""Small trained chains, and points where their errors are large."""

import torch
from small import train

from varexp.maps.domains import parse_domain
from varexp.maps.norms import NORMS
from varexp.maps.targets import build_target
from varexp.measurement.trace import SUPS, trace, tracers
from varexp.models.block import BlockConfig
from varexp.training.problem import Problem
from varexp.training.recipe import Recipe


def small_chain(target, kernel, activation, domain="curve-1", sides=(1, 2, 3)):
    task = Problem(build_target(target, sides, 1.7), parse_domain(domain), kernel, 0)
    config = BlockConfig(width=4, hidden=6, head_size=4, activation=activation)
    return task, train([task], config, Recipe(steps=60, learning_rate=0.02))[0].model


def starting_places(task, chain):
    theta = task.domain.sample(256)
    found = trace(tracers([chain], task.target, task.domain, NORMS["rms"], chain.depth), theta)
    return [theta[torch.stack([getattr(found, name)[0, :, i].argmax() for name in SUPS])] for i in range(chain.depth)]
