"""Give the batches of a sweep to its engine, and bring through what dies.

A batch whose process or job dies is run again, as far as its models have not been reported; if it dies once more than
`retries` says, its models run one by one. So a chain that kills its worker costs its own cells, and no others.
"""

import dataclasses
from collections import deque
from collections.abc import Callable, Generator, Sequence

from varexp.errors import bad_value
from varexp.sweeps.config import EngineSettings, SweepConfig
from varexp.sweeps.engines.base import ENGINES, Ended, Engine
from varexp.sweeps.execute import Outcome
from varexp.sweeps.plan import Batch
from varexp.sweeps.records import Store
from varexp.training.problem import Notify

Admit = Callable[[Batch], Batch | None]  # asked just before a batch begins: the part of it that is to be run


def engine_of(config: SweepConfig) -> Engine:
    """The engine of a config. ValueError for one that does not exist or cannot run here, or settings out of range."""
    settings, engine = config.engine, ENGINES[config.engine.name]
    if settings.workers < 0:
        raise bad_value("engine.workers", settings.workers, "0 (chosen by the engine) or more")
    if config.retries < 0:
        raise bad_value("retries", config.retries, "0 or more")
    if settings.time_limit is not None and not settings.time_limit > 0:
        raise bad_value("engine.time_limit", settings.time_limit, "null or a number of seconds above 0")
    for field in dataclasses.fields(EngineSettings):
        value, default = getattr(settings, field.name), getattr(EngineSettings(), field.name)
        if field.name != "name" and field.name not in engine.takes and value != default:
            others = ", ".join(name for name, other in ENGINES.items() if field.name in other.takes)
            raise ValueError(
                f"the {engine.name} engine has no use for engine.{field.name}={value}: leave it out, or choose an "
                f"engine that has ({others})"
            )
    engine.check(settings)
    return engine


def run_batches(
    batches: Sequence[Batch], config: SweepConfig, store: Store, notify: Notify, admit: Admit = lambda batch: batch
) -> Generator[Outcome, None, None]:
    """Outcomes of models in the order in which they come."""
    reported: set[str] = set()
    attempts: dict[Batch, int] = {}
    with engine_of(config).pool(config, store, notify, len(batches)) as pool:
        waiting, again = deque(batches), deque[Batch]()
        while waiting or again or pool.is_busy:
            while waiting and pool.has_room:
                admitted = admit(waiting.popleft())
                if admitted is not None:
                    pool.give(admitted)
            while again and (pool.isolated or not (waiting or pool.is_busy)):
                pool.give(again.popleft())
            for batch, found in pool.events():
                if isinstance(found, Outcome):
                    reported |= {record["key"] for record in found.records} | found.failures.keys()
                    yield found
                    continue
                left = tuple(m for m in batch.models if not reported.issuperset(cell.key for cell in m.cells))
                if not left:
                    continue
                rest, times = Batch(left), attempts.pop(batch, 0) + 1
                if times <= config.retries:
                    attempts[rest] = times
                    again.append(rest)
                elif len(left) > 1:
                    again.extend(Batch((model,)) for model in left)
                else:
                    yield _lost(rest, found, times)


def _lost(batch: Batch, ended: Ended, times: int) -> Outcome:
    reason = (ended.death or "its batch ended without a result") + ("" if times == 1 else f", {times} times in a row")
    return Outcome(failures={cell.key: reason for model in batch.models for cell in model.cells})
