"""Norms of token maps. A cell has one of them, and every constant and error of the cell is in it.

One file a norm; a new file here registers itself.
"""

from varexp.maps.norms.base import NORMS, TokenNorm, find_norm
from varexp.maps.norms.rms import RMS  # first: the default

from varexp.maps.norms.max import MAX  # isort: skip
from varexp.maps.norms.frobenius import FROBENIUS  # isort: skip
from varexp.registry import import_all

import_all(__path__, __name__)

__all__ = ["FROBENIUS", "MAX", "NORMS", "RMS", "TokenNorm", "find_norm"]
