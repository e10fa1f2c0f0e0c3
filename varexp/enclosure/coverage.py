"""What torch has and what of it an enclosure answers: the table in OPERATIONS.md, which is made here.

    python -m varexp.enclosure.coverage > varexp/enclosure/OPERATIONS.md

torch itself says which of its functions can be answered by another type (`torch.overrides`), and lists the methods and
attributes of a tensor. Each of these is enclosed or refused by name.
"""

import re
from collections.abc import Callable
from typing import Any

import torch
from torch import overrides

from varexp.enclosure import Enclosure
from varexp.enclosure.cells_second import ANSWERS
from varexp.enclosure.protocol import TABLE, StandIn
from varexp.enclosure.refusals import HARMLESS


def functions() -> dict[str, Callable[..., Any]]:
    """Every function of torch that another type can answer, methods of tensors included, by its full name."""
    found: dict[str, Callable[..., Any]] = {}
    for listed in overrides.get_overridable_functions().values():
        for function in listed:
            name = overrides.resolve_name(function) or getattr(function, "__name__", str(function))
            if not name.endswith(("__get__", "__set__", "__delete__")):  # attributes, which are listed below
                found[name] = function
    return dict(sorted(found.items()))


def attributes() -> list[str]:
    """Every method and attribute of a tensor that says something about its value."""
    private = re.compile(r"_[^_]")
    return sorted(name for name in dir(torch.Tensor) if name not in HARMLESS and not private.match(name))


def is_enclosed(function: Callable[..., Any]) -> bool:
    """Whether a function of torch has a rule."""
    return function in TABLE or function in ANSWERS


def is_answered(attribute: str) -> bool:
    """Whether an enclosure has a method or attribute of a tensor."""
    found = vars(Enclosure).get(attribute, vars(StandIn).get(attribute))
    own = found.fget if isinstance(found, property) else found
    return own is not None and getattr(own, "__name__", "") != "refused"


def _wrapped(names: list[str], width: int = 118) -> str:
    lines, line = [], ""
    for name in names:
        piece = f"`{name}`, "
        if len(line) + len(piece) > width:
            lines.append(line.rstrip())
            line = ""
        line += piece
    return "\n".join([*lines, line.rstrip(", ")])


def report() -> str:
    """The table as Markdown: counts, and the names of what is enclosed."""
    known = [name for name, function in functions().items() if is_enclosed(function)]
    answered = [name for name in attributes() if is_answered(name)]
    counts = (("functions", len(functions()), len(known)), ("methods and attributes", len(attributes()), len(answered)))
    rows = [f"| {kind} | {total} | {have} | {total - have} |" for kind, total, have in counts]
    return "\n".join(
        [
            "# What an enclosure answers",
            "",
            f"Made by `python -m varexp.enclosure.coverage` from the lists of torch {torch.__version__.split('+')[0]}.",
            "Whatever is not named here is refused by name, before any number is made; ALGEBRA.md has the rules.",
            "",
            "| of torch | listed | enclosed | refused |",
            "|---|---|---|---|",
            *rows,
            "",
            "## Functions",
            "",
            _wrapped(known),
            "",
            "## Methods and attributes of a tensor",
            "",
            _wrapped(answered),
            "",
        ]
    )


if __name__ == "__main__":
    print(report(), end="")
