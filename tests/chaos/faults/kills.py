"""Signals to a sweep, to its workers, to all of them, to the service of W&B."""

import os
import random
import signal
from collections.abc import Callable
from pathlib import Path

from ..sweeps import Process
from .base import FAULTS, AtRandom

KILLS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
CHAIN = 10


def to_sweep(number: signal.Signals) -> Callable[[Process, Path, random.Random], bool]:
    """Kill the sweep's own process."""

    def act(process: Process, results: Path, source: random.Random) -> bool:
        os.kill(process.pid, number)
        return True

    return act


def to_group(number: signal.Signals) -> Callable[[Process, Path, random.Random], bool]:
    """Kill the sweep and its workers at once, as a terminal does."""

    def act(process: Process, results: Path, source: random.Random) -> bool:
        os.killpg(process.pid, number)
        return True

    return act


def to_one_of(word: str, number: signal.Signals) -> Callable[[Process, Path, random.Random], bool]:
    """Kill one of the processes that have the word in their command."""

    def act(process: Process, results: Path, source: random.Random) -> bool:
        found = [pid for pid, command in process.others().items() if word in command]
        if found:
            os.kill(source.choice(found), number)
        return bool(found)

    return act


for _number in KILLS:
    _name = _number.name
    FAULTS[f"{_name} to the sweep"] = AtRandom(to_sweep(_number), chain=CHAIN)
    FAULTS[f"{_name} to sweep and workers"] = AtRandom(to_group(_number), arguments=["engine.workers=2"], chain=CHAIN)
    FAULTS[f"{_name} to a worker"] = AtRandom(
        to_one_of("spawn_main", _number), arguments=["engine.workers=2"], survives=True
    )
    FAULTS[f"{_name} to the service of W&B"] = AtRandom(
        to_one_of("wandb-core", _number), arguments=["tracking=wandb"], survives=True
    )
