"""Forked children that run side by side, each with a time limit, and report over a pipe."""

import json
import os
import select
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

Report = tuple[str, str]  # a verdict, and the first failing test


@dataclass(frozen=True)
class Job:
    """Tests to run: all of varexp as it is, but `module` (a dotted name), if one is named, from `source`."""

    tests: tuple[str, ...]
    timeout: float
    module: str = ""
    source: str = ""
    label: Any = None


@dataclass(frozen=True)
class Outcome:
    """What became of a job: "passed", "failed" or "timeout", the first failing test, and the seconds it took."""

    job: Job
    verdict: str
    failing: str
    seconds: float

    @property
    def killed(self) -> bool:
        """Whether the tests noticed the change; one that makes them hang is noticed."""
        return self.verdict in ("failed", "timeout")


def run_all(jobs: Iterable[Job], processes: int, work: Callable[[Job], Report]) -> Iterator[Outcome]:
    """The outcomes of all jobs as they end, so many at a time; `work` runs in the child."""
    waiting, running = iter(jobs), {}
    while True:
        while len(running) < processes and (job := next(waiting, None)) is not None:
            child, pipe = _fork(job, work)
            running[pipe] = (job, child, time.monotonic())
        if not running:
            return
        ready = select.select(list(running), [], [], 0.2)[0]
        for pipe, (job, child, start) in list(running.items()):
            seconds = time.monotonic() - start
            if pipe in ready or seconds > job.timeout:
                del running[pipe]
                yield Outcome(job, *_end(child, pipe, pipe in ready), seconds)


def _end(child: int, pipe: int, ready: bool) -> Report:
    report = os.read(pipe, 65536) if ready else b""
    os.close(pipe)
    if not report:  # too slow, or dead before it could say anything
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    if not report:
        return "failed" if ready else "timeout", ""
    verdict, failing = json.loads(report)
    return verdict, failing


def _fork(job: Job, work: Callable[[Job], Report]) -> tuple[int, int]:
    read, write = os.pipe()
    child = os.fork()
    if child:
        os.close(write)
        return child, read
    os.setsid()
    try:
        try:
            report = work(job)
        except BaseException as error:  # of the machinery itself
            report = "broken", repr(error)
        os.write(write, json.dumps(report).encode())
    finally:
        os._exit(0)
