"""Targets with known Lipschitz constants. One file a feature map; a new file here registers itself."""

from importlib import import_module
from pkgutil import iter_modules

from varexp.maps.targets.base import FEATURE_MAPS, FeatureMap, PatternedMap, UnknownConstantError, register
from varexp.maps.targets.target import (
    Target,
    TargetStage,
    build_target,
    check_options,
    recalling_target,
    target_options,
)

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = [
    "FEATURE_MAPS",
    "FeatureMap",
    "PatternedMap",
    "Target",
    "TargetStage",
    "UnknownConstantError",
    "build_target",
    "check_options",
    "recalling_target",
    "register",
    "target_options",
]
