"""A door to `varexp recertify`: python scripts/recertify.py --help."""

import sys

from varexp.commands import main

if __name__ == "__main__":
    sys.exit(main(["recertify", *sys.argv[1:]]))
