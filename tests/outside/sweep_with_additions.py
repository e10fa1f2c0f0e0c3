"""A user's own script: his module, then varexp's commands."""

import sys

import additions  # noqa: F401  # registers what it holds

from varexp.commands import main

if __name__ == "__main__":
    sys.exit(main())
