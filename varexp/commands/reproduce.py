"""Run a part of the released sweeps again and compare: varexp reproduce [experiment=[depth,kernel]] [full=true].

The part is one seed and one draw of the target, up to depth 4; full=true runs all. Exit status 1: something differs
that must not; every difference is a line. Tables go to results=DIR, by default build/reproduce.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from varexp.commands._options import option, parsed
from varexp.report.compared import differences
from varexp.report.tables import load_table
from varexp.sweeps.compose import composed
from varexp.sweeps.config import default_results
from varexp.sweeps.run import run_sweep

EXPERIMENTS = ("depth", "kernel", "width", "literal", "heads", "training")
DRAWS = ("literal", "heads", "training", "scale_map", "lipschitz", "domains", "flowar", "pyramid", "downsampling")
DEEPEST = 4


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
    folder = default_results() if options.released is None else Path(options.released).expanduser()
    lost = 0
    for experiment in options.experiment or EXPERIMENTS:
        released = load_table(experiment, folder)
        settings = {"experiment": experiment, "results": options.results, "overwrite": True}
        settings["scale"] = "draws" if experiment in DRAWS else "default"
        if not options.full:
            depths = sorted(set(released.depth[released.depth <= DEEPEST]))
            settings["axes"] = {"seed": [0], "target_seed": [0], "depth": [int(depth) for depth in depths]}
        run_sweep(composed(settings, sweeps=True))
        made = load_table(experiment, Path(options.results).expanduser())
        found = differences(made, released)
        for line in found:
            print(f"{experiment}: {line}")
        print(f"{experiment}: {len(made)} of {len(released)} rows made again, {len(found)} differences")
        lost += len(found)
    return 1 if lost else 0
