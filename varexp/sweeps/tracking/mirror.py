"""What a mirror of a sweep is. Nothing reads a mirror back, a sweep needs none, and no mirror can end a sweep."""

import queue
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from varexp.sweeps.records import Record

PATIENCE_S = 60.0  # how long the end of a sweep waits for a mirror
PER_RECORD_S = 0.2  # and longer, for each record that the mirror has been given: ten times what W&B takes offline


class Tracker:
    """A mirror of a sweep: it hears of progress, of records, of written tables and of the end, and ignores all of it.

    Attributes:
        place: how to look at what the mirror holds, in a line; empty where there is nothing.
    """

    place: str = ""

    def progress(self, done: int, failed: int, total: int) -> None:
        """Cells finished and failed so far."""

    def ran(self, experiment: str, records: Sequence[Record]) -> None:
        """All records of one experiment are there."""

    def written(self, experiment: str, table: Path, figures: Sequence[Path]) -> None:
        """The table and figures of one experiment are on disk."""

    def finish(self, failed: int) -> None:
        """The end, once."""


class Apart(Tracker):
    """Another tracker, in a thread of its own. What it raises, or that it hangs, costs one warning and the mirror.

    Args:
        make: makes the tracker, in that thread.
        warn: takes the warning.
        library: what the tracker is made of; its errors when Python ends are not printed after the warning.
    """

    def __init__(self, make: Callable[[], Tracker], warn: Callable[[str], None], library: str = "") -> None:
        self.warn, self.library, self.given = warn, library, 0
        self.calls: queue.Queue[Callable[[Tracker], None] | None] = queue.Queue()
        self.thread = threading.Thread(target=self._run, args=(make,), daemon=True)
        self.thread.start()

    def _run(self, make: Callable[[], Tracker]) -> None:
        try:
            tracker = make()
            self.place = tracker.place
            while (call := self.calls.get()) is not None:
                call(tracker)
        except BaseException as error:  # libraries end processes as well
            self.place = ""
            _forget_errors_at_exit(self.library)
            lines = str(error).strip().splitlines() or [""]
            self.warn(f"warning: the mirror failed and is left out from here on; {type(error).__name__}: {lines[0]}")

    def progress(self, done: int, failed: int, total: int) -> None:
        self.calls.put(lambda tracker: tracker.progress(done, failed, total))

    def ran(self, experiment: str, records: Sequence[Record]) -> None:
        self.given += len(records)
        self.calls.put(lambda tracker: tracker.ran(experiment, records))

    def written(self, experiment: str, table: Path, figures: Sequence[Path]) -> None:
        self.calls.put(lambda tracker: tracker.written(experiment, table, figures))

    def finish(self, failed: int) -> None:
        self.calls.put(lambda tracker: tracker.finish(failed))
        self.calls.put(None)
        patience = PATIENCE_S + PER_RECORD_S * self.given
        self.thread.join(patience)
        if self.thread.is_alive():
            self.place = ""
            self.warn(f"warning: the mirror did not end within {patience:g} s and is left to itself")


def _forget_errors_at_exit(library: str) -> None:
    """What a library raises when Python ends is not printed."""
    before = sys.unraisablehook

    def hook(unraisable: Any) -> None:
        module = getattr(unraisable.object, "__module__", None) or ""
        if module.partition(".")[0] != library:
            before(unraisable)

    sys.unraisablehook = hook
