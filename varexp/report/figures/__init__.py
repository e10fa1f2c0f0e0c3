"""Figures: one module per experiment, from its tables to matplotlib figures. A new module here registers itself."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import matplotlib
import pandas as pd
from matplotlib.figure import Figure

STYLE = Path(__file__).parent.parent / "varexp.mplstyle"
FIGURES: dict[str, Callable[[pd.DataFrame], dict[str, Figure]]] = {
    module.name: import_module(f"{__name__}.{module.name}").figures
    for module in iter_modules(__path__)
    if not module.name.startswith("_")
}

MAKERS = {"samples": "scripts/samples.py"}  # of tables that no sweep makes


def draw(experiment: str, results: Path) -> list[Path]:
    """Draw the figures of an experiment from results/tables as SVG and PNG, the same to the byte on one machine.

    Raises ValueError for an experiment without figures, FileNotFoundError without its table.
    """
    if experiment not in FIGURES:
        raise ValueError(f"no figure is defined for {experiment!r}: there are {', '.join(sorted(FIGURES))}")
    path = results / "tables" / f"{experiment}.csv"
    if not path.exists():
        maker = MAKERS.get(experiment, f"scripts/sweep.py experiment={experiment}")
        raise FileNotFoundError(f"{path} is not there: run {maker} first")
    table = pd.read_csv(path)
    folder = results / "figures"
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    with matplotlib.rc_context(fname=STYLE):
        for name, figure in FIGURES[experiment](table).items():
            for suffix, metadata in (("svg", {"Date": None}), ("png", {"Software": None})):
                written.append(folder / f"{name}.{suffix}")
                figure.savefig(written[-1], metadata=metadata)
    return written
