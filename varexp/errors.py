"""Errors. One for bad input names the field, the value that came, and the values that are allowed."""

import difflib
from collections.abc import Iterable


class SoundnessError(RuntimeError):
    """What is a theorem came out false: a declared constant, an enclosure or the suite is wrong."""


def bad_value(field: str, value: object, allowed: str) -> ValueError:
    """The error for a value out of range: `allowed` describes in words the values that the field takes."""
    return ValueError(f"{field} is {allowed}, got {value!r}")


def unknown_name(kind: str, given: object, allowed: Iterable[str]) -> ValueError:
    """The error for a name that is not among the allowed ones; it names the nearest of them."""
    names = list(allowed)
    near = difflib.get_close_matches(str(given), names, 1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return ValueError(f"unknown {kind} {given!r}{hint}: choose one of {', '.join(names)}")
