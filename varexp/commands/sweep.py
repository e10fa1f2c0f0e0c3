"""Run the sweeps of experiments, write their tables and figures: varexp sweep experiment=depth axes.depth=[1,2,3]."""

from collections.abc import Sequence

from varexp.sweeps.compose import run_app
from varexp.sweeps.run import run_sweep


def run(arguments: Sequence[str]) -> int:
    """Run the experiments that the arguments name as one pool of cells."""
    run_app(run_sweep, arguments, sweeps=True)
    return 0
