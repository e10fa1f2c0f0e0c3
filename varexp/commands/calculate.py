"""Make the tables that need no trained model: varexp calculate [table=[interpolation,floor]] [results=DIR].

configs/calculation has a file for each, whose header says what it claims and what came out.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from omegaconf import OmegaConf

from varexp.calculations import CALCULATIONS, Calculation, write
from varexp.commands._options import option, parsed, results_of
from varexp.files import require_writable
from varexp.report.figures import FIGURES, draw
from varexp.sweeps.config import CONFIGS
from varexp.sweeps.dictionary import describe
from varexp.torch_state import controlled_torch


@dataclass
class CalculationOptions:
    """Which tables, and where they go."""

    table: list[str] = option([], f"of {', '.join(CALCULATIONS)}; by default all")
    results: str | None = option(None, "folder that receives tables/ and figures/; by default results/")


def run(arguments: Sequence[str]) -> int:
    """Calculate, write each table, draw its figure."""
    options = parsed(CalculationOptions, arguments, __doc__ or "")
    if options is None:
        return 0
    folder = results_of(options.results)
    chosen = {name: configured(name) for name in options.table or list(CALCULATIONS)}
    require_writable(folder / "tables")  # StoreError before any work
    for name, calculation in chosen.items():
        started = time.monotonic()
        with controlled_torch():
            rows = list(calculation.rows())
        print(f"{name}: {len(rows)} rows in {time.monotonic() - started:.0f} s", flush=True)
        for path in [write(name, rows, folder), *(draw(name, folder) if name in FIGURES else [])]:
            print(f"wrote {path}", flush=True)
    print(f"wrote {describe(folder)}")
    return 0


def configured(name: str, folder: Path = CONFIGS / "calculation") -> Calculation:
    """The calculation with the settings of its yaml file, keys and types checked. ValueError for an unknown name."""
    structured = OmegaConf.structured(CALCULATIONS[name])
    return cast(Calculation, OmegaConf.to_object(OmegaConf.merge(structured, OmegaConf.load(folder / f"{name}.yaml"))))
