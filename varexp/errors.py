"""What an error says: the field, the value that came, and what is allowed. Every refusal of bad input is made here."""

import difflib
from collections.abc import Iterable


def bad_value(field: str, value: object, allowed: str) -> ValueError:
    """The error for a value out of range: `allowed` says in words what a value of this field is."""
    return ValueError(f"{field} is {allowed}, got {value!r}")


def unknown_name(kind: str, given: object, allowed: Iterable[str]) -> ValueError:
    """The error for a name that is not one of those there are; it names the nearest."""
    names = list(allowed)
    near = difflib.get_close_matches(str(given), names, 1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return ValueError(f"unknown {kind} {given!r}{hint}: choose one of {', '.join(names)}")
