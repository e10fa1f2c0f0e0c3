"""`run`, `sweep` and `load_table`: rows of results, made or read."""

from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from varexp.extensions import load_extensions
from varexp.report.figures import draw_row
from varexp.report.tables import load_table as read_table
from varexp.report.tables import typed
from varexp.sweeps.compose import composed
from varexp.sweeps.config import default_results
from varexp.sweeps.dictionary import about, described
from varexp.sweeps.plan import expand
from varexp.sweeps.run import results_folder, run_cell, run_sweep
from varexp.sweeps.tables import stages_path, table_path
from varexp.torch_state import controlled_torch

SHOWN = ("error", "error_constant", "bound_telescoped", "bound_printed", "eps_interpolation", "eps_block")


@dataclass(frozen=True)
class Run:
    """One row of results: `row` with its columns by name, `stages` with a row for each stage."""

    row: dict[str, Any]
    stages: pd.DataFrame

    def plot(self) -> Figure:
        """The error, the bounds and the best constant prediction as intervals on one logarithmic axis."""
        return draw_row(self.row, self.stages)

    def __repr__(self) -> str:
        row = self.row
        head = f"Run {row['key']}: {row['model']}, target {row['target']}, K = {row['K']}, kernel {row['kernel']}"
        lines = [f"{head}, {row['domain']}, depth {row['depth']}, {row['norm']} norm"]
        lines += [f"  {name:18s} {_interval(row, name)}" for name in SHOWN if row.get(f"{name}_lower") is not None]
        verdicts = [f"{name} {row[name]}" for name in ("verdict", "verdict_repaired") if row[name] is not None]
        return "\n".join([*lines, *["  the model diverged"] * row["diverged"], *[f"  {text}" for text in verdicts]])

    def _repr_html_(self) -> str:
        cells = "".join(f"<tr><th>{name}</th><td>{_interval(self.row, name)}</td></tr>" for name in SHOWN)
        return f"<pre>{escape(repr(self).splitlines()[0])}</pre><table>{cells}</table>"


@dataclass(frozen=True)
class Sweep:
    """What a sweep wrote: `tables` and `stages` by the names of experiments, and the folder of results."""

    tables: dict[str, pd.DataFrame]
    stages: dict[str, pd.DataFrame]
    results: Path


def run(**settings: Any) -> Run:
    """Train, measure and certify one model, unless its record is there, by the path of `varexp train`.

    Args:
        **settings: as on the command line, such as `target="sine"`, `depth=3`, `domain="disc"`, `results=DIR`; see
            `varexp settings`.

    Returns:
        The row and its stages.

    Raises:
        ValueError: a setting that does not exist or does not fit.
        varexp.sweeps.failures.SweepFailedError: the model could not be trained or measured.

    Examples:
        >>> import tempfile, varexp
        >>> made = varexp.run(depth=1, width=4, steps=20, target="affine", results=tempfile.mkdtemp())
        >>> made.row["certified"], len(made.stages)
        (True, 1)

    Reference:
        Theorem 5.6.
    """
    load_extensions()
    with controlled_torch():
        record = run_cell(composed(settings, sweeps=False))
    return Run(record["row"], pd.DataFrame(record["stages"]))


def sweep(**settings: Any) -> Sweep:
    """Run the sweeps of experiments as one pool of cells, by the path of `varexp sweep`.

    Args:
        **settings: as on the command line, such as `experiment="depth"`, `axes={"depth": [1, 2]}`, `results=DIR`.

    Returns:
        The tables that it wrote, with typed columns.

    Raises:
        ValueError: a setting that does not exist or does not fit, or a table that would lose rows.
        varexp.sweeps.failures.SweepFailedError: some cells failed; every other cell has its record.

    Examples:
        >>> import tempfile, varexp
        >>> few = {"depth": [1, 2], "seed": [0]}
        >>> small = {"width": 4, "steps": 20, "target": "affine", "engine": {"workers": 1}}
        >>> made = varexp.sweep(axes=few, results=tempfile.mkdtemp(), **small)
        >>> made.tables["sweep"].depth.tolist()
        [1, 2]

    Reference:
        Theorem 5.6.
    """
    load_extensions()
    with controlled_torch():
        config = composed(settings, sweeps=True)
        run_sweep(config)
        folder, names = results_folder(config), list(expand(config))
    tables = {name: typed(table_path(folder, name)) for name in names}
    return Sweep(tables, {name: typed(stages_path(folder, name)) for name in names}, folder)


def load_table(name: str, results: str | Path | None = None) -> pd.DataFrame:
    """Read a table of results with typed columns: booleans are booleans, unknown is missing.

    Args:
        name: an experiment, such as `depth`, or `depth_stages`.
        results: the folder that holds tables/; by default results/.

    Returns:
        One row a cell, or one a cell and stage.

    Raises:
        FileNotFoundError: the table is not there; the message says which there are.

    Examples:
        >>> import varexp
        >>> table = varexp.load_table("depth")
        >>> bool(table.certified.all())
        True
        >>> table.attrs["columns"]["error_gap"]["meaning"]
        'error_upper / error_lower - 1: how well the sup error is known'

    Reference:
        `.attrs["columns"]` says of each column what it means, its unit, the paper's item and when it is empty;
        `.attrs["about"]` what the table holds.
    """
    table = read_table(name, default_results() if results is None else Path(results).expanduser())
    columns = {column.name: asdict(column) for column in described(name, list(table.columns))}
    table.attrs |= {"about": about(name, list(table.columns)), "columns": columns}
    return table


def _interval(row: dict[str, Any], name: str) -> str:
    lower, upper = row.get(f"{name}_lower"), row.get(f"{name}_upper")
    return "unknown" if lower is None else f"[{lower:.6g}, {'unknown' if upper is None else f'{upper:.6g}'}]"
