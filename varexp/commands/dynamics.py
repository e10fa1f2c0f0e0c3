"""Certify networks trained on vector fields: varexp dynamics [fields=[jet_engine,root]] [steps=N] [results=DIR].

configs/dynamics.yaml says which networks on which fields, and how closely their errors are to be known.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from omegaconf import OmegaConf

from varexp.commands._options import option, parsed, results_of
from varexp.dynamics import Experiment, table
from varexp.report.figures import draw
from varexp.sweeps.config import CONFIGS
from varexp.sweeps.dictionary import describe

CONFIG = CONFIGS / "dynamics.yaml"


@dataclass
class DynamicsOptions:
    """Which fields, how long networks are trained, and where the table and the figure go."""

    fields: list[str] = option([], "names of fields whose rows are made; by default all of configs/dynamics.yaml")
    steps: int | None = option(None, "training steps of each network; by default those of configs/dynamics.yaml")
    results: str | None = option(None, "folder that receives tables/ and figures/; by default results/")


def run(arguments: Sequence[str]) -> int:
    """Train, certify and check each network, write the table, draw the figure."""
    options = parsed(DynamicsOptions, arguments, __doc__ or "")
    if options is None:
        return 0
    folder = results_of(options.results)
    whole = experiment()
    part = whole.narrowed(options.fields)
    if options.steps is not None:
        part = replace(part, steps=options.steps)
    part.check()
    table.prepare(folder)
    rows = []
    for row in part.rows():
        rows.append(row)
        print(told(row), flush=True)
    written = table.write(rows, folder, [run.field for run in whole.runs])
    for path in [written, describe(folder), *draw("dynamics", folder)]:
        print(f"wrote {path}")
    return 0


def experiment(path: Path = CONFIG) -> Experiment:
    """The experiment of a yaml file, its keys and types checked."""
    merged = OmegaConf.merge(OmegaConf.structured(Experiment), OmegaConf.load(path))
    return cast(Experiment, OmegaConf.to_object(merged))


def told(row: dict[str, object]) -> str:
    """One row as a line."""
    name = f"{row['field']} {row['hidden_sizes']} {row['activation']}"
    upper = "no upper end" if row["sup_upper"] is None else f"{row['sup_upper']:.5g}"
    state = "" if row["decided"] else f", undecided: the goal is a gap of {row['goal']:.0%}"
    return f"{name}: {row['sup_lower']:.5g} to {upper} in {row['seconds_certified']:.2f} s{state}"
