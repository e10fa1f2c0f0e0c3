"""A door to `varexp calculate`: python scripts/calculate.py --help."""

import sys

from varexp.commands import main

if __name__ == "__main__":
    sys.exit(main(["calculate", *sys.argv[1:]]))
