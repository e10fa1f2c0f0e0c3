"""Write results/FINDINGS.md and results/latex from the tables: varexp findings [results=DIR]."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from varexp.commands._options import option, parsed
from varexp.report.findings import write
from varexp.report.latex import write_latex
from varexp.sweeps.config import default_results


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
    folder = default_results() if options.results is None else Path(options.results).expanduser()
    for path in [write(folder), *write_latex(folder)]:
        print(f"wrote {path}")
    return 0
