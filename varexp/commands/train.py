"""Train and measure one model, or with -m several: varexp train target=sine depth=3 domain=disc.

Prints the row as a table, and where its record and weights are, below results/runs. json=true prints the whole row as
JSON instead, with -m a line each. `varexp settings` lists the keys. Beside them there are results=DIR, stale=keep
(believe records made by other code), seeds_disc=N, evaluations_disc=N and tracking=wandb (a W&B run of the model). -m
runs every combination of values with commas, such as depth=1,2,3 K=1.5,2.1. --cfg job shows the config, runs nothing.
"""

import json
from collections.abc import Sequence

from varexp.commands._options import HELP, flag
from varexp.sweeps.compose import run_app
from varexp.sweeps.config import SweepConfig
from varexp.sweeps.records import Store
from varexp.sweeps.run import results_folder, run_cell
from varexp.sweeps.summary import of_row


def run(arguments: Sequence[str]) -> int:
    """Train the models that the arguments name and print their rows."""
    if set(HELP) & set(arguments):
        print(__doc__)
        return 0
    as_json, words = flag("json", arguments)
    indent = None if {"-m", "--multirun"} & set(words) else 1

    def train(config: SweepConfig) -> None:
        record = run_cell(config, watched=True)
        if as_json:
            print(json.dumps(record["row"], indent=indent), flush=True)
        else:
            print("\n".join([*of_row(record, Store(results_folder(config))), ""]), flush=True)

    run_app(train, words, sweeps=False)
    return 0
