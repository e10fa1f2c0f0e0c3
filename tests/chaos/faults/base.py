"""What a kind of fault is, and the common course: a sweep runs, something happens to it, and it is finished."""

import random
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..checks import Reference, Tally, check_end, check_records, finish
from ..sweeps import Process, start

Fault = Callable[[Path, Reference, int, random.Random], Tally]  # folder, reference, how many faults, random source
FAULTS: dict[str, Fault] = {}
TRIES = 5  # sweeps for one fault, where sweeps end before it can be made


def kind(name: str) -> Callable[[Fault], Fault]:
    """Make a kind of fault known."""

    def add(fault: Fault) -> Fault:
        FAULTS[name] = fault
        return fault

    return add


@contextmanager
def plain_folder(results: Path) -> Iterator[None]:
    """A folder for results that is deleted afterwards, with what its sweeps have printed."""
    yield
    shutil.rmtree(results, ignore_errors=True)
    for path in results.parent.glob(f"{results.name}-*.log"):
        path.unlink()


@dataclass(frozen=True)
class AtRandom:
    """Something that happens to a running sweep at a random moment, after which it ends or is begun again.

    Attributes:
        act: does it; False where there is nothing yet to do it to.
        repair: makes the folder of results usable again.
        arguments: of the sweeps.
        chain: the most faults in a row on one folder, before a sweep is left to end.
        folder: holds the results while sweeps run.
        survives: whether the sweep itself must end well.
        may_trace: whether a library may print a traceback.
    """

    act: Callable[[Process, Path, random.Random], bool]
    repair: Callable[[Path], None] = lambda results: None
    arguments: Sequence[str] = ()
    chain: int = 1
    folder: Callable[[Path], AbstractContextManager[None]] = plain_folder
    survives: bool = False
    may_trace: bool = False

    def __call__(self, folder: Path, reference: Reference, count: int, source: random.Random) -> Tally:
        """Make `count` faults."""
        tally, place = Tally(), 0
        while tally.faults < count and place < TRIES * count:
            place += 1
            results = folder / f"{place:04d}" / "results"
            with self.folder(results):
                for _ in range(min(self.chain, count - tally.faults)):
                    if not self._once(results, reference, tally, source):
                        break
                finish(results, reference, tally, self.arguments)
        return tally

    def _once(self, results: Path, reference: Reference, tally: Tally, source: random.Random) -> bool:
        """Whether the fault came before the sweep had ended."""
        process = start(results, self.arguments)
        tally.sweeps += 1
        happened = at_random(process, reference.seconds, source, lambda: self.act(process, results, source))
        status = process.wait()
        check_end(process, tally, self.may_trace)
        check_records(results, reference, tally)
        self.repair(results)
        tally.faults += happened
        if self.survives and status != 0:
            tally.wrong("lost", f"the sweep ended with {status}: {process.text()[-1500:]}")
        return happened


def at_random(process: Process, seconds: float, source: random.Random, act: Callable[[], bool]) -> bool:
    """Act at a random moment within so many seconds, or as soon after it as that works. False: the sweep had ended."""
    moment = time.monotonic() + source.uniform(0, seconds)
    while not process.over():
        if time.monotonic() >= moment and act():
            return True
        time.sleep(0.01)
    return False
