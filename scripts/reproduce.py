"""A door to `varexp reproduce`: python scripts/reproduce.py --help."""

import sys

from varexp.commands import main

if __name__ == "__main__":
    sys.exit(main(["reproduce", *sys.argv[1:]]))
