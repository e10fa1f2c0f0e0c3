"""Sweeps as processes to be disturbed, what an undisturbed one gives, and what is wrong after a disturbance."""

import csv
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from varexp.commands import main
from varexp.sweeps.records import CHECKSUM, DamagedError, Store, checked_record

SMALL = ["axes.width=[4,8]", "axes.seed=[0,1]", "axes.depth=[1]", "steps=30", "gap=0.5"]
TARGET = "axes.target=[affine]"
OWN = {"wall_s", "git_commit", "version", "torch", "machine", "processor"}  # columns that no two runs need to share
MARK = "VAREXP_CHAOS"
PATIENCE_S = 300


@dataclass
class Process:
    """A sweep in a process group of its own, forked from this process, which has imported everything."""

    pid: int
    mark: str
    output: Path
    status: int | None = None

    def over(self) -> bool:
        """Whether it has ended."""
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = os.waitstatus_to_exitcode(status) if pid else None
        return self.status is not None

    def wait(self) -> int:
        """Its exit status, below 0 for a signal."""
        deadline = time.monotonic() + PATIENCE_S
        while not self.over():
            if time.monotonic() > deadline:
                raise TimeoutError(f"a sweep has not ended after {PATIENCE_S} s: {self.text()[-2000:]}")
            time.sleep(0.02)
        assert self.status is not None
        return self.status

    def text(self) -> str:
        """What it has printed."""
        return self.output.read_text(errors="replace")

    def processes(self) -> dict[int, str]:
        """Everything alive that it has started, itself among it: command lines by process number."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if f"{MARK}={self.mark}\0".encode() not in (folder / "environ").read_bytes() + b"\0":
                    continue
                if (folder / "stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX":
                    found[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ")
            except OSError:
                continue
        return found


def start(results: Path, arguments: Sequence[str] = (), before: Callable[[], None] = lambda: None) -> Process:
    """Begin a sweep as its command would. `before` is called in its process."""
    mark = f"{os.getpid()}-{time.monotonic_ns()}"
    results.parent.mkdir(parents=True, exist_ok=True)
    output = results.parent / f"{results.name}-{mark}.log"
    words = [*SMALL, TARGET, "engine.workers=1", *arguments, f"results={results}"]
    pid = os.fork()
    if pid == 0:
        status = 70
        try:
            os.setsid()
            os.environ[MARK] = mark  # for the processes below; of this one the environment is not seen in /proc
            target = os.open(output, os.O_WRONLY | os.O_CREAT)
            for number in (1, 2):
                os.dup2(target, number)
            for name in ("SIGINT", "SIGTERM", "SIGHUP"):
                signal.signal(getattr(signal, name), signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            sys.argv = ["varexp", "sweep", *words]
            before()
            status = main(["sweep", *words])
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        except KeyboardInterrupt:
            status = 130
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    return Process(pid, mark, output)


def rows(path: Path) -> dict[str, dict[str, str]]:
    """The rows of a table by key, without the columns that no two runs need to share."""
    with open(path, newline="") as file:
        found = [{name: value for name, value in row.items() if name not in OWN} for row in csv.DictReader(file)]
    by_key = {row["key"]: row for row in found}
    if len(by_key) < len(found):
        raise ValueError(f"{path} has a key twice")
    return by_key


def content(record: dict[str, object]) -> str:
    """A record without what no two runs need to share."""
    row = record["row"]
    assert isinstance(row, dict)
    kept = {name: value for name, value in record.items() if name not in (*OWN, CHECKSUM)}
    return json.dumps({**kept, "row": {name: value for name, value in row.items() if name not in OWN}}, sort_keys=True)


@dataclass
class Reference:
    """What a sweep without any fault gives."""

    table: dict[str, dict[str, str]]
    records: dict[str, str]
    seconds: float

    @classmethod
    def made(cls, folder: Path, arguments: Sequence[str] = ()) -> "Reference":
        """Run the sweep."""
        began, results = time.monotonic(), folder / "reference"
        process = start(results, arguments)
        if process.wait() != 0:
            raise RuntimeError(f"the sweep without a fault failed: {process.text()}")
        seconds = time.monotonic() - began
        store, table = Store(results), rows(results / "tables" / "sweep.csv")
        records = {key: content(record) for key in table if (record := store.read(key)) is not None}
        return cls(table, records, seconds)


@dataclass
class Tally:
    """Faults of a kind, and what they did."""

    faults: int = 0
    sweeps: int = 0
    lost: int = 0
    doubled: int = 0
    changed: int = 0
    processes_left: int = 0
    tracebacks: int = 0
    told: list[str] = field(default_factory=list)  # a line for everything that was wrong

    def wrong(self, what: str, line: str) -> None:
        """Count something that should not be."""
        setattr(self, what, getattr(self, what) + 1)
        self.told.append(f"{what}: {line}")

    @property
    def clean(self) -> bool:
        """Whether nothing was wrong."""
        return not self.told


def check_records(results: Path, reference: Reference, tally: Tally) -> None:
    """Every record that lies in a store is whole, and the one of an undisturbed run."""
    for path in (results / "runs" / "records").glob("[!.]*.json"):
        try:
            found = content(checked_record(path.read_bytes(), path.stem))
        except DamagedError as fault:
            tally.wrong("changed", f"{path.name} is no record: {fault}")
            continue
        except FileNotFoundError:  # a sweep that still runs has replaced it
            continue
        if path.stem in reference.records and found != reference.records[path.stem]:
            tally.wrong("changed", f"{path.name} has other values")


def check_end(process: Process, tally: Tally, may_trace: bool = False) -> None:
    """Its processes are gone within seconds, and none of them printed a traceback, unless it may."""
    deadline = time.monotonic() + 20
    while (left := process.processes()) and time.monotonic() < deadline:
        time.sleep(0.1)
    for pid, command in left.items():
        tally.wrong("processes_left", f"{pid} {command}")
        os.kill(pid, signal.SIGKILL)
    if "Traceback" in process.text() and not may_trace:
        tally.wrong("tracebacks", process.text()[-1500:])


def finish(results: Path, reference: Reference, tally: Tally, arguments: Sequence[str] = ()) -> None:
    """Run the sweep to its end without a fault; its table and records are those of the reference."""
    process = start(results, arguments)
    tally.sweeps += 1
    status = process.wait()
    check_end(process, tally)
    if status != 0:
        tally.wrong("lost", f"the sweep after the faults ended with {status}: {process.text()[-1500:]}")
        return
    try:
        found = rows(results / "tables" / "sweep.csv")
    except ValueError as error:
        tally.wrong("doubled", str(error))
        return
    for key in reference.table.keys() - found.keys():
        tally.wrong("lost", f"row {key}")
    for key in found.keys() - reference.table.keys():
        tally.wrong("doubled", f"row {key}")
    for key in found.keys() & reference.table.keys():
        if found[key] != reference.table[key]:
            tally.wrong("changed", f"row {key}")
    records = {path.stem for path in (results / "runs" / "records").glob("[!.]*.json")}
    if records != reference.records.keys():
        tally.wrong("lost", f"records {sorted(records ^ reference.records.keys())}")
    check_records(results, reference, tally)
