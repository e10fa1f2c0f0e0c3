"""Values in the grammar of Hydra's overrides."""

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_/.+-]*|/[A-Za-z0-9_/.+-]*|\d+(-\d+)+")  # texts that stand for themselves
OTHERS = ("null", "true", "false", "nan", "inf", "infinity", "yes", "no", "on", "off")  # whatever their case


def in_grammar(value: Any) -> str:
    """A value as it stands after the sign of equality: `[1,2]`, `{a:1}`, `'a b'`."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, Mapping):
        return f"{{{','.join(f'{key}:{in_grammar(part)}' for key, part in value.items())}}}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{','.join(map(in_grammar, value))}]"
    if isinstance(value, int | float):
        return repr(value)
    escaped = re.sub(r"(\\*)('|\Z)", lambda found: found[1] * 2 + "\\'" * len(found[2]), str(value))
    return f"'{escaped}'"


def literally(value: Any) -> str:
    """A value that means itself: no quotes where none are needed, and no interpolation of what looks like one."""
    if not isinstance(value, str):
        return in_grammar(value)
    if PLAIN.fullmatch(value) and value.lower() not in OTHERS:
        return value
    return in_grammar(re.sub(r"(\\*)\$\{", lambda found: found[1] * 2 + "\\${", value))


def quoted(override: str) -> str:
    """An override as typed, in the quotes that Hydra wants around letters beyond ASCII, and ~ as the home folder."""
    key, _, value = override.partition("=")
    bare = value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value
    if key == "results" and bare.startswith("~"):
        return f"{key}={in_grammar(os.path.expanduser(bare))}"
    if bare.isascii() or not bare.isprintable() or bare[0] in "[{":
        return override
    return f"{key}={in_grammar(bare)}"
