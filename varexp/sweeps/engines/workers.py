"""Worker processes that can die: what happens to one costs the batch that it held, and no other.

Every worker is a process with a pipe to its parent. It gets a batch; it sends back numbers of model-steps, an outcome
for each model as it is done, and at last None. A worker whose parent is gone ends at once.
"""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from varexp.extensions import load_extensions
from varexp.sweeps.engines.base import Ended, Event, Pool
from varexp.sweeps.execute import Outcome, execute
from varexp.sweeps.plan import Batch
from varexp.training.problem import Notify

POLL_S = 0.2
REPORTED_AT_ONCE = 1000  # model-steps
START_S = 120.0  # how long a worker may take to start, beside its limit of time
END_S = 5.0  # how long a worker has to end before it is killed


@dataclass
class Worker:
    """A process, the pipe to it, and the batch that it holds."""

    process: Any
    pipe: Connection
    batch: Batch
    given: float = field(default_factory=time.monotonic)
    begun: float | None = None  # when it first said something
    memory: str = ""  # when last seen

    def look(self) -> None:
        """Note how much memory the process has, where the system says so."""
        with suppress(OSError):
            for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    self.memory = f", {int(line.split()[1]) / 2**20:.1f} GiB of memory at most when last seen"

    def death(self) -> Ended:
        """How it ended."""
        _end(self.process)  # it may have closed its pipe and go on
        code = self.process.exitcode
        names = {number.value: number.name for number in signal.Signals}
        how = f"was killed by {names.get(-code, f'signal {-code}')}" if code < 0 else f"ended with status {code}"
        hint = ", perhaps for want of memory" if code == -signal.SIGKILL else ""
        return Ended(f"worker process {self.process.pid} {how}{hint}{self.memory}")


@contextmanager
def _blocked_for_children() -> Iterator[None]:
    """Processes that start here never see what a terminal sends to the whole group: it is the parent's to handle."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # it would unblock them
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end(process: Any) -> None:
    """Wait for the end of a process, and kill it if that takes long."""
    process.join(END_S)
    if process.is_alive():
        process.kill()
        process.join()


class Workers(Pool):
    """At most `count` worker processes."""

    def __init__(self, count: int, time_limit: float | None, notify: Notify) -> None:
        self.count, self.time_limit, self.notify = count, time_limit, notify
        self.context = multiprocessing.get_context("spawn")
        self.busy: list[Worker] = []
        self.idle: list[tuple[Any, Connection]] = []

    def __exit__(self, *_: object) -> None:
        processes = [*(worker.process for worker in self.busy), *(process for process, _ in self.idle)]
        for process in processes:
            process.terminate()
        for process in processes:
            _end(process)

    @property
    def has_room(self) -> bool:
        return len(self.busy) < self.count

    @property
    def is_busy(self) -> bool:
        return bool(self.busy)

    def give(self, batch: Batch) -> None:
        process, pipe = self.idle.pop() if self.idle else self._new()
        with suppress(OSError):  # it has died since: that is found when its answer is waited for
            pipe.send(batch)
        self.busy.append(Worker(process, pipe, batch))

    def _new(self) -> tuple[Any, Connection]:
        ours, theirs = self.context.Pipe()
        process = self.context.Process(target=_serve, args=(theirs,), daemon=True)
        with _blocked_for_children():
            process.start()
        theirs.close()
        return process, ours

    def events(self) -> Iterator[Event]:
        if self.busy:
            wait([worker.pipe for worker in self.busy], POLL_S)
        for worker in list(self.busy):
            worker.look()
            yield from self._heard(worker)

    def _heard(self, worker: Worker) -> Iterator[Event]:
        try:
            while worker.pipe.poll():
                message = worker.pipe.recv()
                worker.begun = worker.begun or time.monotonic()
                if isinstance(message, Outcome):
                    yield worker.batch, message
                elif message is None:
                    self.busy.remove(worker)
                    self.idle.append((worker.process, worker.pipe))
                    yield worker.batch, Ended()
                    return
                else:
                    self.notify(message)
        except (EOFError, OSError):
            yield self._gone(worker, worker.death())
            return
        since = worker.given + START_S if worker.begun is None else worker.begun
        if self.time_limit is not None and time.monotonic() - since > self.time_limit:
            worker.process.kill()
            worker.process.join()
            limit = f"engine.time_limit={self.time_limit:g} s"
            yield self._gone(worker, Ended(f"worker process {worker.process.pid} took longer than {limit}"))

    def _gone(self, worker: Worker, ended: Ended) -> Event:
        self.busy.remove(worker)
        worker.pipe.close()
        return worker.batch, ended


def _serve(pipe: Connection) -> None:
    """Run batches until the parent ends."""
    for name in ("SIGINT", "SIGHUP"):  # where they cannot be blocked
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    load_extensions()
    while True:
        try:
            batch = pipe.recv()
        except (EOFError, OSError):
            return
        reporter = Reporter(pipe)
        reporter.send()  # it has begun
        for outcome in execute(batch, reporter):
            reporter.send()
            pipe.send(outcome)
        reporter.send()
        pipe.send(None)


class Reporter:
    """Tells the parent of model-steps, many at once."""

    def __init__(self, pipe: Connection) -> None:
        self.pipe, self.waiting = pipe, 0

    def __call__(self, count: int) -> None:
        self.waiting += count
        if self.waiting >= REPORTED_AT_ONCE:
            self.send()

    def send(self) -> None:
        """Report what is left."""
        self.pipe.send(self.waiting)
        self.waiting = 0


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()  # its end closes a pipe, whatever ended it
        os._exit(1)
