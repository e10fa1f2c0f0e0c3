"""A door to `varexp benchmark`: python scripts/benchmark.py --help."""

import sys

from varexp.commands import main

if __name__ == "__main__":
    sys.exit(main(["benchmark", *sys.argv[1:]]))
