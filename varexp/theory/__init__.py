"""What the paper says, as pure functions on numbers. Imports nothing else of varexp."""

from varexp.theory.bounds import Ends, amplifications, ends, keff, printed, split, telescoped

__all__ = ["Ends", "amplifications", "ends", "keff", "printed", "split", "telescoped"]
