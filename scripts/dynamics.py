"""A door to `varexp dynamics`: python scripts/dynamics.py --help."""

import sys

from varexp.commands import main

if __name__ == "__main__":
    sys.exit(main(["dynamics", *sys.argv[1:]]))
