"""Error against depth beside the bounds of Theorem 5.6: the paper's central picture, and what it is made of."""

import textwrap
from collections.abc import Iterable, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, NullFormatter

from varexp.report.figures._common import (
    CONSTANT,
    ERROR,
    MEAN,
    POINTWISE,
    PRINTED,
    TELESCOPED,
    caption,
    constants,
    means,
    measured,
    setting,
    widest_gap,
)
from varexp.report.growth import brief, growth

BOUNDS = (
    ("bound_printed_upper", PRINTED, "Thm 5.6 as printed"),
    ("bound_telescoped_upper", TELESCOPED, "telescoped"),
    ("bound_pointwise", POINTWISE, "pointwise (**)"),
)
ORDER = ("affine", "fold", "sine", "mix")
OBJECTIVES = {  # colours of the objectives where they are compared
    "stagewise": ERROR,
    "teacher_forcing": "#CC79A7",
    "corrective": "#56B4E9",
}
HERO = ("fold", "sine")
CAPTION = """
Certified sup error of trained VAR chains against the number of blocks n, beside the bounds of Theorem 5.6 from the
same chains' ε's: geometric means, shaded 95 % intervals over draws; {seeds} {setting}; gaps of errors at most {gap}.
Verdicts on the printed bound where K₂ > 2: {verdicts}; it is vacuous in {vacuous} of these {met} rows. That errors
stay below bounds is a theorem about these very chains and could fail only by a fault of the code; how far below could
be anything. Method: README, How to read it.
"""
RELATIVE = """
Error over the best constant prediction's, kernel {kernel}, K = {K}, by what blocks are trained to do: stagewise blocks
imitate f_i and may not mend the kernel, teacher forcing and corrective ones may. Geometric means, shaded 95 % intervals
over draws; {seeds} {setting}. Above each panel: growth of the {plain} error, then of this ratio, by the rule of
varexp/report/growth.py.
"""


class _Kept(dict[str, str]):
    """Fields that are filled in, while others stay as they are."""

    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"


def figures(table: pd.DataFrame) -> dict[str, Figure]:
    """`depth`: two targets at a glance, `depth_column` for one column; `depth_grid`: all; `depth_relative`: shares."""
    rows = measured(table)
    if rows.empty:
        return {"depth": depth_grid(table, CAPTION)}
    plain = _one_setting(rows)
    shown = [name for name in HERO if (plain.target == name).any()] or _in_order(plain.target.unique())[:2]
    return {
        "depth": _hero(plain, shown, 6.8),
        "depth_column": _hero(plain, shown, 3.35),
        "depth_grid": depth_grid(table, CAPTION),
        "depth_relative": _relative(table),
    }


def _one_setting(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of one K, kernel and objective: keys and stagewise if there are some, else the first."""
    for name, wanted in (("K", None), ("kernel", "keys"), ("training", "stagewise")):
        chosen = wanted if (rows[name] == wanted).any() else rows[name].mode().iloc[0]
        rows = rows[rows[name] == chosen]
    return rows


def _in_order(targets: Iterable[str]) -> list[str]:
    return sorted(targets, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name))


def _hero(rows: pd.DataFrame, targets: Sequence[str], width: float) -> Figure:
    """A panel for each target, side by side or, in one column, one below the other."""
    wide = width > 5
    figure = Figure(figsize=(width, 2.5 if wide else 1.75 * len(targets) + 0.4))
    axes = figure.subplots(*((1, len(targets)) if wide else (len(targets), 1)), squeeze=False).ravel()
    for ax, target in zip(axes, targets, strict=True):
        here = rows[rows.target == target]
        _panel(ax, here)
        ax.set_title(f"{target}, K = {here.K.iloc[0]:g}, kernel {here.kernel.iloc[0]}", pad=4)
        ax.set_ylabel(f"{here.norm.iloc[0]} norm")
    for ax in axes if wide else axes[-1:]:
        ax.set_xlabel("number of blocks n")
    handles = _handles(mean=False)
    height = figure.get_size_inches()[1]
    figure.tight_layout(rect=(0, 0, 1, 1 - (0.2 if wide else 0.52) / height), w_pad=1.2, h_pad=0.6)
    figure.legend(handles=handles, loc="upper center", ncols=5 if wide else 2, handlelength=1.6, columnspacing=1.2)
    caption(figure, _caption(rows[rows.target.isin(targets)], CAPTION))
    return figure


def depth_grid(table: pd.DataFrame, text: str) -> Figure:
    """Everything over depth: a column of panels for each target, a row for each other setting; `text` as caption."""
    targets = _in_order(table.target.unique())
    names = ["K", "kernel", "training"]
    rows = table[names].drop_duplicates().sort_values(names).itertuples(index=False, name=None)
    settings = [dict(zip(names, values, strict=True)) for values in rows]
    figure = Figure(figsize=(max(6.8, 1.85 * len(targets) + 0.6), 1.28 * len(settings) + 0.75))
    axes = figure.subplots(len(settings), len(targets), squeeze=False, sharex=True)
    for chosen, line in zip(settings, axes, strict=True):
        for target, ax in zip(targets, line, strict=True):
            same = (table[list(chosen)] == pd.Series(chosen)).all(axis=1)
            _panel(ax, measured(table[same & (table.target == target)]), mean=True)
        line[0].set_ylabel(f"{chosen['kernel']}, K = {chosen['K']:g}\n{chosen['training']}", fontsize=6.4)
    for target, ax in zip(targets, axes[0], strict=True):
        ax.set_title(target, fontweight="bold")
    for ax in axes[-1]:
        ax.set_xlabel("depth n")
    width, height = figure.get_size_inches()
    columns = 6 if width > 7.5 else 3
    figure.tight_layout(rect=(0, 0, 1, 1 - (0.3 if columns == 6 else 0.46) / height), h_pad=0.6, w_pad=0.5)
    figure.legend(handles=_handles(mean=True), loc="upper center", ncols=columns, handlelength=1.6, fontsize=6.6)
    caption(figure, _caption(table, text))
    return figure


def _relative(table: pd.DataFrame) -> Figure:
    """Error over the constant's, a panel for each target, a line for each objective."""
    rows = measured(table)
    rows = rows.assign(relative=rows.error_upper.fillna(rows.error_lower) / rows.error_constant_lower)
    one = _one_setting(rows)
    plain, (K, kernel) = str(one.training.iloc[0]), one[["K", "kernel"]].iloc[0]
    rows = rows[(rows.K == K) & (rows.kernel == kernel)]
    targets = _in_order(rows.target.unique())
    figure = Figure(figsize=(6.8, 2.5))
    axes = figure.subplots(1, len(targets), squeeze=False, sharey=True)[0]
    for ax, target in zip(axes, targets, strict=True):
        ax.set_yscale("log")
        here = rows[rows.target == target]
        for training, part in here.groupby("training"):
            colour = OBJECTIVES.get(str(training), MEAN)
            means(ax, part, "relative", shaded=True, color=colour, marker=".", label=str(training))
        ax.axhline(1, color=CONSTANT, linewidth=2, alpha=0.6)
        own = here[here.training == plain]
        ax.set_title(target, fontweight="bold", pad=32)
        said = [f"error: {brief(growth(own, 'error_lower'))}", f"ratio: {brief(growth(own, 'relative'))}"]
        lines = [line for text in said for line in textwrap.wrap(text, 36)]
        ax.text(0, 1.02, "\n".join(lines), transform=ax.transAxes, va="bottom", fontsize=5, color="0.25")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set_xlabel("number of blocks n")
    axes[0].set_ylabel("error / best constant's")
    handles = [
        Line2D([], [], color=OBJECTIVES.get(name, MEAN), marker=".", label=name) for name in rows.training.unique()
    ]
    handles.append(Line2D([], [], color=CONSTANT, linewidth=2, alpha=0.6, label="best constant prediction"))
    figure.tight_layout(rect=(0, 0, 1, 0.93), w_pad=0.4)
    figure.legend(handles=handles, loc="upper center", ncols=len(handles), fontsize=6.6)
    caption(figure, _caption(rows, RELATIVE.format_map(_Kept(kernel=kernel, K=f"{K:g}", plain=plain))))
    return figure


def _panel(ax: Axes, rows: pd.DataFrame, mean: bool = False) -> None:
    """One setting: everything over depth, on a logarithmic axis."""
    ax.set_yscale("log")
    ax.margins(x=0.06)
    ax.yaxis.set_minor_formatter(NullFormatter())
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    if rows.empty:
        ax.text(0.5, 0.5, "no row", transform=ax.transAxes, ha="center")
        return
    constants(ax, rows)
    for column, colour, _ in BOUNDS:
        means(ax, rows, column, color=colour, linestyle="--", linewidth=1)
    if mean:
        means(ax, rows, "error_mean", color=MEAN, linewidth=1)
    means(ax, rows, "error_lower", shaded=True, color=ERROR, linewidth=1.4, marker=".")


def _handles(mean: bool) -> list[Line2D]:
    handles = [Line2D([], [], color=ERROR, marker=".", label="certified sup error")]
    if mean:
        handles.append(Line2D([], [], color=MEAN, label="mean error"))
    handles += [Line2D([], [], color=colour, linestyle="--", label=label) for _, colour, label in reversed(BOUNDS)]
    handles.append(Line2D([], [], color=CONSTANT, alpha=0.6, linewidth=2, label="best constant prediction"))
    return handles


def _caption(table: pd.DataFrame, text: str) -> str:
    rows = measured(table)
    met = rows[rows.verdict != "HYPOTHESIS_NOT_MET"]
    about = setting(table)
    counts = {
        "met": len(met),
        "rows": len(table),
        "vacuous": int((met.vacuous.map(str) == "True").sum()),
        "verdicts": ", ".join(f"{count} {verdict}" for verdict, count in met.verdict.value_counts().items()) or "none",
        "gap": widest_gap(rows),
        "setting": f"Domain {about['domain']}, {about['norm']} norm, sides {about['sides']}",
    }
    return text.format(**counts, **about)
