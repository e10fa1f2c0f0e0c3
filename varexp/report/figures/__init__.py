"""Figures: one module per experiment, from its tables to matplotlib figures. A new module here registers itself."""

from collections.abc import Callable
from pathlib import Path

import matplotlib
import pandas as pd
from matplotlib.figure import Figure

from varexp.files import atomic
from varexp.registry import Registry, import_all
from varexp.report.figures._row import row_figure
from varexp.report.tables import load_table

STYLE = Path(__file__).parent.parent / "varexp.mplstyle"
FIGURES: Registry[Callable[..., dict[str, Figure]]] = Registry("figure")  # of a table, and of those that ALSO names
ALSO: dict[str, tuple[str, ...]] = {}  # tables that a figure draws beside its own where they are there
for _module in import_all(__path__, __name__):
    _name = _module.__name__.rpartition(".")[2]
    FIGURES.register(_name, _module.figures)
    ALSO[_name] = getattr(_module, "ALSO", ())

FORMATS: dict[str, dict[str, str | None]] = {  # without dates, so that equal figures are equal files
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
    "png": {"Software": None},
}
CALCULATED = ("contextual", "interpolation", "transformations")
MAKERS = {  # of tables that no sweep makes
    "dynamics": "varexp dynamics",
    "samples": "varexp samples",
    **{name: f"varexp calculate table=[{name}]" for name in CALCULATED},
}


def draw(experiment: str, results: Path) -> list[Path]:
    """Draw the figures of an experiment from results/tables as SVG, PDF and PNG, the same to the byte on one machine.

    Raises ValueError for an experiment without figures, FileNotFoundError without its table.
    """
    figures = FIGURES[experiment]
    path = _path(experiment, results)
    if not path.exists():
        maker = MAKERS.get(experiment, f"varexp sweep experiment={experiment}")
        raise FileNotFoundError(f"{path} is not there: run {maker} first")
    table = load_table(experiment, results)
    others = {name: load_table(name, results) for name in ALSO.get(experiment, ()) if _path(name, results).exists()}
    folder = results / "figures"
    written = []
    with matplotlib.rc_context(fname=STYLE):
        for name, figure in figures(table, **others).items():
            for suffix, metadata in FORMATS.items():
                path = folder / f"{name}.{suffix}"
                with atomic(path) as temporary:
                    figure.savefig(temporary, metadata=metadata)
                written.append(path)
    return written


def _path(table: str, results: Path) -> Path:
    return results / "tables" / f"{table}.csv"


def draw_row(row: dict[str, object], stages: pd.DataFrame) -> Figure:
    """One row as a figure, in the style of all figures."""
    with matplotlib.rc_context(fname=STYLE):
        return row_figure(row, stages)
