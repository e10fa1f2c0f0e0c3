"""A config names settings and nothing else: what would let one run code, or carry a secret, is refused."""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from varexp.errors import bad_value

HYDRA = ("hydra.run.dir", "hydra.sweep.dir", "hydra.sweep.subdir", "hydra.verbose", "hydra.mode", "hydra.job.chdir")
SECRET = re.compile(r"key|token|secret|passw|credential|auth", re.IGNORECASE)


def check_safe(overrides: Sequence[str], config_dir: str | None) -> None:
    """Refuse what makes Hydra import or call something: its callbacks, launchers, loggers, `_target_`.

    Raises:
        ValueError: an override, or a file in the user's own folder of configs, has such a key.
    """
    for override in OverridesParser.create().parse_overrides(list(overrides)):
        key = (override.key_or_group or "").replace("/", ".")
        if key.split(".")[0] == "hydra" and key not in HYDRA:
            raise bad_value("a setting of Hydra's own", key, f"one of {', '.join(HYDRA)}: others can run code")
        _check_keys(key, [key, *_keys(override.value())])
    for path in sorted(Path(config_dir).rglob("*.y*ml")) if config_dir is not None else ():
        text = path.read_text(errors="replace")
        if re.search(r"^\s*#\s*@package\s.*hydra", text, re.MULTILINE):
            raise ValueError(f"{path} is a package of Hydra's own, which can run code: leave it out")
        try:
            found = OmegaConf.to_container(OmegaConf.create(text or "{}"), resolve=False)
        except Exception as error:  # of the reader of YAML
            raise ValueError(f"{path} is no YAML: {' '.join(str(error).split())}") from error
        _check_keys(str(path), _keys(found))


def _check_keys(where: str, keys: Sequence[Any] | Iterator[Any]) -> None:
    for key in keys:
        parts = re.split(r"[./ ]", str(key))
        if "_target_" in parts or "()" in parts or ("hydra" in parts and where != key):
            raise ValueError(f"{where} has the key {key}, which can run code: configs name settings and nothing else")


def _keys(value: Any) -> Iterator[Any]:
    """All keys of nested mappings."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield key
            yield from _keys(part)
    elif isinstance(value, list):
        for part in value:
            yield from _keys(part)


def register_resolvers() -> None:
    """`${oc.env:NAME}` gives no variable that may hold a secret, since what it gives is written into records."""
    OmegaConf.register_new_resolver("oc.env", environment, replace=True)


def environment(name: str, *default: str | None) -> str | None:
    """A variable of the environment. ValueError for one that may hold a secret, or that is not there."""
    if SECRET.search(name):
        raise ValueError(f"${{oc.env:{name}}} may hold a secret, and what a config holds is written into records")
    if name not in os.environ and not default:
        raise ValueError(f"${{oc.env:{name}}}: there is no such variable")
    return os.environ.get(name, *default)
