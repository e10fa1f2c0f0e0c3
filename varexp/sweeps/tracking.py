"""Mirrors of a sweep. Nothing reads them back, and without one the sweep asks no questions."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from varexp.sweeps.config import SweepConfig
from varexp.sweeps.records import Record

BACKENDS = ("none", "wandb")
MODES = ("offline", "online")


class Tracker:
    """A mirror of a sweep: it hears of progress, of written tables and of the end. This class ignores all of it."""

    def progress(self, done: int, failed: int, total: int) -> None:
        """Cells finished and failed so far."""

    def written(self, experiment: str, records: Sequence[Record], table: Path, figures: Sequence[Path]) -> None:
        """The table and figures of one experiment are on disk."""

    def finish(self, failed: int) -> None:
        """The end, once."""


class WandbTracker(Tracker):
    """One W&B run a sweep: config, progress, learning curves, tables, figures."""

    def __init__(self, config: SweepConfig, name: str, results: Path) -> None:
        import wandb

        folder = results / "runs"
        folder.mkdir(parents=True, exist_ok=True)
        self.wandb = wandb
        self.run = wandb.init(
            project=config.tracking.project,
            name=name,
            job_type="sweep",
            mode=config.tracking.mode,  # type: ignore[arg-type]
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


def tracker(config: SweepConfig, name: str, results: Path) -> Tracker:
    """The tracker a config asks for. ValueError for one that does not exist."""
    if config.tracking.backend not in BACKENDS or config.tracking.mode not in MODES:
        raise ValueError(
            f"tracking is backend {' or '.join(BACKENDS)} and mode {' or '.join(MODES)}, got backend="
            f"{config.tracking.backend!r}, mode={config.tracking.mode!r}"
        )
    if config.tracking.backend == "none":
        return Tracker()
    return WandbTracker(config, name, results)
