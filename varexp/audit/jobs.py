"""Proofs and lies as jobs, which run in several processes."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from varexp.audit.verdict import Row, audited

Job = Callable[[Path], dict[str, Any]]


@dataclass(frozen=True)
class Proof:
    """The audit of a row."""

    row: Row

    def __call__(self, folder: Path) -> dict[str, Any]:
        return audited(self.row, folder)


def timed(job: tuple[Job, Path]) -> tuple[dict[str, Any], float]:
    """The result of a job and its time in seconds."""
    started = time.perf_counter()
    return job[0](job[1]), time.perf_counter() - started


def run(jobs: Sequence[Job], folder: Path, workers: int) -> Iterator[tuple[dict[str, Any], float]]:
    """The results of jobs, in the order in which they end."""
    work = [(job, folder) for job in jobs]
    if workers <= 1:
        yield from map(timed, work)
        return
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        for future in as_completed([pool.submit(timed, job) for job in work]):
            yield future.result()
