"""What an undisturbed sweep gives, and what is wrong after a disturbance."""

import csv
import json
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from varexp.sweeps.records import CHECKSUM, DamagedError, Store, checked_record

from .sweeps import Process, start

OWN = {"wall_s", "git_commit", "version", "torch", "machine", "processor"}  # columns that no two runs need to share


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
    bytes: int  # on a disk

    @classmethod
    def made(cls, folder: Path) -> "Reference":
        """Run the sweep."""
        began, results = time.monotonic(), folder / "reference"
        process = start(results)
        if process.wait() != 0:
            raise RuntimeError(f"the sweep without a fault failed: {process.text()}")
        seconds = time.monotonic() - began
        store, table = Store(results), rows(results / "tables" / "sweep.csv")
        records = {key: content(record) for key in table if (record := store.read(key)) is not None}
        size = sum(path.stat().st_blocks for path in results.rglob("*")) * 512
        return cls(table, records, seconds, size)


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
    while (left := process.others()) and time.monotonic() < deadline:
        time.sleep(0.1)
    for pid, command in left.items():
        tally.wrong("processes_left", f"{pid} {command}")
        os.kill(pid, signal.SIGKILL)
    if "Traceback" in process.text() and not may_trace:
        tally.wrong("tracebacks", process.text()[-1500:])


def compare(found: dict[str, dict[str, str]], reference: Reference, tally: Tally) -> None:
    """The rows of a table are those of an undisturbed run."""
    for key in reference.table.keys() - found.keys():
        tally.wrong("lost", f"row {key}")
    for key in found.keys() - reference.table.keys():
        tally.wrong("doubled", f"row {key}")
    for key in found.keys() & reference.table.keys():
        if found[key] != reference.table[key]:
            tally.wrong("changed", f"row {key}")


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
    compare(found, reference, tally)
    records = {path.stem for path in (results / "runs" / "records").glob("[!.]*.json")}
    if records != reference.records.keys():
        tally.wrong("lost", f"records {sorted(records ^ reference.records.keys())}")
    check_records(results, reference, tally)
