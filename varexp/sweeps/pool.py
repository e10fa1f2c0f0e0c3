"""The cells of a sweep as a pool of batches: run here, or left to another sweep on the same folder of results."""

import time
from collections.abc import Generator, Sequence
from contextlib import closing

from varexp.errors import bad_value
from varexp.sweeps.cells import Cell
from varexp.sweeps.claims import Claims
from varexp.sweeps.config import SweepConfig
from varexp.sweeps.engines import engine_of, run_batches
from varexp.sweeps.execute import Outcome
from varexp.sweeps.failures import keep_tracebacks
from varexp.sweeps.plan import Batch, TrainedTogether, batches
from varexp.sweeps.records import Record, Store, code_version
from varexp.sweeps.tracking import Tracker
from varexp.sweeps.watching import Watch, say

WAIT_FOR_OTHERS_S = 1.0


def unfinished(store: Store, cells: Sequence[Cell], stale: str) -> list[Cell]:
    """The cells without a record, and the cells recorded by other code unless stale=keep."""
    if stale not in ("rerun", "keep"):
        raise bad_value("stale", stale, "rerun or keep")
    versions = {cell.key: (store.read(cell.key) or {}).get("version") for cell in cells}
    for line in store.set_aside:
        say(line)
    store.set_aside.clear()
    outdated = [v for v in versions.values() if v not in (None, code_version())]
    if outdated:
        action = "kept as they are" if stale == "keep" else "run again (stale=keep would keep them)"
        say(f"records made by other code: {len(outdated)}, {action}")
    kept = {code_version(), *(outdated if stale == "keep" else ())}
    return [cell for cell in cells if versions[cell.key] not in kept]


def without_record(store: Store, cells: Sequence[Cell], stale: str) -> list[Cell]:
    """The cells that no record answers now."""

    def answers(record: Record | None) -> bool:
        return record is not None and (stale == "keep" or record["version"] == code_version())

    return [cell for cell in cells if not answers(store.read(cell.key))]


def run_cells(
    cells: Sequence[Cell], config: SweepConfig, store: Store, mirror: Tracker, total: int
) -> Generator[Outcome, None, None]:
    """Run cells, and store each record before it is yielded. What another sweep on this folder works on is its own."""
    workers = engine_of(config).workers(config.engine)
    planned = batches(cells, workers)
    claims, elsewhere = Claims(store.folder.parent / "claims"), list[TrainedTogether]()

    def admit(batch: Batch) -> Batch | None:
        mine, others = claims.split(batch)
        elsewhere.extend(others)
        if mine is None:
            return None
        done = [model for model in mine.models if not without_record(store, model.cells, config.stale)]
        elsewhere.extend(done)  # by another sweep, since this one began
        claims.drop(model.deepest.key for model in done)
        left = tuple(model for model in mine.models if model not in done)
        return Batch(left) if left else None

    models = [model for batch in planned for model in batch.models]
    costs = {cell.key: model.cost / len(model.cells) for model in models for cell in model.cells}
    with Watch(total, total - len(cells), costs) as watch:
        while planned:
            ran = run_batches(planned, config, store, watch.advance, admit)
            with closing(claims), closing(ran) as outcomes:
                for outcome in outcomes:
                    if not outcome.stored:
                        store.write_all(outcome.records, outcome.weights)
                    keep_tracebacks(store, outcome)
                    claims.drop([*(record["key"] for record in outcome.records), *outcome.failures])
                    watch.finished(outcome.records, outcome.failures)
                    mirror.progress(watch.done, watch.failed, total)
                    yield outcome
            planned, found = _left_by_others(elsewhere, store, config.stale, workers)
            watch.finished(found.records, elsewhere=True)
            if found.records:
                mirror.progress(watch.done, watch.failed, total)
            yield found


def _left_by_others(
    elsewhere: list[TrainedTogether], store: Store, stale: str, workers: int
) -> tuple[list[Batch], Outcome]:
    """The batches of what other sweeps have not finished, after waiting for a moment, and records of what they have.

    Empties `elsewhere`.
    """
    if not elsewhere:
        return [], Outcome()
    cells = [cell for model in elsewhere for cell in model.cells]
    missing = {cell.key for cell in without_record(store, cells, stale)}
    if missing:
        time.sleep(WAIT_FOR_OTHERS_S)
    finished = [cell.key for cell in cells if cell.key not in missing]
    left = [cell for cell in cells if cell.key in missing]
    elsewhere.clear()
    records = [record for key in finished if (record := store.read(key)) is not None]
    return batches(left, workers), Outcome(records=records, stored=True)
