"""engine=local: in this process, or in worker processes of one thread each on this machine."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager

from varexp.sweeps.config import EngineSettings, SweepConfig
from varexp.sweeps.engines.base import Ended, Engine, Event, Pool, register
from varexp.sweeps.engines.workers import Workers
from varexp.sweeps.execute import execute
from varexp.sweeps.plan import Batch
from varexp.sweeps.records import Store
from varexp.training.problem import Notify


@register("local")
class Local(Engine):
    """Takes one worker per core, unless `workers` says otherwise."""

    takes = frozenset({"workers", "time_limit"})

    def workers(self, settings: EngineSettings) -> int:
        if settings.workers:
            return settings.workers
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

    def pool(self, config: SweepConfig, store: Store, notify: Notify, batches: int) -> AbstractContextManager[Pool]:
        workers, limit = self.workers(config.engine), config.engine.time_limit
        if limit is None and (workers == 1 or batches <= 1):
            return ThisProcess(notify)
        return Workers(workers, limit, notify)


class ThisProcess(Pool):
    """One batch at a time, in this process."""

    def __init__(self, notify: Notify) -> None:
        self.notify = notify
        self.batch: Batch | None = None

    def __exit__(self, *_: object) -> None:
        self.batch = None

    @property
    def has_room(self) -> bool:
        return self.batch is None

    @property
    def is_busy(self) -> bool:
        return self.batch is not None

    def give(self, batch: Batch) -> None:
        self.batch = batch

    def events(self) -> Iterator[Event]:
        batch, self.batch = self.batch, None
        if batch is not None:
            for outcome in execute(batch, self.notify):
                yield batch, outcome
            yield batch, Ended()
