"""Rebuild results/weights, small chains for `python -m varexp.audit`, from records: varexp weights [results=DIR].

It takes the certified chains of seed 0 and draw 0 on curves from the tables of the experiments, which must have been
swept here: runs/ holds the records and the weights. Files of no such row are deleted.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from varexp.commands._options import option, parsed, results_of
from varexp.sweeps.released import Limits, release

EXPERIMENTS = ("depth", "kernel", "width", "literal", "heads", "training")


@dataclass
class WeightOptions:
    """Which rows, and where they go."""

    experiment: list[str] = option([], f"whose tables are read; by default {', '.join(EXPERIMENTS)}")
    results: str | None = option(None, "folder with tables/ and runs/, which receives weights/; by default results/")
    depth: int = option(Limits.depth, "the deepest chains")
    side: int = option(Limits.side, "the largest side")
    width: int = option(Limits.width, "the widest blocks")


def run(arguments: Sequence[str]) -> int:
    """Write the weights and the claims of rows."""
    options = parsed(WeightOptions, arguments, __doc__ or "")
    if options is None:
        return 0
    folder = results_of(options.results)
    limits = Limits(depth=options.depth, side=options.side, width=options.width)
    written = release(folder, options.experiment or EXPERIMENTS, limits)
    rows = sum(path.suffix == ".json" for path in written)
    size = sum(path.stat().st_size for path in written) / 1e6
    print(f"wrote {rows} rows, {size:.1f} MB, to {folder / 'weights'}")
    return 0
