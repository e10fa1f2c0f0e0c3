"""The verdict on one row: both ends of its error proved, refuted, or not decided within a budget of cells."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flint import arb, ctx

from varexp.audit.block import UnknownMapError
from varexp.audit.cover import cover
from varexp.audit.fixed import complaints
from varexp.audit.network import build
from varexp.audit.peaks import reached
from varexp.audit.tensors import DamagedError, Tensors, read_tensors

PRECISION = 96  # bits
NORMS = ("rms", "max", "frobenius")
SHOWN = "key target K kernel depth sides norm error_lower error_upper".split()
ORDER = ("target", "K", "kernel", "sides", "depth", "key")  # of rows in a report

Row = Mapping[str, Any]


def audited(row: Row, folder: Path) -> dict[str, Any]:
    """The verdict on a row whose tensors lie in a folder."""
    try:
        tensors = read_tensors(folder / row["tensors"], row["sha256"])
    except (DamagedError, OSError) as error:
        return {**shown(row), "verdict": "refuted", "because": str(error), "cells": 0}
    return judged(row, tensors)


def shown(row: Row) -> dict[str, Any]:
    """What the report has of a row."""
    return {name: row[name] for name in SHOWN}


def judged(row: Row, tensors: Tensors) -> dict[str, Any]:
    """The verdict on a row with given tensors."""
    try:
        if row["norm"] not in NORMS:
            raise UnknownMapError(f"no norm {row['norm']!r} here: there are {', '.join(NORMS)}")
        with ctx.workprec(PRECISION):
            verdict, because, cells = decide(row, tensors)
    except UnknownMapError as error:
        verdict, because, cells = "undecided", str(error), 0
    return {**shown(row), "verdict": verdict, "because": because, "cells": cells}


def decide(row: Row, tensors: Tensors) -> tuple[str, str, int]:
    """The verdict, its reason, and the number of cells. A lower end is refuted by a cover that proves the sup below."""
    network, norm = build(row, tensors), row["norm"]
    for complaint in complaints(row, tensors):
        return "refuted", complaint, 0
    if not row["error_lower"] <= row["error_upper"]:
        return "refuted", "the lower end is above the upper end", 0
    found = cover(network, norm, row["error_upper"])
    if found.broken_at is not None:
        return "refuted", f"above the upper end at {found.broken_at!r}", found.cells
    if not found.holds:
        return "undecided", "the upper end is not decided within the budget", found.cells
    places = [] if row.get("place") is None else [row["place"]]
    place = reached(network, norm, row["error_lower"], places, found.peaks)
    if place is not None:
        return "proved", f"at most the upper end everywhere, at least the lower end at {float(place)!r}", found.cells
    below = cover(network, norm, float((arb(row["error_lower"]) * (1 - arb(2) ** -40)).lower()))
    cells = found.cells + below.cells
    if below.holds:
        return "refuted", "below the lower end everywhere", cells
    return "undecided", "no point was found that reaches the lower end", cells
