"""A door to `varexp report`: python scripts/report.py --help."""

import sys

from varexp.commands import main

if __name__ == "__main__":
    sys.exit(main(["report", *sys.argv[1:]]))
