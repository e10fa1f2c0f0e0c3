"""Engines run batches, in this process or in several, and yield the outcome of each as soon as it is there.

A batch whose worker dies is run again when the others are done, alone; if it dies once more, chain by chain. So a chain
that kills its worker costs its own cells, and no others.
"""

import os
from collections import deque
from collections.abc import Callable, Generator, Sequence

from varexp.errors import bad_value, unknown_name
from varexp.sweeps.config import SweepConfig
from varexp.sweeps.execute import Outcome, execute
from varexp.sweeps.plan import Batch
from varexp.sweeps.workers import Death, Workers
from varexp.training.problem import Notify

ENGINES = ("local",)
Admit = Callable[[Batch], Batch | None]  # asked just before a batch begins: the part of it that is to be run


def workers_of(config: SweepConfig) -> int:
    """How many batches run at a time. ValueError for an engine that does not exist, or settings out of range."""
    engine = config.engine
    if engine.name not in ENGINES:
        raise unknown_name("engine", engine.name, ENGINES)
    if engine.workers < 0:
        raise bad_value("engine.workers", engine.workers, "0 (one per core) or more")
    if config.retries < 0:
        raise bad_value("retries", config.retries, "0 or more")
    if engine.time_limit is not None and not engine.time_limit > 0:
        raise bad_value("engine.time_limit", engine.time_limit, "null or a number of seconds above 0")
    if engine.workers:
        return engine.workers
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_batches(
    batches: Sequence[Batch], workers: int, config: SweepConfig, notify: Notify, admit: Admit = lambda batch: batch
) -> Generator[Outcome, None, None]:
    """Outcomes in the order in which they come. One worker or batch: in this process; more: in others of one thread."""
    if (workers == 1 or len(batches) <= 1) and config.engine.time_limit is None:
        for batch in batches:
            admitted = admit(batch)
            if admitted is not None:
                yield execute(admitted, notify)
    else:
        yield from _in_processes(batches, workers, config, notify, admit)


def _in_processes(
    batches: Sequence[Batch], workers: int, config: SweepConfig, notify: Notify, admit: Admit
) -> Generator[Outcome, None, None]:
    deaths: dict[Batch, int] = {}
    with Workers(workers, config.engine.time_limit, notify) as pool:
        waiting, alone = deque(batches), deque[Batch]()
        while waiting or alone or pool.busy:
            while waiting and pool.has_room:
                admitted = admit(waiting.popleft())
                if admitted is not None:
                    pool.give(admitted)
            if alone and not waiting and not pool.busy:
                pool.give(alone.popleft())
            for batch, found in pool.ended():
                if isinstance(found, Outcome):
                    yield found
                    continue
                deaths[batch] = deaths.get(batch, 0) + 1
                if deaths[batch] <= config.retries:
                    alone.append(batch)
                elif len(batch.models) > 1:
                    alone.extend(Batch((model,)) for model in batch.models)
                else:
                    yield _lost(batch, found, deaths[batch])


def _lost(batch: Batch, death: Death, times: int) -> Outcome:
    again = "" if times == 1 else f", {times} times in a row"
    return Outcome(failures={cell.key: f"{death.reason}{again}" for model in batch.models for cell in model.cells})
