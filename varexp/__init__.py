"""Empirical verification of "Universal Approximation of Visual Autoregressive Transformers" (arXiv 2502.06167)."""

__version__ = "0.1.0"
