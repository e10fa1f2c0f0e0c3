"""Kinds of models: one file a family. A new file here registers itself."""

from varexp.families.base import FAMILIES, Evaluation, Family, Reading, register
from varexp.families.chain import ChainFamily  # noqa: F401  # first: the default
from varexp.families.settings import DomainSettings, TargetSettings
from varexp.registry import import_all

import_all(__path__, __name__)

__all__ = ["FAMILIES", "DomainSettings", "Evaluation", "Family", "Reading", "TargetSettings", "register"]
