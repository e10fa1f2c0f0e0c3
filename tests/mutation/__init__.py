"""Mutants of the code that computes bounds, and whether the tests notice them."""
