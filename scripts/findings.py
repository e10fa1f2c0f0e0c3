"""A door to `varexp findings`: python scripts/findings.py --help."""

import sys

from varexp.commands import main

if __name__ == "__main__":
    sys.exit(main(["findings", *sys.argv[1:]]))
