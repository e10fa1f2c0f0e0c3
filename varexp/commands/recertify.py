"""Certify the rows of results/weights again from their weights, without training: varexp recertify [key=KEY].

The intervals must intersect those that were released, whatever machine made them, and these must be the ones of the
tables. Exit status 1: some do not, or are not.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from varexp.commands._options import option, parsed, results_of
from varexp.sweeps.recertified import in_tables, recertify, released_rows


@dataclass
class RecertifyOptions:
    """Which rows, on how many processes."""

    results: str | None = option(None, "folder with weights/; by default results/")
    key: list[str] = option([], "of rows; by default all")
    workers: int = option(0, "processes; 0: one per core")


def run(arguments: Sequence[str]) -> int:
    """Certify released rows again. 1 if one is not confirmed."""
    options = parsed(RecertifyOptions, arguments, __doc__ or "")
    if options is None:
        return 0
    results = results_of(options.results)
    folder = results / "weights"
    rows = released_rows(folder, options.key)
    elsewhere = in_tables(rows, results)
    for line in elsewhere:
        print(line)
    lost = 0
    for found in recertify(folder, rows, options.workers or os.cpu_count() or 1):
        for complaint in found.complaints:
            print(f"{found.key}: {complaint}")
        lost += bool(found.complaints)
    print(f"{len(rows) - lost} of {len(rows)} released rows confirmed")
    return 1 if lost or elsewhere else 0
