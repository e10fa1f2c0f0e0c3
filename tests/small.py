"""Small problems that the tests of training and measurement share."""

from functools import lru_cache

from varexp.families import FAMILIES
from varexp.maps.domains import parse_domain
from varexp.maps.targets import build_target
from varexp.models.block import BlockConfig
from varexp.training.problem import Problem, Trained, silent
from varexp.training.recipe import Recipe

CONFIG = BlockConfig(width=8, hidden=16, head_size=8)


def problem(target="sine", kernel="keys", seed=0, sides=(2, 3, 4), K=1.5, domain="curve-2"):
    return Problem(build_target(target, sides, K), parse_domain(domain), kernel, seed)


@lru_cache
def trained(target="sine", kernel="keys", steps=60, sides=(2, 3, 4), mode="stagewise", domain="curve-2") -> Trained:
    recipe = Recipe(training=mode, steps=steps, learning_rate=0.02)
    return train([problem(target, kernel, sides=sides, domain=domain)], CONFIG, recipe)[0]


def train(problems, config, recipe, model="chain"):
    return FAMILIES[model].train(problems, config, recipe, silent)
