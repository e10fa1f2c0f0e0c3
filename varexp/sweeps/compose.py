"""From overrides such as `depth=2` or `experiment=depth` to a config, by Hydra, with checks before and after."""

import dataclasses
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra._internal.utils import _run_hydra, get_args_parser
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from varexp.errors import unknown_name
from varexp.families import FAMILIES
from varexp.settings import declared
from varexp.sweeps.config import CONFIGS, EngineSettings, SweepConfig, Tracking, register, schema, settings
from varexp.sweeps.grammar import in_grammar, quoted
from varexp.sweeps.plan import axes_of
from varexp.sweeps.safety import check_safe

_lock = threading.RLock()
OF_SWEEPS = ("axes", "experiments", "engine", "retries", "on_error", "overwrite")  # keys
GROUPS = ("experiment", "engine", "tracking", "scale")


def run_app(task: Callable[[SweepConfig], Any], arguments: Sequence[str], sweeps: bool) -> None:
    """Run a task as a Hydra app with these arguments, which may be overrides and Hydra's own flags such as -m or --cfg.

    Args:
        task: takes each composed config.
        arguments: of the command line.
        sweeps: whether the task runs grids, so that a scalar that an axis overrides is refused.
    """
    register()
    parser = get_args_parser()
    given = parser.parse_args(list(arguments))
    if given.config_path or given.config_name:
        raise ValueError("--config-path and --config-name are not taken: --config-dir=DIR adds your own configs")
    given.overrides = [quoted(override) for override in given.overrides]
    check_overrides(given.overrides, given.config_dir)
    if not sweeps:
        _check_one_run(given.overrides)
    scalars = _scalars(given.overrides)
    given.overrides = [_addable(override) for override in given.overrides]

    failures: list[Exception] = []

    def application(config: DictConfig) -> None:
        try:
            task(_checked(config, scalars if sweeps else ()))
        except BrokenPipeError:  # nobody reads on
            raise
        except Exception as error:  # Hydra would print a line of its own about it
            failures.append(error)

    _run_hydra(
        args=given, args_parser=parser, task_function=application, config_path=str(CONFIGS), config_name="config"
    )
    if failures:  # with -m the first of them, after every run has been tried
        raise failures[0]


def composed(values: Mapping[str, Any], sweeps: bool) -> SweepConfig:
    """The config of settings by name, such as `depth=2`, `experiment="depth"`, `axes={"depth": [1, 2]}`."""
    register()
    try:
        return _composed([f"{key}={in_grammar(value)}" for key, value in _flat(values)], sweeps)
    except (HydraException, OmegaConfBaseException) as error:
        raise ValueError("; ".join(line.strip() for line in str(error.__cause__ or error).splitlines())) from error


def _composed(overrides: Sequence[str], sweeps: bool) -> SweepConfig:
    check_overrides(overrides, None)
    if not sweeps:
        _check_one_run(overrides)
    with _hydra_of_ones_own(), initialize_config_dir(str(CONFIGS), version_base="1.3"):
        config = hydra_compose("config", overrides=[_addable(override) for override in overrides])
    return _checked(config, _scalars(overrides) if sweeps else ())


@contextmanager
def _hydra_of_ones_own() -> Iterator[None]:
    """Hydra has one state for the process: threads wait for each other, and a caller's own app gets its state back."""
    with _lock:
        state = GlobalHydra.instance()
        before = state.hydra
        state.clear()
        try:
            yield
        finally:
            state.hydra = before


def _check_one_run(overrides: Sequence[str]) -> None:
    """Refuse settings that only a sweep takes, and settings that the chosen family does not have."""
    given = {o.key_or_group: o.value() for o in OverridesParser.create().parse_overrides(list(overrides))}
    for key, value in given.items():
        if (key or "").partition(".")[0] in OF_SWEEPS or (key == "experiment" and value):
            raise ValueError(f"{key} belongs to sweeps and this is one run: leave it out, or use varexp sweep")
    model = given.get("model", settings()["model"].default)
    if model in FAMILIES:
        own = {s.name for group in (FAMILIES[model].architecture, FAMILIES[model].usage) for s in declared(group)}
        others = [s.name for f in FAMILIES.values() for group in (f.architecture, f.usage) for s in declared(group)]
        for key in given:
            if key in others and key not in own:
                raise ValueError(f"a {model} has no setting {key}: leave it out, or choose another model")


def check_overrides(overrides: Sequence[str], config_dir: str | None) -> None:
    """Refuse a key that no config has, and a choice of a group that no file offers; the error names the allowed ones.

    Raises:
        ValueError: an unknown key, or an unknown choice, or one that can run code.
        hydra.errors.OverrideParseException: an argument that is no override.
    """
    fields = {field.name for field in dataclasses.fields(schema().config)}
    nested = {"axes": set(settings()), "engine": _names(EngineSettings), "tracking": _names(Tracking)}
    check_safe(overrides, config_dir)
    for override in OverridesParser.create().parse_overrides(list(overrides)):
        key, *rest = (override.key_or_group or "").split(".")
        _check("key", key, fields | {"hydra", *GROUPS})
        if rest and key in nested:
            _check(f"key in {key}", rest[0], nested[key])
        value = override.value()
        if key in GROUPS and not rest:
            for name in value if isinstance(value, list) else [value]:
                if isinstance(name, str):
                    _check(key, name, _choices(key, config_dir))


def _names(cls: type) -> set[str]:
    return {field.name for field in dataclasses.fields(cls)}


def _choices(group: str, config_dir: str | None) -> set[str]:
    folders = [CONFIGS / group, *([] if config_dir is None else [Path(config_dir) / group])]
    return {path.stem for folder in folders for path in folder.glob("*.yaml")}


def _check(kind: str, given: str, allowed: set[str]) -> None:
    if given not in allowed:
        raise unknown_name(kind, given, sorted(allowed))


def _scalars(overrides: Sequence[str]) -> tuple[str, ...]:
    """The settings that overrides give as scalars."""
    keys = [override.key_or_group for override in OverridesParser.create().parse_overrides(list(overrides))]
    return tuple(key for key in keys if key in settings())


def _addable(override: str) -> str:
    """Hydra wants ++ before a key that the composed config does not hold yet, as options are."""
    return f"++{override}" if override.startswith(("target_options", "engine.options")) else override


def _checked(config: DictConfig, scalars: Sequence[str]) -> SweepConfig:
    """The config as an object. ValueError for a scalar that the axes of a grid would override."""
    found: Any = OmegaConf.to_object(config)
    grids = [(f"experiment {name}", grid) for name, e in found.experiments.items() for grid in e.grids.values()]
    for place, grid in grids or [("the sweep", schema().axes())]:
        axes = {} if grid is None else axes_of(found, grid)
        for name in scalars:
            if name in axes:
                raise ValueError(
                    f"{name} is an axis of {place}, with the values {axes[name]}: say axes.{name}=[...] to choose"
                )
    return found


def _flat(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = []
    for key, value in values.items():
        pairs += _flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else [(f"{prefix}{key}", value)]
    return pairs
