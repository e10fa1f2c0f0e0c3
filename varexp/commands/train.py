"""Train and measure one model, or with -m several: varexp train target=sine depth=3 domain=disc."""

import json
from collections.abc import Sequence

from varexp.sweeps.compose import run_app
from varexp.sweeps.config import SweepConfig
from varexp.sweeps.run import run_cell


def run(arguments: Sequence[str]) -> int:
    """Train the models that the arguments name and print their rows."""
    run_app(_train, arguments, sweeps=False)
    return 0


def _train(config: SweepConfig) -> None:
    print(json.dumps(run_cell(config)["row"], indent=1))
