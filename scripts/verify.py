"""Check the claims of the paper: python scripts/verify.py [claim=lem-4.4] [section=5] [results=DIR]

Writes DIR/ledger.json when all claims are asked for. Exit status 1: a verdict is not the expected one.
"""

import sys
from pathlib import Path

from rich.console import Console

from varexp.claims import CLAIMS
from varexp.claims.ledger import check, chosen, complaints, save, table


def main(arguments: list[str]) -> int:
    options = dict(argument.partition("=")[::2] for argument in arguments)
    if unknown := options.keys() - {"claim", "section", "results"}:
        print(
            f"error: unknown {', '.join(sorted(unknown))}: expected claim=ID, section=S, results=DIR", file=sys.stderr
        )
        return 2
    try:
        claims = chosen(CLAIMS, options.get("claim"), options.get("section"))
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    ledger = check(claims)
    Console().print(table(ledger))
    print(", ".join(f"{count} {name}" for name, count in ledger["counts"].items()))
    if len(claims) == len(CLAIMS):
        path = Path(options.get("results", Path(__file__).parents[1] / "results")) / "ledger.json"
        save(ledger, path)
        print(f"wrote {path}")
    for line in (found := complaints(ledger)):
        print(f"NOT AS EXPECTED: {line}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
