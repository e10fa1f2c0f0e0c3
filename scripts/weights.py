"""A door to `varexp weights`: python scripts/weights.py --help."""

import sys

from varexp.commands import main

if __name__ == "__main__":
    sys.exit(main(["weights", *sys.argv[1:]]))
