"""`python -m varexp`, the same as `varexp`."""

import sys

from varexp.commands import main

if __name__ == "__main__":
    sys.exit(main())
