"""What claims are checked on: chains in fractions, attention in balls, functions that differ on a null set."""
