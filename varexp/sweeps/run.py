"""The main job: plan the cells, skip recorded ones, run the rest, write tables and figures."""

import itertools
import time
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from varexp.errors import bad_value
from varexp.files import StoreError, require_writable
from varexp.report.figures import FIGURES, draw
from varexp.sweeps.cells import Cell
from varexp.sweeps.config import SweepConfig, resolve
from varexp.sweeps.dictionary import describe as describe_tables
from varexp.sweeps.engines import engine_of
from varexp.sweeps.execute import Outcome, execute
from varexp.sweeps.failures import SweepFailedError, describe, keep_tracebacks
from varexp.sweeps.plan import Batch, TrainedTogether, expand
from varexp.sweeps.pool import run_cells, unfinished
from varexp.sweeps.records import Record, Store
from varexp.sweeps.signals import ended_by_signals
from varexp.sweeps.summary import of_sweep
from varexp.sweeps.tables import (
    TableError,
    check_keeps_rows,
    stages_path,
    table_path,
    write_incomplete,
    write_tables,
)
from varexp.sweeps.tracking import Tracker, check_tracking, tracker
from varexp.sweeps.watching import Watch, called, say, show

ON_ERROR = ("continue", "stop")


@dataclass
class Part:
    """An experiment of a sweep by name, with its cells: one table, and the figures that are drawn from it.

    Attributes:
        found: the rows that were there when its table was written.
        files: what was written.
    """

    name: str
    cells: list[Cell]
    found: list[dict[str, Any]] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)

    @property
    def keys(self) -> list[str]:
        return [cell.key for cell in self.cells]

    def rows(self) -> list[dict[str, Any]]:
        """What is known of its rows before they are run: keys and settings."""
        return [{"key": cell.key, **cell.columns()} for cell in self.cells]


def run_sweep(config: SweepConfig) -> None:
    """Run the experiments of a config as one pool of cells; each table is written as soon as its last cell is there.

    Raises:
        SweepFailedError: some cells failed, which the message names, after every other cell is done. A table that would
            not be complete stays as it was; the rows that are there lie beside it.
        TableError: a table would lose rows.
    """
    results = results_folder(config)
    if config.on_error not in ON_ERROR:
        raise bad_value("on_error", config.on_error, " or ".join(ON_ERROR))
    check_tracking(config)
    parts = [Part(name, cells) for name, cells in expand(config).items()]
    cells = list({cell.key: cell for part in parts for cell in part.cells}.values())
    engine_of(config)  # ValueError now, if it cannot run here
    store = Store(results)
    store.check_writable()
    for folder in ("tables", "figures"):
        require_writable(results / folder)
    for part in parts:
        check_keeps_rows(results, part.name, part.rows(), config.overwrite)
    waiting = unfinished(store, cells, config.stale)
    name, began = "-".join(part.name for part in parts), time.monotonic()
    mirror = tracker(config, name, results, say)
    say(f"{name}: {len(cells)} cells, {len(cells) - len(waiting)} recorded, {len(waiting)} to run")
    failures: dict[str, str] = {}
    left = {cell.key for cell in waiting}
    unwritten, lossy = list(parts), []
    ran = run_cells(waiting, config, store, mirror, len(cells))
    with ended_by_signals(), mirrored(mirror, failures), closing(ran) as ended:
        for outcome in itertools.chain([Outcome()], ended):
            failures.update(outcome.failures)
            left -= {record["key"] for record in outcome.records} | outcome.failures.keys()
            for part in [p for p in unwritten if left.isdisjoint(p.keys)]:
                unwritten.remove(part)
                try:
                    _write(part, results, store, failures, config.overwrite, mirror)
                except TableError as error:  # another sweep has written rows in the meantime
                    lossy.append(str(error))
            if failures and config.on_error == "stop":
                break
        for part in unwritten:  # of a sweep that stops at the first failure
            _write(part, results, store, failures, config.overwrite, mirror)
    found = {part.name: part.found for part in parts}
    files = [path for part in parts for path in part.files]
    for line in of_sweep(name, found, len(failures), time.monotonic() - began, files, mirror.place):
        show(line)
    try:
        describe_tables(results)
    except (OSError, StoreError) as error:  # what counts is written
        say(f"warning: the description of the tables could not be written: {error}")
    if failures:
        raise SweepFailedError(describe(failures, cells, store))
    if lossy:
        raise TableError("; ".join(lossy))


@contextmanager
def mirrored(mirror: Tracker, failures: Collection[str]) -> Iterator[None]:
    """Tell a mirror of the end, also of one by an error or a signal."""
    try:
        yield
    except BaseException:
        mirror.finish(max(1, len(failures)))
        raise
    mirror.finish(len(failures))


def _write(part: Part, results: Path, store: Store, failed: Collection[str], overwrite: bool, mirror: Tracker) -> None:
    """The table and figures of an experiment; of one that is not complete, its rows beside the table."""
    stored = {key: store.read(key) for key in part.keys if key not in failed}
    records = [record for record in stored.values() if record is not None]
    part.found = [record["row"] for record in records]
    if len(records) < len(part.cells):
        path = write_incomplete(results, part.name, records)
        part.files = [path]
        say(
            f"{len(part.cells) - len(records)} of {len(part.cells)} rows of {part.name} are missing: its table and "
            f"figures stay as they were, the other rows are in {path}"
        )
        return
    write_tables(results, part.name, records, overwrite)
    figures = draw(part.name, results) if part.name in FIGURES and records else []
    mirror.ran(part.name, records)
    mirror.written(part.name, table_path(results, part.name), figures)
    part.files = [table_path(results, part.name), stages_path(results, part.name), *figures]


def run_cell(config: SweepConfig, watched: bool = False) -> Record:
    """Run one cell, unless it is recorded, and return its record.

    Args:
        config: of the cell.
        watched: whether its progress is shown on standard error.
    """
    cell = resolve(config)
    check_tracking(config)
    results = results_folder(config)
    store = Store(results)
    store.check_writable()
    if unfinished(store, [cell], config.stale):
        model = TrainedTogether((cell,))
        with ended_by_signals():
            (outcome,) = _watched(model) if watched else execute(Batch((model,)))
        if outcome.failures:
            keep_tracebacks(store, outcome)
            raise SweepFailedError(describe(outcome.failures, [cell], store))
        store.write_all(outcome.records, outcome.weights)
    record = store.read(cell.key)
    assert record is not None
    mirror = tracker(config, "train", results, say, whole=False)
    with mirrored(mirror, ()):
        mirror.ran("train", [record])
    if mirror.place:
        say(f"W&B: {mirror.place}")
    return record


def _watched(model: TrainedTogether) -> list[Outcome]:
    """What comes of one model, its progress shown."""
    phases = [(0, f"training {model.deepest.depth} blocks")]
    if model.enclosing:
        phases.append((model.cost - model.enclosing, "measuring, and enclosing sups from both sides"))
    say(f"{called(model.deepest.columns())}: no record yet")
    with Watch(1, 0, {model.deepest.key: model.cost}, phases) as watch:
        return list(execute(Batch((model,)), watch.advance))


def results_folder(config: SweepConfig) -> Path:
    """The folder that receives runs/, tables/ and figures/; a leading ~ is the home folder."""
    if not config.results.isprintable():
        raise bad_value("results", config.results, "a folder whose name can be printed")
    return Path(config.results).expanduser().resolve()
