"""Cells that failed: tracebacks in files, and a message that names cells and reasons, and how to run them again."""

import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from varexp.sweeps.cells import Cell
from varexp.sweeps.config import ROOT
from varexp.sweeps.execute import Outcome
from varexp.sweeps.grammar import literally
from varexp.sweeps.records import Store

NAMED = ("model", "target", "K", "kernel", "domain", "depth", "width", "seed")  # settings that an error names a cell by
SHOWN = 20  # in the message; all of them are in runs/failures
OPTIONS = "target_options"


class SweepFailedError(RuntimeError):
    """Some cells of a sweep failed. Every other cell has its record."""


def keep_tracebacks(store: Store, outcome: Outcome) -> None:
    """Write the traceback of every cell that failed, or the reason where there is none."""
    for key, reason in outcome.failures.items():
        store.write_failure(key, outcome.tracebacks.get(key, reason + "\n"))


def describe(failures: Mapping[str, str], cells: Sequence[Cell], store: Store) -> str:
    """What failed, why, and how to run it again; the whole tracebacks are in files."""
    names = {cell.key: cell for cell in cells}
    lines = [f"{len(failures)} of {len(cells)} cells failed; tracebacks in {store.failures}:"]
    for key, reason in list(failures.items())[:SHOWN]:
        cell = names[key]
        shown = {name: value for name, value in cell.columns().items() if name in NAMED}
        lines.append(f"  {key} ({' '.join(f'{name}={shown[name]}' for name in NAMED)}): {reason}")
        lines.append(f"    again: {command_of(cell, store.results)}")
    if len(failures) > SHOWN:
        lines.append(f"  and {len(failures) - SHOWN} more")
    return "\n".join(lines)


def command_of(cell: Cell, results: Path) -> str:
    """The command that runs one cell, whatever the defaults are."""
    values = {name: value for name, value in cell.columns().items() if value is not None and name != OPTIONS}
    values |= {f"{OPTIONS}.{name}": value for name, value in cell.target.target_options}
    words = [f"{name}={literally(value)}" for name, value in (values | {"results": str(results)}).items()]
    return " ".join([_program(), "train", *map(shlex.quote, words)])


def _program() -> str:
    """What the command line was called by: a script of one's own, which registers additions, or varexp."""
    called = Path(sys.argv[0])
    own = called.suffix == ".py" and called.exists() and ROOT not in called.resolve().parents
    return f"python {shlex.quote(str(called))}" if own else "varexp"
