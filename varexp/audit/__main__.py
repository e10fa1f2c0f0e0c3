"""Prove released rows again: python -m varexp.audit [FOLDER] [--out FILE] [--workers N] [--key KEY] [--no-controls].

FOLDER is results/weights. Every row of up to --depth blocks of width 16 is proved, refuted or undecided, and planted
lies about some must be refuted. Exit status 1: a row is not proved, or a lie is not caught.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from varexp.audit.controls import Control, controls
from varexp.audit.jobs import Proof, run
from varexp.audit.verdict import ORDER, Row

WIDEST = 16


def options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m varexp.audit", description=__doc__, allow_abbrev=False)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("results/weights"), help="of released rows")
    parser.add_argument("--out", type=Path, help="file of the verdicts; by default audit.json beside the folder")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--depth", type=int, default=2, help="the deepest rows: proofs take longer with every block")
    parser.add_argument("--key", action="append", help="audit this row alone, and write no file unless --out is given")
    parser.add_argument("--no-controls", action="store_true", help="leave the planted lies out")
    return parser.parse_args(arguments)


def read_rows(folder: Path, keys: Sequence[str] | None, depth: int) -> list[Row]:
    """The rows of a folder up to a depth and to width WIDEST, or those with given keys, in order of their keys."""
    rows = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
    if keys is not None:
        return [row for row in rows if row["key"] in keys]
    return [row for row in rows if row["depth"] <= depth and row["width"] <= WIDEST]


def line(found: dict[str, Any], seconds: float) -> str:
    """A result as a line."""
    what = f"lie {found['lie']}" if "lie" in found else f"{found['kernel']} {found['error_upper']:.6g}"
    name = f"{found['key']} {found['target']} depth {found['depth']}"
    return f"{found['verdict']:9s} {name:38s} {what:24s} {found['cells']:5d} cells {seconds:6.1f} s  {found['because']}"


def report(results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What audit.json holds: nothing in it depends on the time or on the machine."""
    rows = sorted((found for found in results if "lie" not in found), key=lambda found: [found[n] for n in ORDER])
    lies = sorted((found for found in results if "lie" in found), key=lambda found: (found["target"], found["lie"]))
    counts = {name: sum(row["verdict"] == name for row in rows) for name in ("proved", "refuted", "undecided")}
    counts |= {"lies": len(lies), "lies_caught": sum(lie["caught"] for lie in lies)}
    return {"counts": counts, "rows": rows, "controls": lies}


def main(arguments: Sequence[str] | None = None) -> int:
    """Audit a folder. Returns the exit status."""
    given = options(arguments)
    rows = read_rows(given.folder, given.key, given.depth)
    if not rows:
        print(f"error: {given.folder} has no rows to audit: varexp weights makes them", file=sys.stderr)
        return 2
    lies: list[Control] = [] if given.no_controls or given.key else controls(rows)
    proofs = [Proof(row) for row in sorted(rows, key=lambda row: -row["depth"])]  # the longest first
    results = []
    for found, seconds in run([*proofs, *lies], given.folder, given.workers):
        results.append(found)
        print(line(found, seconds), flush=True)
    written = report(results)
    counts = written["counts"]
    print(", ".join(f"{count} {name}" for name, count in counts.items()))
    if given.out or not given.key:
        out = given.out or given.folder.parent / "audit.json"
        out.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
        print(f"wrote {out}")
    return 0 if counts["proved"] == len(rows) and counts["lies_caught"] == len(lies) else 1


if __name__ == "__main__":
    sys.exit(main())
