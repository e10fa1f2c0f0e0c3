"""Engines run batches, in this process or in several, and yield the outcome of each as soon as it is there."""

import multiprocessing
import os
import queue
import signal
from collections.abc import Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool

from varexp.errors import bad_value, unknown_name
from varexp.extensions import load_extensions
from varexp.sweeps.execute import Outcome, execute
from varexp.sweeps.plan import Batch
from varexp.training.problem import Notify

ENGINES = ("local",)
POLL_S = 0.2

_steps: "multiprocessing.Queue[int] | None" = None  # in a worker: where it reports model-steps


def workers_of(name: str, workers: int) -> int:
    """How many batches run at a time. ValueError for an engine that does not exist."""
    if name not in ENGINES:
        raise unknown_name("engine", name, ENGINES)
    if workers < 0:
        raise bad_value("engine.workers", workers, "0 (one per core) or more")
    if workers:
        return workers
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_batches(batches: Sequence[Batch], workers: int, notify: Notify) -> Generator[Outcome, None, None]:
    """Outcomes in the order in which they come. One worker: in this process; more: processes of one thread each."""
    if workers == 1 or len(batches) <= 1:
        for batch in batches:
            yield execute(batch, notify)
    else:
        yield from _in_processes(batches, workers, notify)


def _in_processes(batches: Sequence[Batch], workers: int, notify: Notify) -> Generator[Outcome, None, None]:
    context = multiprocessing.get_context("spawn")
    steps = context.Queue()
    with ProcessPoolExecutor(workers, context, _start_worker, (steps,)) as pool:
        futures: dict[Future[Outcome], Batch] = {pool.submit(_in_worker, batch): batch for batch in batches}
        pending = set(futures)
        try:
            while pending:
                done, pending = wait(pending, POLL_S, FIRST_COMPLETED)
                _forward(steps, notify)
                for future in done:
                    yield _result(future, futures[future])
        except BaseException:  # interrupted from outside, or the store is full: stop the batches that have not begun
            for future in pending:
                future.cancel()
            for process in multiprocessing.active_children():
                process.terminate()
            raise


def _result(future: "Future[Outcome]", batch: Batch) -> Outcome:
    try:
        return future.result()
    except BrokenProcessPool:
        reason = "a worker process was killed, perhaps for want of memory; run the same command again to resume"
        return Outcome(failures={cell.key: reason for model in batch.models for cell in model.cells})


def _start_worker(steps: "multiprocessing.Queue[int]") -> None:
    global _steps
    _steps = steps
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interruption is the parent's to handle
    load_extensions()


def _in_worker(batch: Batch) -> Outcome:
    assert _steps is not None
    waiting = 0

    def notify(count: int) -> None:
        nonlocal waiting
        waiting += count
        if waiting >= 1000 and _steps is not None:
            _steps.put(waiting)
            waiting = 0

    outcome = execute(batch, notify)
    _steps.put(waiting)
    return outcome


def _forward(steps: "multiprocessing.Queue[int]", notify: Notify) -> None:
    while True:
        try:
            notify(steps.get_nowait())
        except queue.Empty:
            return
