"""Train and measure one model, or with -m several: varexp train target=sine depth=3 domain=disc.

Prints the row as JSON and writes its record below results/runs. `varexp settings` lists the keys. Beside them there are
results=DIR, stale=keep (believe records made by other code), seeds_disc=N and evaluations_disc=N. -m runs every
combination of values with commas, such as depth=1,2,3 K=1.5,2.1. --cfg job shows the config and runs nothing.
"""

import json
from collections.abc import Sequence

from varexp.commands._options import HELP
from varexp.sweeps.compose import run_app
from varexp.sweeps.config import SweepConfig
from varexp.sweeps.run import run_cell


def run(arguments: Sequence[str]) -> int:
    """Train the models that the arguments name and print their rows."""
    if set(HELP) & set(arguments):
        print(__doc__)
        return 0
    run_app(_train, arguments, sweeps=False)
    return 0


def _train(config: SweepConfig) -> None:
    print(json.dumps(run_cell(config)["row"], indent=1))
