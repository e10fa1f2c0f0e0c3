"""A door to `varexp dashboard`: python scripts/dashboard.py --help."""

import sys

from varexp.commands import main

if __name__ == "__main__":
    sys.exit(main(["dashboard", *sys.argv[1:]]))
