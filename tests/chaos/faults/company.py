"""Several sweeps on one folder, and a clock that goes back."""

import os
import random
import signal
import time
from pathlib import Path

from ..checks import Reference, Tally, check_end, check_records, finish
from ..sweeps import start
from .base import FAULTS, Fault, at_random, kind, plain_folder


def company(size: int) -> Fault:
    """Sweeps on one folder at once, of which one is killed every other time."""

    def run(folder: Path, reference: Reference, count: int, source: random.Random) -> Tally:
        tally = Tally()
        for place in range(count):
            results = folder / f"{place:04d}" / "results"
            with plain_folder(results):
                processes = [start(results) for _ in range(size)]
                tally.sweeps += size
                tally.faults += 1
                victim = processes[0]
                killed = place % 2 == 1 and at_random(
                    victim, reference.seconds, source, lambda pid=victim.pid: os.kill(pid, signal.SIGKILL) is None
                )
                for process in processes:
                    if process.wait() != 0 and not (killed and process is victim):
                        tally.wrong("lost", process.text()[-1500:])
                    check_end(process, tally)
                check_records(results, reference, tally)
                finish(results, reference, tally)
        return tally

    return run


FAULTS["two sweeps on one folder"] = company(2)
FAULTS["four sweeps on one folder"] = company(4)


@kind("a clock that goes back")
def backward_clock(folder: Path, reference: Reference, count: int, source: random.Random) -> Tally:
    """Every look at the clock is an hour before the last one."""

    def before() -> None:
        now = time.time()
        looks = iter(range(1, 10**9))
        time.time = lambda: now - 3600.0 * next(looks)

    tally = Tally()
    for place in range(count):
        results = folder / f"{place:04d}" / "results"
        with plain_folder(results):
            process = start(results, before=before)
            tally.sweeps += 1
            tally.faults += 1
            if process.wait() != 0:
                tally.wrong("lost", process.text()[-1500:])
            check_end(process, tally)
            finish(results, reference, tally)
    return tally
