"""A door to `varexp figures`: python scripts/figures.py --help."""

import sys

from varexp.commands import main

if __name__ == "__main__":
    sys.exit(main(["figures", *sys.argv[1:]]))
