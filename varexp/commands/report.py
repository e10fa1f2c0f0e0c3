"""Write the page of results, one file that opens without a network: varexp report [results=DIR] [path=FILE].

It holds the findings, the ledger, a chart and a table for each experiment, the meaning of each column, and what made
them. Whatever tables are there are shown; findings need the whole sweeps.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from varexp.commands._options import option, parsed, results_of
from varexp.families import FAMILIES
from varexp.files import write_atomically
from varexp.report.findings import Section, collect
from varexp.report.page import Shown, page
from varexp.sweeps.config import CONFIGS, settings
from varexp.sweeps.dictionary import about, described
from varexp.sweeps.tables import INCOMPLETE

STAGES = "_stages"
BY_SAMPLES = dict.fromkeys(("samples", "decoder"), "varexp samples")
OF_SWEEPS = "experiment"  # a column that the tables of sweeps have, and no other table
MAIN = ("depth", "kernel", "width")  # come first
NOTES = ("Claim", "Plan", "Command", "Time", "Outcome")


@dataclass
class ReportOptions:
    """Where the tables are, and where the page goes."""

    results: str | None = option(None, "folder with tables/ and ledger.json; by default results/")
    path: str | None = option(None, "the file to write; by default report.html in the folder of results")


def run(arguments: Sequence[str]) -> int:
    """Write the page."""
    options = parsed(ReportOptions, arguments, __doc__ or "")
    if options is None:
        return 0
    folder = results_of(options.results)
    path = Path(options.path).expanduser() if options.path else folder / "report.html"
    frames = _frames(folder / "tables")
    if not frames:
        raise FileNotFoundError(2, "there is no table to show; run varexp sweep first", str(folder / "tables"))
    text = page(
        _findings(folder),
        _ledger(folder / "ledger.json"),
        [_shown(path, list(frame.columns), folder / "figures") for path, frame in frames.items()],
        {name: _usual(found.default) for name, found in settings().items()},
        [name for name, family in FAMILIES.items() if family.random],
        _made_with(frames.values()),
    )
    write_atomically(path, text)
    print(f"wrote {path}")
    return 0


def _ledger(path: Path) -> Any:
    """The ledger of a folder; None where there is none. ValueError, with its name, for a file that is none."""
    if not path.exists():
        return None
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is no ledger ({error}): write it again with varexp verify") from error


def _usual(default: Any) -> Any:
    return None if isinstance(default, dict | tuple) else default


def _findings(folder: Path) -> list[Section]:
    """The findings, or none, with the reason, where tables of them are missing or not whole."""
    try:
        return collect(folder)
    except (FileNotFoundError, ValueError) as error:
        print(f"left out the findings: {error}")
        return []


def _frames(folder: Path) -> dict[Path, pd.DataFrame]:
    """The tables of a folder as text: main ones, those of other sweeps, the rest. Tables of stages are left out."""
    frames = {}
    for path in sorted(folder.glob("*.csv")):
        if INCOMPLETE in path.name or path.stem.endswith(STAGES):
            continue
        try:
            frames[path] = pd.read_csv(path, dtype=str)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
            print(f"left out {path}, which is no table: {reason}")

    def rank(path: Path) -> tuple[int, bool]:
        return MAIN.index(path.stem) if path.stem in MAIN else len(MAIN), OF_SWEEPS not in frames[path]

    return {path: frames[path] for path in sorted(frames, key=rank)}


def _shown(path: Path, names: Sequence[str], figures: Path) -> Shown:
    """What the page is told of a table; the figures of one that no sweep makes are shown as they are."""
    name, of_sweep = path.stem, OF_SWEEPS in names
    places = [CONFIGS / "experiment", CONFIGS / "calculation", CONFIGS]
    notes = next((_notes(file) for place in places if (file := place / f"{name}.yaml").exists()), {})
    default = f"varexp sweep experiment={name}" if of_sweep else ""
    return Shown(
        name=name,
        path=path,
        about=about(name, names),
        columns=[asdict(column) for column in described(name, names)],
        command=notes.pop("Command", BY_SAMPLES.get(name, default)),
        notes={f"{head}.": text for head, text in notes.items()},
        figures=[] if of_sweep else sorted(figures.glob(f"{name}*.svg")),
    )


def _notes(path: Path) -> dict[str, str]:
    """What a configuration says of itself in its first comment: claim, plan, command, time, outcome."""
    lines = [line[1:] for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    found: dict[str, str] = {}
    head = ""
    for line in lines:
        if start := re.match(r" (\w+): +(.*)", line):
            head = start[1]
            found[head] = start[2]
        elif head:
            found[head] += f" {line.strip()}"
    return {name: found[name] for name in NOTES if name in found}


def _made_with(frames: Iterable[pd.DataFrame]) -> dict[str, str]:
    """The versions, commits and machines that the rows of tables name."""
    said: dict[str, set[str]] = {}
    for frame in frames:
        for name in ("version", "git_commit", "torch", "machine", "processor"):
            if name in frame:
                said.setdefault(name, set()).update(frame[name].dropna().unique())
    return {name: ", ".join(sorted(values)) for name, values in said.items() if values}
