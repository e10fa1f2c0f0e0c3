"""Mirrors of a sweep. Nothing reads them back, without one the sweep asks no questions, and none can end it."""

import os
import queue
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from varexp.sweeps.config import SweepConfig
from varexp.sweeps.records import Record

BACKENDS = ("none", "wandb")
MODES = ("offline", "online")
TRUE = ("1", "true", "yes", "on")
PATIENCE_S = 60.0  # how long the end of a sweep waits for a mirror


class Tracker:
    """A mirror of a sweep: it hears of progress, of written tables and of the end. This class ignores all of it."""

    def progress(self, done: int, failed: int, total: int) -> None:
        """Cells finished and failed so far."""

    def written(self, experiment: str, records: Sequence[Record], table: Path, figures: Sequence[Path]) -> None:
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
        self.warn, self.library = warn, library
        self.calls: queue.Queue[Callable[[Tracker], None] | None] = queue.Queue()
        self.thread = threading.Thread(target=self._run, args=(make,), daemon=True)
        self.thread.start()

    def _run(self, make: Callable[[], Tracker]) -> None:
        try:
            tracker = make()
            while (call := self.calls.get()) is not None:
                call(tracker)
        except BaseException as error:  # libraries end processes as well
            _forget_errors_at_exit(self.library)
            lines = str(error).strip().splitlines() or [""]
            self.warn(f"warning: the mirror failed and is left out from here on; {type(error).__name__}: {lines[0]}")

    def progress(self, done: int, failed: int, total: int) -> None:
        self.calls.put(lambda tracker: tracker.progress(done, failed, total))

    def written(self, experiment: str, records: Sequence[Record], table: Path, figures: Sequence[Path]) -> None:
        self.calls.put(lambda tracker: tracker.written(experiment, records, table, figures))

    def finish(self, failed: int) -> None:
        self.calls.put(lambda tracker: tracker.finish(failed))
        self.calls.put(None)
        self.thread.join(PATIENCE_S)
        if self.thread.is_alive():
            self.warn(f"warning: the mirror did not end within {PATIENCE_S:g} s and is left to itself")


def _forget_errors_at_exit(library: str) -> None:
    """What a library raises when Python ends is not printed."""
    before = sys.unraisablehook

    def hook(unraisable: Any) -> None:
        module = getattr(unraisable.object, "__module__", None) or ""
        if module.partition(".")[0] != library:
            before(unraisable)

    sys.unraisablehook = hook


class WandbTracker(Tracker):
    """One W&B run a sweep: config, progress, learning curves, tables, figures."""

    def __init__(self, config: SweepConfig, name: str, results: Path, mode: str) -> None:
        import wandb

        folder = results / "runs"
        folder.mkdir(parents=True, exist_ok=True)
        self.wandb = wandb
        self.run = wandb.init(
            project=config.tracking.project,
            name=name,
            job_type="sweep",
            mode=mode,  # type: ignore[arg-type]
            dir=folder,
            config=asdict(config),
            settings=wandb.Settings(console="off", silent=True),
        )
        self.run.define_metric("cells/*", step_metric="cells/done")
        self.run.define_metric("training/*", step_metric="training/percent")

    def progress(self, done: int, failed: int, total: int) -> None:
        self.run.log({"cells/done": done, "cells/failed": failed, "cells/total": total})

    def written(self, experiment: str, records: Sequence[Record], table: Path, figures: Sequence[Path]) -> None:
        import pandas as pd

        for percent, values in _learning_curves(experiment, records):
            self.run.log({"training/percent": percent, **values})
        if table.exists():
            frame = pd.read_csv(table).astype(object)
            self.run.log({f"tables/{experiment}": self.wandb.Table(dataframe=frame.where(frame.notna(), None))})
        for path in figures:
            if path.suffix == ".png":
                self.run.log({f"figures/{path.stem}": self.wandb.Image(str(path))})

    def finish(self, failed: int) -> None:
        self.run.finish(exit_code=1 if failed else 0)


def _learning_curves(experiment: str, records: Sequence[Record]) -> list[tuple[float, dict[str, Any]]]:
    """Relative rms error while training, per model, target, K and stage, averaged over the chains of an experiment."""
    series: dict[str, list[list[float]]] = {}
    for record in records:
        row = record["row"]
        for stage, curve in enumerate(record["curves"], start=1):
            if stage == row["depth"] and None not in curve:  # each stage once: where it is the last
                kind = "-".join(filter(None, (row["model"], row["network"])))
                name = f"training/{experiment}/{kind}-{row['target']}-K{row['K']}-{row['domain']}/stage{stage}"
                series.setdefault(name, []).append(curve)
    points = []
    length = max((len(curve) for curves in series.values() for curve in curves), default=0)
    for index in range(length):
        values = {}
        for name, curves in series.items():
            present = [curve[index] for curve in curves if index < len(curve)]
            values[name] = sum(present) / len(present) if present else None
        points.append((100 * (index + 1) / length, values))
    return points


def check_tracking(config: SweepConfig) -> None:
    """Raise ValueError for a backend or a mode that does not exist."""
    if config.tracking.backend not in BACKENDS or config.tracking.mode not in MODES:
        raise ValueError(
            f"tracking is backend {' or '.join(BACKENDS)} and mode {' or '.join(MODES)}, got backend="
            f"{config.tracking.backend!r}, mode={config.tracking.mode!r}"
        )


def tracker(config: SweepConfig, name: str, results: Path, warn: Callable[[str], None] = print) -> Tracker:
    """The tracker a config asks for.

    The variables WANDB_MODE and WANDB_DISABLED are respected: they count before the config.
    """
    mode = os.environ.get("WANDB_MODE") or config.tracking.mode
    off = mode == "disabled" or os.environ.get("WANDB_DISABLED", "").lower() in TRUE
    if config.tracking.backend == "none" or off:
        return Tracker()
    return Apart(lambda: WandbTracker(config, name, results, mode), warn, library="wandb")
