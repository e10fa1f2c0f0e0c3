"""Say what a sweep would run and cost, and run nothing: varexp plan experiment=[depth,kernel] scale=paper.

Takes the arguments of `varexp sweep`. The cost follows from the seconds that a released table took, and is right to a
factor of two or three; processors differ as much.
"""

from collections.abc import Sequence

from varexp.commands._options import HELP
from varexp.report.tables import load_table
from varexp.sweeps.cells import Cell
from varexp.sweeps.compose import composed, run_app
from varexp.sweeps.config import SweepConfig, default_results
from varexp.sweeps.plan import Batch, expand, group_by_model
from varexp.sweeps.pool import unfinished
from varexp.sweeps.records import Store
from varexp.sweeps.run import results_folder

MEASURED = "kernel"  # the experiment whose seconds set the scale


def run(arguments: Sequence[str]) -> int:
    """Print the plan of the sweep that the arguments name."""
    if set(HELP) & set(arguments):
        print(__doc__)
        return 0
    run_app(_plan, arguments, sweeps=True)
    return 0


def _plan(config: SweepConfig) -> None:
    found = expand(config)
    cells = list({cell.key: cell for part in found.values() for cell in part}.values())
    for name, part in found.items():
        print(f"{name}: {len(part)} rows, {len(group_by_model(part))} models")
    left = unfinished(Store(results_folder(config)), cells, config.stale)
    hours = cost(left) * seconds_of_a_unit() / 3600
    print(f"{len(left)} of {len(cells)} rows to run: about {hours:.2g} core-hours")


def cost(cells: Sequence[Cell]) -> float:
    """The cost of the models of cells, in the unit of `Batch.cost`."""
    return sum(Batch((model,)).cost for model in group_by_model(cells))


def seconds_of_a_unit() -> float:
    """Seconds of a unit of cost, by the seconds that the rows of a released table took."""
    cells = expand(composed({"experiment": MEASURED}, sweeps=True))[MEASURED]
    table = load_table(MEASURED, default_results())
    seconds = dict(zip(table.key, table.wall_s, strict=True))
    known = [model for model in group_by_model(cells) if model.deepest.key in seconds]
    if not known:
        raise ValueError(f"no row of the released table {MEASURED} is of this version: run make sweep first")
    total = sum(seconds[model.deepest.key] for model in known)
    return total / sum(Batch((model,)).cost for model in known)
