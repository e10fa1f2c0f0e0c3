"""make chaos: faults by the hundred while sweeps run, and what they cost, in results/chaos.json.

Usage: python -m tests.chaos.run [only="SIGKILL to a worker,..."] [count=5] [seed=0] [processes=2]

Every kind has its number of faults unless `count` gives one for all. The exit status is 1 where anything was lost,
doubled or changed, a process was left, or a sweep ended with a traceback. The code must not change meanwhile.
Workers import this module for its targets, which they do not do for one that is named __main__.
"""

import json
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path

from varexp.files import write_atomically

from . import targets  # noqa: F401  # registered before any reference is made
from .checks import Reference, Tally
from .faults import FAULTS
from .faults.folders import MOUNTS, can_mount

REPORT = Path(__file__).parents[2] / "results" / "chaos.json"
SETTINGS = {"only": "", "count": "0", "seed": "0", "processes": "2"}
OTHERS = 5
COUNTS = {
    "to the sweep": 57,
    "to sweep and workers": 8,
    "to a worker": 7,
    "to the service of W&B": 4,
    "a full disk": 20,
    "a byte of a record flipped": 10**6,
    "a value in a record altered": 200,
    "a byte of weights flipped": 200,
}


def main(words: Sequence[str]) -> int:
    """Make the faults that the words say."""
    given = dict(word.split("=", 1) for word in words)
    if unknown := set(given) - set(SETTINGS):
        raise SystemExit(f"unknown settings {sorted(unknown)}: choose from {', '.join(SETTINGS)}")
    settings = SETTINGS | given
    names = [name for name in settings["only"].split(",") if name] or list(FAULTS)
    if unknown := set(names) - FAULTS.keys():
        raise SystemExit(f"unknown kinds {sorted(unknown)}: choose from {', '.join(FAULTS)}")
    if not can_mount():
        print(f"left out, since nothing can be mounted here: {', '.join(MOUNTS)}")
        names = [name for name in names if name not in MOUNTS]
    found: dict[str, Tally] = {}
    with tempfile.TemporaryDirectory(prefix="varexp-chaos-") as folder:
        reference = Reference.made(Path(folder))
        print(f"a sweep without a fault: {len(reference.table)} rows in {reference.seconds:.1f} s", flush=True)
        with ProcessPoolExecutor(int(settings["processes"]), get_context("fork")) as pool:
            jobs = {
                pool.submit(
                    run, name, Path(folder), reference, count_of(name, int(settings["count"])), settings["seed"]
                ): name
                for name in names
            }
            for job in as_completed(jobs):
                name, (tally, seconds) = jobs[job], job.result()
                found[name] = tally
                if settings["count"] == "0":
                    keep(name, tally, int(settings["seed"]))
                print(f"{name:50s} {shown(tally)} {seconds:6.0f} s", flush=True)
                for line in tally.told:
                    print(f"  {line}", flush=True)
    kills = sum(tally.faults for name, tally in found.items() if name.startswith("SIG"))
    print(f"{sum(tally.faults for tally in found.values())} faults, {kills} of them kills")
    return 0 if all(tally.clean for tally in found.values()) else 1


def keep(name: str, tally: Tally, seed: int) -> None:
    """Write what came of a kind into results/chaos.json, where the other kinds stay as they are."""
    known = json.loads(REPORT.read_text())["kinds"] if REPORT.exists() else {}
    known[name] = {key: value for key, value in asdict(tally).items() if key != "told"} | {"seed": seed}
    kinds = {kind: known[kind] for kind in FAULTS if kind in known}
    kills = sum(counts["faults"] for kind, counts in kinds.items() if kind.startswith("SIG"))
    faults = sum(counts["faults"] for counts in kinds.values())
    write_atomically(REPORT, json.dumps({"faults": faults, "kills": kills, "kinds": kinds}, indent=1) + "\n")


def count_of(name: str, given: int) -> int:
    """How many faults of a kind."""
    own = next((count for words, count in COUNTS.items() if name.endswith(words)), OTHERS)
    return given or own


def run(name: str, folder: Path, reference: Reference, count: int, seed: str) -> tuple[Tally, float]:
    """The faults of a kind, and how long they took."""
    began = time.monotonic()
    place = folder / "".join(letter if letter.isalnum() else "-" for letter in name)
    return FAULTS[name](place, reference, count, random.Random(f"{seed} {name}")), time.monotonic() - began


def shown(tally: Tally) -> str:
    """Counts in a line."""
    wrong = ", ".join(
        f"{n} {what}"
        for what, n in asdict(tally).items()
        if isinstance(n, int) and n and what not in ("faults", "sweeps")
    )
    return f"{tally.faults:6d} faults {tally.sweeps:4d} sweeps: {wrong or 'nothing lost, doubled, changed or left'}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
