"""What whoever watches a run sees on standard error: a bar on a terminal; in a log, lines with times, never wrapped."""

import time
from collections.abc import Collection, Mapping, Sequence
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from varexp.sweeps.records import Record

console = Console(stderr=True)
LINE_EVERY_S = 20.0  # in a log
CALLED = ("model", "target", "K", "kernel", "domain", "depth", "width", "seed")  # settings that name a row in a line


def say(line: str) -> None:
    """Print a line for whoever watches, as it is; in a log, with the time before it."""
    show(line if console.is_terminal else time.strftime("%H:%M:%S ") + line)


def show(line: str) -> None:
    """Print a line of a table for whoever watches, without a time before it."""
    console.print(line, soft_wrap=True, markup=False, highlight=False)


def called(row: dict[str, Any], names: Sequence[str] = CALLED) -> str:
    """A row by its settings, such as `chain sine K=2.1 keys curve-1 depth 3 width 16 seed 0`."""
    plain = ("model", "target", "kernel", "domain")
    shown = ((name, row[name]) for name in names if row.get(name) is not None)
    return " ".join(str(v) if n in plain else f"{n}={v:g}" if n == "K" else f"{n} {v}" for n, v in shown)


def verdict_of(row: dict[str, Any]) -> str:
    """What is said of a row in one word: its verdict, or why it has none."""
    if row["diverged"]:
        return "diverged"
    return str(row["verdict"] or row["verdict_repaired"] or "measured")


def duration(seconds: float) -> str:
    """Seconds in words that are read at a glance: 7 s, 3 min 20 s, 2 h 5 min."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


class Watch:
    """The progress of cells while they run: done, failed, left, the time left, the last verdict.

    Args:
        total: cells in all.
        done: those with a record before the run begins.
        costs: of each other cell by its key, in model-steps, the unit of `advance`.
        phases: names of what goes on, by the model-steps after which it begins.
    """

    def __init__(
        self, total: int, done: int, costs: Mapping[str, float], phases: Sequence[tuple[float, str]] = ()
    ) -> None:
        self.total, self.done, self.failed, self.costs = total, done, 0, dict(costs)
        self.cost, self.left = sum(costs.values()), sum(costs.values())
        self.spent, self.settled = 0.0, 0.0  # model-steps in all, and those of cells that are done
        self.phases, self.last = list(phases), ""
        self.started = self.told = time.monotonic()
        columns = (SpinnerColumn(), BarColumn(24), TextColumn("{task.description}"), TimeElapsedColumn())
        self.bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self.task = self.bar.add_task(self.line(), total=max(self.cost, 1))

    def __enter__(self) -> "Watch":
        self.bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.bar.stop()

    def advance(self, steps: int) -> None:
        """Hear of finished model-steps."""
        self.spent += steps
        self._show()

    def finished(self, records: Sequence[Record], failures: Collection[str] = (), elsewhere: bool = False) -> None:
        """Hear of cells that are done, here or by another sweep, and of those that failed."""
        self.done += len(records)
        self.failed += len(failures)
        for key in (*(record["key"] for record in records), *failures):
            cost = self.costs.pop(key, 0.0)
            self.left -= cost
            self.settled += 0.0 if elsewhere or key in failures else cost
        if records:
            row = records[-1]["row"]
            self.last = f"{called(row, ('target', 'kernel', 'depth'))}: {verdict_of(row)}"
        self._show()

    def line(self) -> str:
        """Where the run is, in one line."""
        left = self.total - self.done - self.failed
        counts = [f"{self.done}/{self.total} cells", f"{self.failed} failed", f"{left} left"]
        phase = next((name for steps, name in reversed(self.phases) if self.spent >= steps), "")
        parts = [phase] if self.phases else counts
        if self.spent and left:
            seconds = (time.monotonic() - self.started) * self._to_spend() / self.spent
            parts.append(f"about {duration(seconds)} to go")
        return ", ".join(filter(None, [*parts, self.last and f"last {self.last}"]))

    def _to_spend(self) -> float:
        """Model-steps of cells that are not done, less what has been spent on them."""
        return max(self.left - max(self.spent - self.settled, 0.0), 0.0)

    def _show(self) -> None:
        self.bar.update(self.task, completed=self.cost - self._to_spend(), description=self.line())
        if not console.is_terminal and time.monotonic() - self.told > LINE_EVERY_S:  # a log has no bar
            self.told = time.monotonic()
            say(self.line())
