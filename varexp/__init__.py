"""Empirical verification of "Universal Approximation of Visual Autoregressive Transformers" (arXiv 2502.06167).

The public functions are `sup_norm`, `certify`, `run`, `sweep`, `verify`, `load_table` and `load_model`; `varexp.api`
documents them. They are imported when they are first used, so that `import varexp` is quick.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from varexp.api import certify, load_model, load_table, run, sup_norm, sweep, verify

__version__ = "0.3.0"
__all__ = ["certify", "load_model", "load_table", "run", "sup_norm", "sweep", "verify"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from varexp import api

        return getattr(api, name)
    raise AttributeError(f"module 'varexp' has no attribute {name!r}")
