"""Run an experiment: python scripts/sweep.py experiment=depth axes.depth=[1,2,3]."""

import sys

import hydra
from omegaconf import OmegaConf

from varexp.sweep import cli
from varexp.sweep.config import Config
from varexp.sweep.run import run_sweep


@hydra.main(version_base="1.3", config_path="../configs", config_name="config")
def main(config: Config) -> None:
    run_sweep(OmegaConf.to_object(config))  # type: ignore[arg-type]


if __name__ == "__main__":
    sys.exit(cli.guarded(main))
