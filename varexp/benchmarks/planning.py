"""What the plan makes of more workers: batches of the released tables, with the seconds that their rows took."""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from varexp.benchmarks.contests import Row
from varexp.report.tables import load_table
from varexp.sweeps.compose import composed
from varexp.sweeps.plan import Batch, batches, expand

WORKERS = (2, 16, 64, 256)
POOL = ("depth", "width", "kernel")  # what make sweep runs


def speed_up(planned: Sequence[Batch], seconds: Mapping[str, float], workers: int) -> float:
    """How many times faster than on one worker: the workers take the batches in the order of the plan."""
    lengths = [sum(seconds[model.deepest.key] for model in batch.models) for batch in planned]
    free = [0.0] * workers
    for length in lengths:
        heapq.heapreplace(free, free[0] + length)
    return sum(lengths) / max(free)


def rows(results: Path) -> Iterator[Row]:
    """A row for every number of workers. The seconds of a row's model are its column `wall_s`."""
    cells = {
        cell.key: cell for found in expand(composed({"experiment": list(POOL)}, sweeps=True)).values() for cell in found
    }
    tables = [load_table(name, results) for name in POOL]
    by_key = {str(row["key"]): float(row["wall_s"]) for table in tables for row in table.to_dict("records")}
    missing = cells.keys() - by_key.keys()
    if missing:
        raise ValueError(f"{len(missing)} of {len(cells)} rows are not in {results}/tables: run make sweep first")
    for workers in WORKERS:
        planned = batches(list(cells.values()), workers)
        what = f"speed-up of the default sweep by {workers} workers, {len(planned)} batches"
        yield Row("plan", what, "workers", speed_up(planned, by_key, workers))
