"""A config names settings and nothing else: what would let one run code, or carry a secret, is refused."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from varexp.errors import bad_value

HYDRA = ("hydra.run.dir", "hydra.sweep.dir", "hydra.sweep.subdir", "hydra.verbose", "hydra.mode", "hydra.job.chdir")
PACKAGES = ("_global_", "_group_")
ENVIRONMENT = "HOME USER LOGNAME TMPDIR TEMP HOSTNAME PWD SCRATCH SCRATCH_DIR WORK DATA_DIR SLURM_JOB_ID".split()
OF_ENVIRONMENT = re.compile(r"\$\{\s*oc\.env\s*:\s*(\w+)\s*[,}]")
CODE = ("_target_", "oc.create", "oc.decode", "hydra:")  # in no text of a config


def check_safe(overrides: Sequence[str], config_dir: str | None) -> None:
    """Refuse what makes Hydra import or call something, or read what may be a secret.

    Raises:
        ValueError: an override, or a file in the user's own folder of configs, has such a key or value.
    """
    for override in OverridesParser.create().parse_overrides(list(overrides)):
        key = (override.key_or_group or "").replace("/", ".")
        if override.package is not None:
            raise ValueError(f"{key}@{override.package}: a package may be one of Hydra's own, which can run code")
        if key.split(".")[0] == "hydra" and key not in HYDRA:
            raise bad_value("a setting of Hydra's own", key, f"one of {', '.join(HYDRA)}: others can run code")
        _check_texts(key, [override.input_line or ""])
    for path in _files(config_dir):
        _check_file(path, path.relative_to(str(config_dir)))


def _files(folder: str | None) -> Iterator[Path]:
    """All files of configs below a folder, behind links as well."""
    if folder is not None:
        for root, _, names in os.walk(folder, followlinks=True):
            yield from (Path(root) / name for name in sorted(names) if name.endswith((".yaml", ".yml")))


def _check_file(path: Path, place: Path) -> None:
    text = path.read_text(errors="replace")
    headers = [line.split("@package", 1)[1].strip() for line in text.splitlines() if "@package" in line]
    if "hydra" in place.with_suffix("").parts or any(header not in PACKAGES for header in headers):
        allowed = " or ".join(PACKAGES)
        raise ValueError(f"{path} is, or may be, a config of Hydra's own, which can run code: @package is {allowed}")
    try:
        found = OmegaConf.to_container(OmegaConf.create(text or "{}"), resolve=False)
    except Exception as error:  # of the reader of YAML
        raise ValueError(f"{path} is no YAML: {' '.join(str(error).split())}") from error
    texts = list(_texts(found))
    if any("hydra" in re.split(r"[./ @:]", part) for part in texts):
        raise ValueError(f"{path} sets something of Hydra's own, which can run code: leave it out")
    _check_texts(str(path), texts)


def _check_texts(where: str, texts: Iterable[str]) -> None:
    for text in texts:
        if any(word in text for word in CODE):
            raise ValueError(f"{where} has {text!r}, which can run code: configs name settings and nothing else")
        names = OF_ENVIRONMENT.findall(text)
        if len(names) != text.count("oc.env") or not set(names) <= set(ENVIRONMENT):
            raise ValueError(
                f"{where} reads a variable that may hold a secret, and what a config holds is written into records: "
                f"of the environment it may read {', '.join(ENVIRONMENT)}"
            )


def _texts(value: Any) -> Iterator[str]:
    """All keys and all texts of nested values."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield str(key)
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
    elif value is not None:
        yield str(value)
