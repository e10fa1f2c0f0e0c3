"""A door to `varexp sweep`: python scripts/sweep.py --help."""

import sys

from varexp.commands import main

if __name__ == "__main__":
    sys.exit(main(["sweep", *sys.argv[1:]]))
