"""What every entry point shares: overrides checked before Hydra composes, errors as one clear line."""

import dataclasses
import difflib
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from varexp.sweep.config import REPOSITORY, Axes, Config, Engine, Tracking, register
from varexp.sweep.records import StoreError
from varexp.sweep.run import SweepFailedError

NESTED = {"axes": Axes, "engine": Engine, "tracking": Tracking}
GROUPS = ("experiment", "engine", "tracking", "scale")


def guarded(main: Callable[[], Any]) -> int:
    """Run a Hydra main; 0, or an exit status after one clear line on standard error."""
    os.environ.setdefault("HYDRA_FULL_ERROR", "1")  # errors reach us instead of being printed with a traceback
    register()
    try:
        check_overrides(sys.argv[1:])
        sys.argv[1:] = [_addable(argument) for argument in sys.argv[1:]]
        main()
    except KeyboardInterrupt:
        print("interrupted: finished records are kept; the same command goes on from them", file=sys.stderr)
        return 130
    except (ValueError, StoreError, SweepFailedError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except (HydraException, OmegaConfBaseException) as error:
        reason = "; ".join(line.strip() for line in str(error.__cause__ or error).splitlines())
        print(f"error: {reason}", file=sys.stderr)
        return 1
    except OSError as error:
        print(
            f"error: {error.strerror or error}: {error.filename}; choose another folder with results=DIR",
            file=sys.stderr,
        )
        return 1
    return 0


def check_overrides(arguments: Sequence[str]) -> None:
    """Refuse a key that no config has, and a group's choice that no file offers, with what there is. ValueError."""
    overrides = [argument for argument in arguments if "=" in argument and not argument.startswith("-")]
    for override in OverridesParser.create().parse_overrides(overrides):
        key, *rest = (override.key_or_group or "").split(".")
        _check("key", key, {field.name for field in dataclasses.fields(Config)} | {"hydra", *GROUPS})
        if rest and key in NESTED:
            _check(f"key in {key}", rest[0], {field.name for field in dataclasses.fields(NESTED[key])})
        value = override.value()
        if key in GROUPS and not rest:
            for name in value if isinstance(value, list) else [value]:
                if isinstance(name, str):
                    _check(key, name, {path.stem for path in (REPOSITORY / "configs" / key).glob("*.yaml")})


def _addable(argument: str) -> str:
    """Hydra wants ++ before a key that the composed config does not hold yet, as a target's options are."""
    return f"++{argument}" if argument.startswith("target_options.") else argument


def _check(what: str, given: str, allowed: set[str]) -> None:
    if given in allowed:
        return
    near = difflib.get_close_matches(given, sorted(allowed), 1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    raise ValueError(f"unknown {what} {given!r}{hint}: choose one of {', '.join(sorted(allowed))}")
