"""Kinds of faults by name. A file of this folder registers its own; each is a `Fault` of `base`."""

from varexp.registry import import_all

from .base import FAULTS

import_all(__path__, __name__)

__all__ = ["FAULTS"]
