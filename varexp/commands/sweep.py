"""Run the sweeps of experiments, write their tables and figures: varexp sweep experiment=depth axes.depth=[1,2,3].

`experiment=[depth,kernel]` runs several as one pool. axes.NAME=[...] replaces an axis in all of their grids; without an
experiment the axes are the sweep. `varexp settings` lists the names. Beside them there are results=DIR, overwrite=true
(let a smaller table replace a larger one), stale=keep, engine.workers=N, scale=default, smoke or paper, tracking=wandb.
Recorded cells are not run again: the same command goes on where it stopped. --cfg job shows the config.
"""

from collections.abc import Sequence

from varexp.commands._options import HELP
from varexp.sweeps.compose import run_app
from varexp.sweeps.run import run_sweep


def run(arguments: Sequence[str]) -> int:
    """Run the experiments that the arguments name as one pool of cells."""
    if set(HELP) & set(arguments):
        print(__doc__)
        return 0
    run_app(run_sweep, arguments, sweeps=True)
    return 0
