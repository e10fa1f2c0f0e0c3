"""What the paper says, as pure functions on floats. Imports nothing else of varexp."""

from varexp.theory.bounds import amplifications, keff, printed, split, telescoped

__all__ = ["amplifications", "keff", "printed", "split", "telescoped"]
