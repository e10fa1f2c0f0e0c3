"""A door to `varexp samples`: python scripts/samples.py --help."""

import sys

from varexp.commands import main

if __name__ == "__main__":
    sys.exit(main(["samples", *sys.argv[1:]]))
