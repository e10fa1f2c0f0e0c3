"""Write results/FINDINGS.md and results/latex from the tables: varexp findings [results=DIR]."""

from collections.abc import Sequence
from dataclasses import dataclass

from varexp.commands._options import option, parsed, results_of
from varexp.report.findings import write
from varexp.report.latex import write_latex


@dataclass
class FindingOptions:
    """Where the tables are."""

    results: str | None = option(
        None, "folder with tables/, which receives FINDINGS.md and latex/; by default results/"
    )


def run(arguments: Sequence[str]) -> int:
    """Write the findings."""
    options = parsed(FindingOptions, arguments, __doc__ or "")
    if options is None:
        return 0
    folder = results_of(options.results)
    for path in [write(folder), *write_latex(folder)]:
        print(f"wrote {path}")
    return 0
