"""A door to `varexp plan`: python scripts/plan.py --help."""

import sys

from varexp.commands import main

if __name__ == "__main__":
    sys.exit(main(["plan", *sys.argv[1:]]))
