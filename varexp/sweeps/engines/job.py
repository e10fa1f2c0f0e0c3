"""A batch as a folder of plain files, for engines whose workers are other machines on one file system.

`batch.json` names the store and the settings of the cells. Whoever runs the batch writes records and weights into the
store as each model is done, and says so in `progress.json`; run again, it leaves out what is recorded.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from varexp.extensions import load_extensions
from varexp.files import write_atomically
from varexp.sweeps.cells import Cell
from varexp.sweeps.execute import execute
from varexp.sweeps.plan import Batch, TrainedTogether
from varexp.sweeps.records import Store, code_version

BATCH, PROGRESS = "batch.json", "progress.json"


@dataclass
class Progress:
    """What is known of a batch: keys with records, keys that failed with (reason, traceback), whether it has ended."""

    done: list[str] = field(default_factory=list)
    failures: dict[str, tuple[str, str]] = field(default_factory=dict)
    ended: bool = False

    def write(self, folder: Path) -> None:
        """Write it whole or not at all."""
        write_atomically(folder / PROGRESS, json.dumps(vars(self)) + "\n")

    @classmethod
    def read(cls, folder: Path) -> "Progress":
        """What a folder tells; nothing where nothing has been told."""
        try:
            content = json.loads((folder / PROGRESS).read_text())
        except FileNotFoundError:
            return cls()
        failures = {key: (str(reason), str(text)) for key, (reason, text) in content["failures"].items()}
        return cls([str(key) for key in content["done"]], failures, bool(content["ended"]))


def write_batch(batch: Batch, folder: Path, store: Store) -> None:
    """Write what `run_batch` needs."""
    models = [[cell.content() for cell in model.cells] for model in batch.models]
    content = {"version": code_version(), "results": str(store.results), "models": models}
    write_atomically(folder / BATCH, json.dumps(content) + "\n")


def run_batch(folder: Path) -> None:
    """Run the batch of a folder, as far as it is not recorded."""
    load_extensions()
    content: dict[str, Any] = json.loads((folder / BATCH).read_text())
    store, progress = Store(Path(content["results"])), Progress()
    models = [TrainedTogether(tuple(map(Cell.from_content, cells))) for cells in content["models"]]
    if content["version"] != code_version():
        reason = (
            f"the job runs other code ({code_version()}) than the sweep ({content['version']}): install the same "
            "version and the same extensions where jobs run"
        )
        keys = [cell.key for model in models for cell in model.cells]
        Progress([], dict.fromkeys(keys, (reason, reason)), ended=True).write(folder)
        return
    left = [model for model in models if not all(_is_recorded(store, cell) for cell in model.cells)]
    progress.done = [cell.key for model in models if model not in left for cell in model.cells]
    if left:
        for outcome in execute(Batch(tuple(left))):
            store.write_all(outcome.records, outcome.weights)
            progress.done += [record["key"] for record in outcome.records]
            for key, reason in outcome.failures.items():
                progress.failures[key] = (reason, outcome.tracebacks.get(key, reason))
            progress.write(folder)
    progress.ended = True
    progress.write(folder)


def _is_recorded(store: Store, cell: Cell) -> bool:
    record = store.read(cell.key)
    return record is not None and record["version"] == code_version()
