"""Run a part of the released sweeps again and compare: varexp reproduce [experiment=[depth,kernel]] [full=true].

The part is one seed and one draw of the target; full=true runs all. Exit status 1: something differs
that must not; every difference is a line. Tables go to results=DIR, by default build/reproduce.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from varexp.commands._options import option, parsed, results_of
from varexp.errors import bad_value
from varexp.measurement.measure import Measurement
from varexp.report.compared import differences, scattered
from varexp.report.tables import load_table
from varexp.settings import declared
from varexp.sweeps.compose import composed
from varexp.sweeps.config import settings
from varexp.sweeps.run import run_sweep

EXPERIMENTS = ("depth", "kernel", "width", "literal", "heads", "training")


@dataclass
class ReproduceOptions:
    """Which sweeps, how much of them, and where they go."""

    experiment: list[str] = option([], f"experiments; by default {', '.join(EXPERIMENTS)}")
    full: bool = option(False, "all seeds, draws and depths")
    results: str = option("build/reproduce", "folder of what is made now")
    released: str | None = option(None, "folder with the tables to compare with; by default results/")


def run(arguments: Sequence[str]) -> int:
    """Sweep again, and compare. 1 if something differs."""
    options = parsed(ReproduceOptions, arguments, __doc__ or "")
    if options is None:
        return 0
    folder = results_of(options.released).resolve()
    where = Path(options.results).expanduser().resolve()
    if where == folder:
        raise bad_value("results", options.results, "another folder than that of the released tables")
    measuring = {s.name for s in declared(Measurement)} - {"norm"}  # an interval may be sought with more or less effort
    columns = [name for name in settings() if name not in measuring]
    lost = 0
    for experiment in options.experiment or EXPERIMENTS:
        table = load_table(experiment, folder)
        expected = table if options.full else table[(table.seed == 0) & (table.target_seed == 0)]
        given = {"experiment": experiment, "results": str(where), "overwrite": True}
        given["scale"] = "default" if table.seed.nunique() > 1 else "draws"
        if not options.full:
            given["axes"] = {"seed": [0], "target_seed": [0]}
        run_sweep(composed(given, sweeps=True))
        made = load_table(experiment, where)
        found = differences(made, expected) + scattered(made, expected, table, columns)
        for line in found:
            print(f"{experiment}: {line}")
        print(f"{experiment}: {len(made)} of {len(table)} rows made again, {len(found)} differences")
        lost += len(found)
    return 1 if lost else 0
