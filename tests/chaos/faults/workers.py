"""Workers that hang, or may have no more memory; targets that end their worker, or give no numbers."""

import os
import random
import resource
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ..checks import Reference, Tally, check_end, compare, rows
from ..sweeps import Process, start
from ..targets import HOSTILE, STATUS
from .base import FAULTS, AtRandom, kind, plain_folder

TWO = ["engine.workers=2"]
IMPORTED = 290e6  # bytes of memory of a worker that has imported what it needs


def at_work(do: Callable[[int], None]) -> Callable[[Process, Path, random.Random], bool]:
    """Do something to a worker that has imported what it needs."""

    def act(process: Process, results: Path, source: random.Random) -> bool:
        found = []
        for pid, command in process.others().items():
            with suppress(OSError):
                pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
                if "spawn_main" in command and pages * resource.getpagesize() > IMPORTED:
                    found.append(pid)
        if found:
            do(source.choice(found))
        return bool(found)

    return act


def take_memory(pid: int) -> None:
    """From here on the process may have no more memory than it has."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[0])
    resource.prlimit(pid, resource.RLIMIT_AS, (pages * resource.getpagesize(),) * 2)


def stop(pid: int) -> None:
    """The process does nothing more, and does not end."""
    os.kill(pid, signal.SIGSTOP)


FAULTS["a worker without memory"] = AtRandom(at_work(take_memory), arguments=TWO, may_trace=True)
FAULTS["a worker that hangs"] = AtRandom(at_work(stop), arguments=[*TWO, "engine.time_limit=8"], survives=True)


@kind("a chain in every batch that kills its worker")
def deadly_chains(folder: Path, reference: Reference, count: int, source: random.Random) -> Tally:
    """Beside a target that ends its process, every row of the other one is made, in one sweep."""
    tally = Tally()
    for place in range(count):
        results = folder / f"{place:04d}" / "results"
        with plain_folder(results):
            process = start(results, [*TWO, "axes.target=[affine,deadly]"])
            tally.sweeps += 1
            status = process.wait()
            deaths = process.text().count(f"ended with status {STATUS}")
            if (status, deaths) != (1, len(reference.table)):
                tally.wrong("lost", f"status {status}, {deaths} cells told as dead: {process.text()[-1500:]}")
            tally.faults += deaths
            check_end(process, tally)
            compare(rows(results / "tables" / "sweep.incomplete.csv"), reference, tally)
    return tally


@kind("a target that gives nan or inf or numbers without end")
def hostile_targets(folder: Path, reference: Reference, count: int, source: random.Random) -> Tally:
    """Beside it, every row of another target is made; its own rows say that they diverged, and claim nothing."""
    tally = Tally()
    for place in range(count):
        results, hostile = folder / f"{place:04d}" / "results", HOSTILE[place % len(HOSTILE)]
        with plain_folder(results):
            process = start(results, [f"axes.target=[affine,{hostile}]"])
            tally.sweeps += 1
            tally.faults += 1
            process.wait()
            check_end(process, tally)
            found = rows(results / "tables" / "sweep.csv")
            own = {key: row for key, row in found.items() if row["target"] == hostile}
            compare({key: row for key, row in found.items() if key not in own}, reference, tally)
            for key, row in own.items():
                if not claims_nothing(row):
                    tally.wrong("changed", f"row {key} of {hostile} claims something: {row}")
            if len(own) != len(reference.table):
                tally.wrong("lost", f"{len(own)} rows of {hostile}")
    return tally


def claims_nothing(row: dict[str, str]) -> bool:
    """Whether a row says that its model diverged, and has no error, no bound and no verdict."""
    empty = [name for name in row if name.startswith(("error_lower", "error_upper", "bound_", "verdict"))]
    return (row["diverged"], row["certified"]) == ("True", "False") and not any(row[name] for name in empty)
