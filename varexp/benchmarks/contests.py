"""A contest: two ways to do the same work, measured in turn, several times; what counts is the ratio of a pair."""

import contextlib
import os
import resource
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

Cost = Callable[[], float]


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        part: which benchmark.
        what: what was measured, with its sizes.
        unit: of `value`.
        value: the median of what varexp needs, as it is in this checkout.
        against: the other way, or "" where there is none.
        ratio: how many times as much the other way needs: the median over pairs. Above 1 varexp is ahead.
        low: the smallest ratio of a pair, or the lower end of an interval of `value`.
        high: the largest, or the upper end.
        pairs: how many.
    """

    part: str
    what: str
    unit: str
    value: float
    against: str = ""
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    pairs: int = 0


def contest(part: str, what: str, ours: Cost, others: Mapping[str, Cost], pairs: int, unit: str) -> list[Row]:
    """Measure all ways in turn, `pairs` times, and give a row for each of the others.

    Args:
        ours: does the work once and returns its cost, in `unit`.
        others: the same for every other way, by its name.
    """
    costs = [(ours(), {name: cost() for name, cost in others.items()}) for _ in range(pairs)]
    value = statistics.median(own for own, _ in costs)
    if not others:
        return [Row(part, what, unit, value, pairs=pairs)]
    rows = []
    for name in others:
        ratios = [theirs[name] / own for own, theirs in costs]
        rows.append(Row(part, what, unit, value, name, statistics.median(ratios), min(ratios), max(ratios), pairs))
    return rows


@contextlib.contextmanager
def on_one_core() -> Iterator[None]:
    """No thread of this process runs on a second core: libraries that wait for one by turning would count double."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def core_seconds(work: Callable[[], object]) -> float:
    """What a call costs, in seconds of a core: of this process, all threads, and of children that have ended."""
    before = spent()
    work()
    return spent() - before


def spent() -> float:
    """What this process has cost so far, in the same unit."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime
