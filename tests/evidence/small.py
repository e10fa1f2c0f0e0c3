"""Small problems that the tests of evidence share."""

from functools import lru_cache

from varexp.evidence.train import Problem, Trained, Training, train
from varexp.maps.domain import Domain
from varexp.maps.targets import build_target
from varexp.models.block import BlockConfig

CONFIG = BlockConfig(width=8, hidden=16, head_size=8)


def problem(target="sine", kernel="keys", seed=0, sides=(2, 3, 4), K=1.5, domain="curve-2"):
    return Problem(build_target(target, sides, K), Domain.parse(domain), kernel, seed)


@lru_cache
def trained(target="sine", kernel="keys", steps=60, sides=(2, 3, 4), mode="stagewise", domain="curve-2") -> Trained:
    training = Training(mode=mode, steps=steps, learning_rate=0.02)
    return train([problem(target, kernel, sides=sides, domain=domain)], CONFIG, training)[0]
