"""Redraw figures from the tables, without training: python scripts/figures.py [--results DIR] [EXPERIMENT ...]."""

import argparse
import sys
from pathlib import Path

from varexp.report.figures import FIGURES, draw


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("experiments", nargs="*", metavar="EXPERIMENT", help=f"of {', '.join(FIGURES)}; default all")
    parser.add_argument("--results", type=Path, default=Path(__file__).parents[1] / "results", metavar="DIR")
    arguments = parser.parse_args()
    try:
        for experiment in arguments.experiments or sorted(FIGURES):
            for path in draw(experiment, arguments.results):
                print(f"wrote {path}")
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
