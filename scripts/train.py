"""Train and measure one model, or with -m several: python scripts/train.py target=sine depth=3 domain=disc."""

import json
import sys

import hydra
from omegaconf import OmegaConf

from varexp.sweep import cli
from varexp.sweep.config import Config
from varexp.sweep.run import run_cell


@hydra.main(version_base="1.3", config_path="../configs", config_name="config")
def main(config: Config) -> None:
    record = run_cell(OmegaConf.to_object(config))  # type: ignore[arg-type]
    print(json.dumps(record["row"], indent=1))


if __name__ == "__main__":
    sys.exit(cli.guarded(main))
