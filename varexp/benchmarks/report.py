"""The table of a benchmark: in the terminal, and in results/benchmarks as JSON, a file for each kind of machine."""

import importlib.metadata
import json
import os
import platform
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from varexp.benchmarks.contests import Row
from varexp.files import write_atomically

PACKAGES = ("varexp", "torch", "numpy", "jax", "optax")


def machine() -> str:
    """The processor and the number of its cores that this process may use, as a name of a file."""
    text = platform.processor() or platform.machine()
    cpu = Path("/proc/cpuinfo")
    if cpu.exists():
        found = re.search(r"model name\s*:\s*(.+)", cpu.read_text(errors="replace"))
        text = found[1] if found else text
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return re.sub(r"[^a-z0-9]+", "-", f"{text} {cores} cores".lower()).strip("-")


def versions() -> dict[str, str]:
    """Of Python and of what is installed of PACKAGES."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def keep(rows: Sequence[Row], command: str, results: Path) -> Path:
    """Put rows into the file of this machine, in the place of those of the same parts; returns the file."""
    path = results / "benchmarks" / f"{machine()}.json"
    parts: dict[str, Any] = json.loads(path.read_text())["parts"] if path.exists() else {}
    about = {"command": command, "load": [round(value, 2) for value in os.getloadavg()], "versions": versions()}
    for part in dict.fromkeys(row.part for row in rows):
        found = [{k: v for k, v in asdict(row).items() if k != "part"} for row in rows if row.part == part]
        parts[part] = {**about, "rows": found}
    write_atomically(path, json.dumps({"machine": machine(), "parts": dict(sorted(parts.items()))}, indent=1) + "\n")
    return path


def lines(rows: Iterable[Row]) -> Iterable[str]:
    """One line for each row, as soon as it is there."""
    yield f"{'part':11s} {'what':58s} {'varexp':>10s}  {'against':14s} {'ratio':>7s} {'of pairs':>16s}  unit"
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        spread = "" if row.low is None else f"{row.low:.2f} to {row.high:.2f}"
        start = f"{row.part:11s} {row.what:58s} {row.value:10.4g}"
        yield f"{start}  {row.against:14s} {ratio:>7s} {spread:>16s}  {row.unit}"
