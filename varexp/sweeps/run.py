"""The main job: plan the cells, skip recorded ones, run the rest, write tables and figures."""

import itertools
import signal
import sys
import threading
from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from varexp.errors import bad_value
from varexp.report.figures import FIGURES, draw
from varexp.sweeps.cells import Cell
from varexp.sweeps.config import SweepConfig, resolve
from varexp.sweeps.engines import run_batches, workers_of
from varexp.sweeps.execute import Outcome, execute
from varexp.sweeps.plan import Batch, TrainedTogether, batches, expand
from varexp.sweeps.records import Record, Store, code_version
from varexp.sweeps.tables import check_not_smaller, table_path, write_tables
from varexp.sweeps.tracking import Tracker, tracker

console = Console(stderr=True)
NAMED = ("model", "target", "K", "kernel", "domain", "depth", "width", "seed")  # settings that an error names a cell by


class SweepFailedError(RuntimeError):
    """Some cells of a sweep failed. Every other cell has its record."""


@dataclass
class Part:
    """An experiment of a sweep by name, with its cells: one table, and the figures that are drawn from it."""

    name: str
    cells: list[Cell]

    @property
    def keys(self) -> list[str]:
        return [cell.key for cell in self.cells]

    def write(self, results: Path, store: Store, failed: Collection[str]) -> tuple[list[Record], list[Path]]:
        """Its table, from the records that are there, and its figures; the records, and the paths of the figures."""
        records = [record for key in self.keys if (record := store.read(key)) is not None and key not in failed]
        write_tables(results, self.name, records)
        return records, draw(self.name, results) if self.name in FIGURES and records else []


def run_sweep(config: SweepConfig) -> None:
    """Run the experiments of a config as one pool of cells; each is written as soon as its last cell is there.

    Raises SweepFailedError naming the cells that failed, after every other cell is done.
    """
    results = results_folder(config)
    parts = [Part(name, cells) for name, cells in expand(config).items()]
    cells = list({cell.key: cell for part in parts for cell in part.cells}.values())
    workers = workers_of(config.engine.name, config.engine.workers)
    store = Store(results)
    store.check_writable()
    for part in parts:
        check_not_smaller(results, part.name, part.keys, config.overwrite)
    waiting = unfinished(store, cells, config.stale)
    name = "-".join(part.name for part in parts)
    mirror = tracker(config, name, results)
    console.print(f"{name}: {len(cells)} cells, {len(cells) - len(waiting)} recorded, {len(waiting)} to run")
    failures: dict[str, str] = {}
    left = {cell.key for cell in waiting}
    unwritten = list(parts)
    with _terminated_by_exception(), closing(_run_cells(waiting, workers, store, mirror, len(cells))) as ended:
        for outcome in itertools.chain([Outcome()], ended):
            failures.update(outcome.failures)
            left -= {record["key"] for record in outcome.records} | outcome.failures.keys()
            for part in [p for p in unwritten if left.isdisjoint(p.keys)]:
                unwritten.remove(part)
                records, figures = part.write(results, store, failures)
                mirror.written(part.name, records, table_path(results, part.name), figures)
                for path in [table_path(results, part.name), *figures]:
                    console.print(f"wrote {path}")
    mirror.finish(len(failures))
    if failures:
        raise SweepFailedError(_describe(failures, cells))


def run_cell(config: SweepConfig) -> Record:
    """Run one cell, unless it is recorded, and return its record."""
    cell = resolve(config)
    store = Store(results_folder(config))
    store.check_writable()
    if unfinished(store, [cell], config.stale):
        outcome = execute(Batch((TrainedTogether((cell,)),)))
        if outcome.failures:
            raise SweepFailedError(_describe(outcome.failures, [cell]))
        store.write_all(outcome.records, outcome.weights)
    record = store.read(cell.key)
    assert record is not None
    return record


def unfinished(store: Store, cells: Sequence[Cell], stale: str) -> list[Cell]:
    """The cells without a record, and the cells recorded by other code unless stale=keep."""
    if stale not in ("rerun", "keep"):
        raise bad_value("stale", stale, "rerun or keep")
    versions = {cell.key: (store.read(cell.key) or {}).get("version") for cell in cells}
    outdated = [v for v in versions.values() if v not in (None, code_version())]
    if outdated:
        action = "kept as they are" if stale == "keep" else "run again (stale=keep would keep them)"
        console.print(f"{len(outdated)} records were made by other code: {action}")
    kept = {code_version(), *(outdated if stale == "keep" else ())}
    return [cell for cell in cells if versions[cell.key] not in kept]


def _run_cells(
    cells: Sequence[Cell], workers: int, store: Store, mirror: Tracker, total: int
) -> Generator[Outcome, None, None]:
    """Run cells, and store each record before it is yielded."""
    planned = batches(cells, workers)
    done, failed = total - len(cells), 0
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("model-steps"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(elapsed_when_finished=True, compact=True),
    )
    with Progress(*columns, console=console) as progress:
        steps = sum(model.cost for batch in planned for model in batch.models)
        task = progress.add_task(f"{done}/{total} cells", total=steps)
        with closing(run_batches(planned, workers, lambda count: progress.advance(task, count))) as outcomes:
            for outcome in outcomes:
                store.write_all(outcome.records, outcome.weights)
                done += len(outcome.records)
                failed += len(outcome.failures)
                progress.update(task, description=f"{done}/{total} cells")
                if not console.is_terminal:  # a log has no bar
                    console.print(f"{done}/{total} cells, {failed} failed")
                mirror.progress(done, failed, total)
                yield outcome


def _describe(failures: dict[str, str], cells: Sequence[Cell]) -> str:
    names = {cell.key: cell for cell in cells}
    lines = [f"{len(failures)} of {len(cells)} cells failed:"]
    for key, reason in failures.items():
        cell = names[key]
        shown = {name: value for name, value in cell.columns().items() if name in NAMED}
        lines.append(f"  {key} ({' '.join(f'{name}={shown[name]}' for name in NAMED)}): {reason}")
    return "\n".join(lines)


def results_folder(config: SweepConfig) -> Path:
    """The folder that receives runs/, tables/ and figures/; a leading ~ is the home folder."""
    return Path(config.results).expanduser().resolve()


@contextmanager
def _terminated_by_exception() -> Iterator[None]:
    """SIGTERM raises SystemExit(143), so that files are closed; off the main thread signals are left alone."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def terminate(signum: int, frame: FrameType | None) -> None:
        sys.exit(143)

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
