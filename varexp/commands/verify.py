"""Check the claims of the paper: varexp verify [claim=lem-4.4] [section=5] [long=true] [results=DIR].

Writes DIR/ledger.json when all claims are asked for. Exit status 1: a verdict is not the expected one.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console

from varexp.claims import CLAIMS, NOT_JUDGED
from varexp.claims.ledger import check, chosen, complaints, lines, save, table
from varexp.commands._options import option, parsed, results_of


@dataclass
class VerifyOptions:
    """Which claims, and where the ledger goes."""

    claim: str | None = option(None, "one claim by its id, such as lem-4.4")
    section: str | None = option(None, "the claims of one section of the paper")
    long: bool = option(False, "say also what each reading states, in which norm and on which domain")
    results: str | None = option(None, "folder of ledger.json; by default results/")


def run(arguments: Sequence[str]) -> int:
    """Check claims, print the table, write the ledger."""
    options = parsed(VerifyOptions, arguments, __doc__ or "")
    if options is None:
        return 0
    claims = chosen(CLAIMS, options.claim, options.section)
    whole = len(claims) == len(CLAIMS)
    ledger = check(claims, NOT_JUDGED if whole else None)
    if sys.stdout.isatty():
        Console().print(table(ledger, options.long))
    else:
        print("\n".join(lines(ledger, options.long)))
    print(", ".join(f"{count} {name}" for name, count in ledger["counts"].items()))
    for entry in ledger["not_judged"]:
        print(f"not judged: {entry['sentence']!r}: {entry['because']}")
    if whole:
        folder = results_of(options.results)
        save(ledger, folder / "ledger.json")
        print(f"wrote {folder / 'ledger.json'}")
    for line in (found := complaints(ledger)):
        print(f"NOT AS EXPECTED: {line}", file=sys.stderr)
    return 1 if found else 0
