"""Settings that all families share: the target and the domain of words."""

import math
import typing
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from varexp.errors import bad_value
from varexp.maps.domains import DOMAINS, Domain, parse_domain
from varexp.maps.scale_maps import SCALE_MAPS
from varexp.maps.targets import FEATURE_MAPS, Target, build_target, check_options, target_options
from varexp.settings import setting

Options = tuple[tuple[str, Any], ...]


@dataclass(frozen=True, kw_only=True)
class TargetSettings:
    """Which target. Options that are not given are filled in, so that equal targets have equal settings.

    Raises:
        ValueError: a target or an option that does not exist, an option of another type, K not above 0.
    """

    target: str = setting("sine", "the feature maps f_i that are to be approximated")
    K: float = setting(2.1, "Lipschitz constant that the feature maps are made for")
    target_options: Options = setting((), "options of the target, such as smoothness=2.0", config={})
    target_seed: int = setting(0, "draw of the target's random parts")
    scale_map: str = setting("dct", "g_i of the target: dct (cosine interpolant), area, spline or warped (random)")

    def __post_init__(self) -> None:
        options = dict(self.target_options)
        check_options(self.target, options)
        SCALE_MAPS[self.scale_map]  # ValueError if there is no such map
        object.__setattr__(self, "target_options", _completed(self.target, options))
        if not 0 < self.K < math.inf:
            raise bad_value("K", self.K, "a finite Lipschitz constant above 0")
        if self.target_seed < 0:
            raise bad_value("target_seed", self.target_seed, "a whole number from 0 up")

    def build(self, sides: tuple[int, ...], channels: int) -> Target:
        """The target along a ladder of sides."""
        return _built(FEATURE_MAPS[self.target], self, sides, channels)

    def column(self, name: str) -> Any:
        """The value of a setting as a table shows it."""
        if name == "target_options":
            return " ".join(f"{option}={value!r}" for option, value in self.target_options)
        return getattr(self, name)


@lru_cache(maxsize=512)
def _built(cls: type, settings: TargetSettings, sides: tuple[int, ...], channels: int) -> Target:
    """`cls` is the class that the name stands for now: another class of the same name is another target."""
    return build_target(
        settings.target,
        sides,
        settings.K,
        channels,
        dict(settings.target_options),
        seed=settings.target_seed,
        scale_map=settings.scale_map,
    )


def _completed(target: str, options: dict[str, Any]) -> Options:
    """All options of a target in order of their names, each of its declared type."""
    types = _option_types(FEATURE_MAPS[target])
    return tuple(
        (name, _typed(f"target_options.{name}", options.get(name, default), types[name]))
        for name, default in sorted(target_options(target).items())
    )


@lru_cache(maxsize=64)
def _option_types(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _typed(name: str, value: Any, kind: type) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind is float:
        if number and math.isfinite(value):
            return float(value) + 0.0  # -0 is 0
        raise bad_value(name, value, "a finite number")
    if kind is int:
        if number and float(value).is_integer():
            return int(value)
        raise bad_value(name, value, "a whole number")
    if kind in (bool, str) and isinstance(value, kind):
        return value
    raise bad_value(name, value, "true or false" if kind is bool else "a text" if kind is str else f"of type {kind}")


@dataclass(frozen=True, kw_only=True)
class DomainSettings:
    """Which words. ValueError for a kind, a side or a number of channels that does not exist."""

    domain: str = setting("curve", "words: a kind of domain, or kind-side such as curve-2")
    channels: int = setting(2, "channels of words, token maps and images")

    def __post_init__(self) -> None:
        object.__setattr__(self, "domain", str(parse_domain(self.domain, self.channels)))

    def build(self) -> Domain:
        """The domain."""
        return _domain(DOMAINS[self.domain.partition("-")[0]], self)


@lru_cache(maxsize=512)
def _domain(cls: type, settings: DomainSettings) -> Domain:
    """`cls` is the class that the kind stands for now: another class of the same name is another domain."""
    return parse_domain(settings.domain, settings.channels)
