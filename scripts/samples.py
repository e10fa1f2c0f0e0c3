"""Train the models whose samples are shown, and the decoder: python scripts/samples.py [--results DIR] [--steps N]."""

import argparse
import sys
from pathlib import Path

from varexp.report.figures import draw
from varexp.sweep.samples import make_samples


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=Path(__file__).parents[1] / "results", metavar="DIR")
    parser.add_argument("--steps", type=int, default=2000, metavar="N", help="of training, for each model")
    arguments = parser.parse_args()
    try:
        for path in [*make_samples(arguments.results, arguments.steps), *draw("samples", arguments.results)]:
            print(f"wrote {path}")
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
