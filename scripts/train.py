"""A door to `varexp train`: python scripts/train.py --help."""

import sys

from varexp.commands import main

if __name__ == "__main__":
    sys.exit(main(["train", *sys.argv[1:]]))
