"""Kinds of faults. Each is a function that makes `count` faults of its kind, and tallies what they did."""

import json
import os
import random
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from varexp.sweeps.records import Store, checksum

from .sweeps import Process, Reference, Tally, check_end, check_records, finish, rows, start
from .targets import HOSTILE

TWO = ["engine.workers=2"]
MIRRORED = ["tracking=wandb"]
KILLS = ("SIGKILL", "SIGTERM", "SIGINT", "SIGHUP")
LONGEST_CHAIN = 10  # kills of one sweep before it is left to end
Fault = Callable[[Path, Reference, int, random.Random], Tally]
FAULTS: dict[str, Fault] = {}


def kind(name: str) -> Callable[[Fault], Fault]:
    """Make a kind of fault known."""

    def add(fault: Fault) -> Fault:
        FAULTS[name] = fault
        return fault

    return add


# ---- kills ---------------------------------------------------------------------------------------------------------


def kill(victim: str, number: signal.Signals, process: Process, source: random.Random) -> bool:
    """Whether there was something to kill."""
    if victim == "group":
        os.killpg(process.pid, number)
        return True
    if victim == "parent":
        os.kill(process.pid, number)
        return True
    word = {"worker": "spawn_main", "service": "wandb-core"}[victim]
    found = [pid for pid, command in process.processes().items() if word in command]
    if not found:
        return False
    os.kill(source.choice(found), number)
    return True


def kills(victim: str, number: signal.Signals, arguments: Sequence[str]) -> Fault:
    """Kills of a victim at random moments; the sweep is begun again after each that ends it."""

    def run(folder: Path, reference: Reference, count: int, source: random.Random) -> Tally:
        tally, place = Tally(), 0
        while tally.faults < count and place < 20 * count:
            place += 1
            results, chain = folder / f"{place:04d}", min(LONGEST_CHAIN, count - tally.faults)
            for _ in range(chain):
                process = start(results, arguments)
                tally.sweeps += 1
                if not hit(process, victim, number, reference.seconds, source):
                    process.wait()
                    break
                tally.faults += 1
                status = process.wait()
                check_end(process, tally)
                check_records(results, reference, tally)
                if victim in ("worker", "service") and status != 0:
                    tally.wrong("lost", f"the sweep ended with {status}: {process.text()[-1500:]}")
            finish(results, reference, tally, arguments)
            forget(results)
        return tally

    return run


def hit(process: Process, victim: str, number: signal.Signals, seconds: float, source: random.Random) -> bool:
    """Kill at a random moment of a sweep, as soon as there is something to kill. False if it ended before."""
    moment = time.monotonic() + source.uniform(0, seconds)
    while time.monotonic() < moment:
        if process.over():
            return False
        time.sleep(0.005)
    while not process.over():
        if kill(victim, number, process, source):
            return True
        time.sleep(0.02)
    return False


def forget(results: Path) -> None:
    """Delete a store, and what its sweeps have printed."""
    shutil.rmtree(results, ignore_errors=True)
    for path in results.parent.glob(f"{results.name}-*.log"):
        path.unlink()


for _name in KILLS:
    _number = getattr(signal, _name)
    FAULTS[f"{_name} to the sweep"] = kills("parent", _number, [])
    FAULTS[f"{_name} to sweep and workers"] = kills("group", _number, TWO)
    FAULTS[f"{_name} to a worker"] = kills("worker", _number, TWO)
    FAULTS[f"{_name} to the service of W&B"] = kills("service", _number, MIRRORED)


# ---- folders -------------------------------------------------------------------------------------------------------


@contextmanager
def small_disk(folder: Path, size: str):
    """A file system of its own in memory."""
    folder.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def remount(folder: Path, options: str) -> None:
    """Change a file system that is in use."""
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)


def can_mount() -> bool:
    """Whether this machine lets us mount."""
    try:
        with small_disk(Path(f"/tmp/varexp-mount-{os.getpid()}"), "64k"):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


@kind("a full disk")
def full_disk(folder: Path, reference: Reference, count: int, source: random.Random) -> Tally:
    """Disks of `count` sizes, from hardly anything to what the sweep needs; then room is made."""
    tally = Tally()
    for place in range(count):
        results = folder / f"{place:04d}" / "results"
        with small_disk(results, f"{int(16 * 1.32**place)}k"):
            process = start(results)
            tally.sweeps += 1
            tally.faults += process.wait() != 0
            check_end(process, tally)
            check_records(results, reference, tally)
            remount(results, "size=64m")
            finish(results, reference, tally)
    return tally


@kind("a folder that becomes read-only")
def read_only(folder: Path, reference: Reference, count: int, source: random.Random) -> Tally:
    """At a random moment nothing can be written any more; later it can."""
    tally = Tally()
    for place in range(count):
        results = folder / f"{place:04d}" / "results"
        with small_disk(results, "64m"):
            process = start(results)
            tally.sweeps += 1
            time.sleep(source.uniform(0, reference.seconds))
            tally.faults += 1
            while subprocess.run(["mount", "-o", "remount,ro", str(results)], capture_output=True).returncode:
                time.sleep(0.001)  # a file is open for writing
            process.wait()
            check_end(process, tally)
            check_records(results, reference, tally)
            remount(results, "rw")
            finish(results, reference, tally)
    return tally


@kind("a folder that vanishes")
def vanishing(folder: Path, reference: Reference, count: int, source: random.Random) -> Tally:
    """At a random moment the records, all of runs/, or all results are deleted."""
    tally = Tally()
    for place in range(count):
        results = folder / f"{place:04d}"
        process = start(results)
        tally.sweeps += 1
        time.sleep(source.uniform(0, reference.seconds))
        tally.faults += 1
        shutil.rmtree(results / source.choice(["runs/records", "runs", "."]), ignore_errors=True)
        process.wait()
        check_end(process, tally)
        check_records(results, reference, tally)
        finish(results, reference, tally)
        forget(results)
    return tally


# ---- records -------------------------------------------------------------------------------------------------------


def altered(
    folder: Path, reference: Reference, tally: Tally, changes: Sequence[tuple[str, bytes]], sweeps: int
) -> None:
    """Files of a store with other content: reading tells, and as many sweeps as said make the table whole again.

    Args:
        changes: paths below the results, and what is written there.
        sweeps: after every so many changes a sweep runs.
    """
    results = folder / "altered"
    finish(results, reference, tally)
    store = Store(results)
    for place, (name, data) in enumerate(changes, 1):
        path = results / name
        before = path.read_bytes()
        path.write_bytes(data)
        tally.faults += 1
        again = place % max(1, len(changes) // sweeps) == 0
        if again:
            finish(results, reference, tally)
            continue
        for key in reference.records if path.suffix == ".safetensors" else [path.stem]:
            found = store.read(key)
            if found is not None and checksum(found) != checksum(json.loads(before)) and path.suffix == ".json":
                tally.wrong("changed", f"{name} was believed")
            if found is not None and path.suffix == ".safetensors" and found["weights"] == path.stem:
                tally.wrong("changed", f"{name} was believed")
            restored = results / "runs" / "damaged" / f"{key}.json"
            if found is None and path.suffix == ".safetensors":
                restored.replace(store.path(key))
        path.write_bytes(before)
    finish(results, reference, tally)
    forget(results)


def any_record(folder: Path, reference: Reference, tally: Tally) -> tuple[str, bytes]:
    """The place and the bytes of a record."""
    finish(folder / "altered", reference, tally)
    name = f"runs/records/{min(reference.records)}.json"
    return name, (folder / "altered" / name).read_bytes()


@kind("a byte of a record flipped")
def flipped_bytes(folder: Path, reference: Reference, count: int, source: random.Random) -> Tally:
    """One random bit in each of `count` bytes; all of the record's where count is as large."""
    tally = Tally()
    name, data = any_record(folder, reference, tally)
    places = range(len(data)) if count >= len(data) else sorted(source.sample(range(len(data)), count))
    changes = [(name, data[:i] + bytes([data[i] ^ 1 << source.randrange(8)]) + data[i + 1 :]) for i in places]
    altered(folder, reference, tally, changes, 5)
    return tally


@kind("a value in a record altered")
def altered_values(folder: Path, reference: Reference, count: int, source: random.Random) -> Tally:
    """JSON that is as good as before, with one value that is not."""
    tally = Tally()
    name, data = any_record(folder, reference, tally)
    changes = [(name, json.dumps(_with_another_value(json.loads(data), source)).encode()) for _ in range(count)]
    altered(folder, reference, tally, changes, 5)
    return tally


def _with_another_value(record, source: random.Random):
    place = record
    while True:
        name = source.choice(list(place) if isinstance(place, dict) else range(len(place)))
        value = place[name]
        if isinstance(value, dict | list) and value:
            place = value
            continue
        if isinstance(value, bool) or value is None or isinstance(value, dict | list):
            place[name] = source.choice([1, "HOLDS", not value])
        elif isinstance(value, int | float):
            place[name] = source.choice([value + 1, -value - 1, value * 0.99 + 1e-9, None])
        else:
            place[name] = source.choice([value + "x", "", None])
        return record


@kind("a byte of weights flipped")
def flipped_weights(folder: Path, reference: Reference, count: int, source: random.Random) -> Tally:
    """One random bit of one of the files of weights."""
    tally = Tally()
    any_record(folder, reference, tally)
    files = sorted((folder / "altered" / "runs" / "weights").iterdir())
    changes = []
    for _ in range(count):
        path = source.choice(files)
        data = bytearray(path.read_bytes())
        data[source.randrange(len(data))] ^= 1 << source.randrange(8)
        changes.append((f"runs/weights/{path.name}", bytes(data)))
    altered(folder, reference, tally, changes, 5)
    return tally


# ---- workers that neither die nor answer, or have too little ---------------------------------------------------------


def on_workers(act: Callable[[int], None], arguments: Sequence[str], may_trace: bool = False) -> Fault:
    """Do something to a worker at a random moment. The sweep may lose what it worked on, and the next one makes it."""

    def run(folder: Path, reference: Reference, count: int, source: random.Random) -> Tally:
        tally, place = Tally(), 0
        while tally.faults < count and place < 20 * count:
            place += 1
            results = folder / f"{place:04d}"
            process = start(results, [*TWO, *arguments])
            tally.sweeps += 1
            moment = time.monotonic() + source.uniform(0, reference.seconds)
            while not process.over():
                found = workers_at_work(process)
                if time.monotonic() > moment and found:
                    act(source.choice(found))
                    tally.faults += 1
                    break
                time.sleep(0.02)
            process.wait()
            check_end(process, tally, may_trace)
            check_records(results, reference, tally)
            finish(results, reference, tally, TWO)
            forget(results)
        return tally

    return run


def workers_at_work(process: Process) -> list[int]:
    """The workers that have imported what they need."""
    found = []
    for pid, command in process.processes().items():
        with suppress(OSError):
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
            if "spawn_main" in command and pages * resource.getpagesize() > 290e6:
                found.append(pid)
    return found


def take_memory(pid: int) -> None:
    """From here on the process may have no more memory than it has."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[0])
    resource.prlimit(pid, resource.RLIMIT_AS, (pages * resource.getpagesize(),) * 2)


FAULTS["a worker without memory"] = on_workers(take_memory, [], may_trace=True)  # of a library
FAULTS["a worker that hangs"] = on_workers(lambda pid: os.kill(pid, signal.SIGSTOP), ["engine.time_limit=8"])


@kind("a chain in every batch that kills its worker")
def deadly_chains(folder: Path, reference: Reference, count: int, source: random.Random) -> Tally:
    """Beside a target that ends the process, every row of the other one is made, in one sweep."""
    tally = Tally()
    for place in range(count):
        results = folder / f"{place:04d}"
        process = start(results, [*TWO, "axes.target=[affine,deadly]"])
        tally.sweeps += 1
        tally.faults += len({row["width"] for row in reference.table.values()})  # a batch each
        if process.wait() != 1:
            tally.wrong("changed", f"cells that failed were not told: {process.text()[-1500:]}")
        check_end(process, tally)
        compare(rows(results / "tables" / "sweep.incomplete.csv"), reference, tally)
        forget(results)
    return tally


@kind("a target that gives nan or inf or numbers without end")
def hostile_targets(folder: Path, reference: Reference, count: int, source: random.Random) -> Tally:
    """Beside it, every row of another target is made; its own cells fail by name or say that they diverged."""
    tally = Tally()
    for place in range(count):
        results, hostile = folder / f"{place:04d}", HOSTILE[place % len(HOSTILE)]
        process = start(results, [f"axes.target=[affine,{hostile}]"])
        tally.sweeps += 1
        tally.faults += 1
        status = process.wait()
        check_end(process, tally)
        name = "sweep.csv" if status == 0 else "sweep.incomplete.csv"
        found = rows(results / "tables" / name)
        compare({key: row for key, row in found.items() if row["target"] == "affine"}, reference, tally)
        for key, row in found.items():
            if row["target"] == hostile and row["diverged"] != "true" and row["certified"] == "true":
                tally.wrong("changed", f"row {key} of {hostile} has an error that is certified")
        forget(results)
    return tally


def compare(found: dict[str, dict[str, str]], reference: Reference, tally: Tally) -> None:
    """Rows that an undisturbed run has are all there, and the same but for the settings that follow other values."""
    for key, row in reference.table.items():
        if key not in found:
            tally.wrong("lost", f"row {key}")
        elif found[key] != row:
            tally.wrong("changed", f"row {key}")
    for key in found.keys() - reference.table.keys():
        tally.wrong("doubled", f"row {key}")


# ---- time and company ------------------------------------------------------------------------------------------------


@kind("a clock that goes back")
def backward_clock(folder: Path, reference: Reference, count: int, source: random.Random) -> Tally:
    """Every look at the clock is an hour before the last one."""

    def before() -> None:
        now = time.time()
        looks = iter(range(1, 10**9))
        time.time = lambda: now - 3600.0 * next(looks)

    tally = Tally()
    for place in range(count):
        results = folder / f"{place:04d}"
        process = start(results, before=before)
        tally.sweeps += 1
        tally.faults += 1
        if process.wait() != 0:
            tally.wrong("lost", process.text()[-1500:])
        check_end(process, tally)
        finish(results, reference, tally)
        forget(results)
    return tally


def company(size: int) -> Fault:
    """Several sweeps on one folder at once, of which one is killed every other time."""

    def run(folder: Path, reference: Reference, count: int, source: random.Random) -> Tally:
        tally = Tally()
        for place in range(count):
            results = folder / f"{place:04d}"
            processes = [start(results) for _ in range(size)]
            tally.sweeps += size
            tally.faults += 1
            victim = processes[0] if place % 2 else None
            if victim is not None and not hit(victim, "parent", signal.SIGKILL, reference.seconds, source):
                victim = None
            for process in processes:
                if process.wait() != 0 and process is not victim:
                    tally.wrong("lost", process.text()[-1500:])
                check_end(process, tally)
            check_records(results, reference, tally)
            finish(results, reference, tally)
            forget(results)
        return tally

    return run


FAULTS["two sweeps on one folder"] = company(2)
FAULTS["four sweeps on one folder"] = company(4)

MOUNTS = ("a full disk", "a folder that becomes read-only")
