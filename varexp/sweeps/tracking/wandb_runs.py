"""W&B as a mirror: a run for each chain, grouped by sweep, and one for the sweep with its tables and figures."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from varexp.sweeps.config import SweepConfig
from varexp.sweeps.records import Record
from varexp.sweeps.tracking.chains import Chain, chains_of
from varexp.sweeps.tracking.mirror import Tracker


class ChainRuns(Tracker):
    """One W&B run a chain: its settings as config, a step for each depth, learning curves, verdicts as summary."""

    def __init__(self, config: SweepConfig, name: str, results: Path, mode: str) -> None:
        import wandb

        self.folder = results / "runs"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.wandb, self.config, self.name, self.results, self.mode = wandb, config, name, results, mode
        self.place = _how_to_look(self.folder / "wandb", mode, config.tracking.project)

    def ran(self, experiment: str, records: Sequence[Record]) -> None:
        for chain in chains_of(records):
            self._log(experiment, chain)

    def _log(self, experiment: str, chain: Chain) -> None:
        run = self._init(f"{experiment}/{chain.name}", "chain", {"experiment": experiment, **chain.config()})
        steps = list(chain.steps())
        for name in {name for point in steps for name in point} - {"depth"}:
            run.define_metric(name, step_metric="depth")
        run.define_metric("training/*", step_metric="training/percent")
        for point in (*steps, *chain.curves()):
            run.log(point)
        run.summary.update(chain.summary())
        run.finish()

    def _init(self, name: str, job: str, config: dict[str, Any]) -> Any:
        quiet = self.wandb.Settings(
            console="off", silent=True, disable_git=True, disable_code=True, x_disable_stats=True, x_disable_meta=True
        )
        return self.wandb.init(
            project=self.config.tracking.project,
            group=self.name,
            name=name,
            job_type=job,
            mode=self.mode,  # type: ignore[arg-type]
            dir=self.folder,
            config=config,
            reinit="create_new",
            settings=quiet,
        )


class SweepRuns(ChainRuns):
    """Beside the runs of chains one of the whole sweep: config, progress, verdicts, tables, figures, the ledger."""

    def __init__(self, config: SweepConfig, name: str, results: Path, mode: str) -> None:
        super().__init__(config, name, results, mode)
        self.run = self._init(name, "sweep", _known(asdict(config)))
        self.run.define_metric("cells/*", step_metric="cells/done")

    def progress(self, done: int, failed: int, total: int) -> None:
        self.run.log({"cells/done": done, "cells/failed": failed, "cells/total": total})

    def ran(self, experiment: str, records: Sequence[Record]) -> None:
        super().ran(experiment, records)
        counts = Counter(record["row"]["verdict"] or "none" for record in records)
        self.run.summary.update({f"verdicts/{experiment}/{verdict}": count for verdict, count in counts.items()})

    def written(self, experiment: str, table: Path, figures: Sequence[Path]) -> None:
        import pandas as pd

        frame = pd.read_csv(table).dropna(axis="columns", how="all").astype(object)
        self.run.log({f"tables/{experiment}": self.wandb.Table(dataframe=frame.where(frame.notna(), None))})
        for path in figures:
            if path.suffix == ".png":
                self.run.log({f"figures/{path.stem}": self.wandb.Image(str(path))})

    def finish(self, failed: int) -> None:
        self._log_ledger(self.results / "ledger.json")
        self.run.finish(exit_code=1 if failed else 0)

    def _log_ledger(self, path: Path) -> None:
        """The verdicts on the paper's claims, where they lie in the same folder."""
        if not path.exists():
            return
        claims = json.loads(path.read_text(encoding="utf-8"))["claims"]
        said = ("name", "statement", "norm", "domain", "label", "verdict", "expected")
        rows = [[claim["id"], *(reading[name] for name in said)] for claim in claims for reading in claim["readings"]]
        self.run.log({"tables/ledger": self.wandb.Table(columns=["claim", "reading", *said[1:]], data=rows)})


def _known(config: dict[str, Any]) -> dict[str, Any]:
    """A config without what is not set."""
    return {
        key: _known(value) if isinstance(value, dict) else value
        for key, value in config.items()
        if value not in (None, {}, [])
    }


def _how_to_look(folder: Path, mode: str, project: str) -> str:
    """A line for the end of a run: where its mirror is, and how to see it with and without an account."""
    if mode == "online":
        return f"project {project} of your account; `varexp dashboard push=ENTITY` arranges its panels"
    return f"{folder}: `wandb leet {folder}` shows it here, `wandb sync {folder}/offline-run-*` uploads it"
