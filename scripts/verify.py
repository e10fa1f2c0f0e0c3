"""A door to `varexp verify`: python scripts/verify.py --help."""

import sys

from varexp.commands import main

if __name__ == "__main__":
    sys.exit(main(["verify", *sys.argv[1:]]))
