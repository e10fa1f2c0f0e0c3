"""Redraw figures from the tables, without training: varexp figures [experiment=[depth,kernel]] [results=DIR]."""

from collections.abc import Sequence
from dataclasses import dataclass

from varexp.commands._options import option, parsed, results_of
from varexp.report.figures import FIGURES, draw


@dataclass
class FigureOptions:
    """Which figures, from which tables."""

    experiment: list[str] = option([], f"of {', '.join(FIGURES)}; by default all")
    results: str | None = option(None, "folder with tables/, which receives figures/; by default results/")


def run(arguments: Sequence[str]) -> int:
    """Draw the figures of experiments."""
    options = parsed(FigureOptions, arguments, __doc__ or "")
    if options is None:
        return 0
    folder = results_of(options.results)
    for experiment in options.experiment or sorted(FIGURES):
        for path in draw(experiment, folder):
            print(f"wrote {path}")
    return 0
