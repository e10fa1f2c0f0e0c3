"""A claim of the paper, the ways to read it, and what each reading must be told from."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from varexp.claims.evidence import Evidence
from varexp.theory.verdicts import Verdict

Check = Callable[[], Evidence]

ARMS = ("exact", "constructed", "trained")
KINDS = ("printed", "reading", "repair", "implementation")
WORDINGS = ("read", "high", "medium", "low")  # read in the paper, or reconstructed, and how surely


def called(check: Check) -> tuple[Any, ...]:
    """The function of a check and all its arguments, defaults included: equal where two checks do the same."""
    function, arguments, keywords = check, (), {}
    if isinstance(check, partial):
        function, arguments, keywords = check.func, check.args, check.keywords
    bound = inspect.signature(function).bind(*arguments, **keywords)
    bound.apply_defaults()
    return function, repr(sorted(bound.arguments.items()))


@dataclass(frozen=True)
class Plant:
    """A statement whose truth is known beforehand, put to the same check."""

    statement: str
    check: Check


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One way to read a claim: `printed`, another `reading` of the words, or a `repair` of one that fails.

    An `implementation` says that the package computes what a definition prints.

    `expected` is the verdict that the committed ledger has; `because` says in a sentence why. Every reading comes with
    at least one planted falsehood, which its check must find VIOLATED, and one planted truth.
    """

    name: str
    kind: str
    statement: str
    arm: str
    norm: str
    domain: str
    check: Check
    expected: Verdict
    because: str
    falsehoods: tuple[Plant, ...]
    truths: tuple[Plant, ...]
    hypotheses: str = ""

    def __post_init__(self) -> None:
        if self.arm not in ARMS or self.kind not in KINDS:
            raise ValueError(f"expected an arm of {ARMS} and a kind of {KINDS}, got {self.arm!r} and {self.kind!r}")
        if not self.falsehoods or not self.truths:
            raise ValueError(f"reading {self.name!r} needs a planted falsehood and a planted truth")
        if self.arm == "trained" and self.expected is Verdict.VIOLATED:
            raise ValueError(f"reading {self.name!r}: a trained model refutes nothing; state what it illustrates")
        for plant in (*self.falsehoods, *self.truths):
            if called(plant.check) == called(self.check):
                raise ValueError(f"reading {self.name!r}: plant {plant.statement!r} is the reading's own check")


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A numbered item. `source` says how its wording is known, `wording` the same in a word of WORDINGS."""

    id: str
    section: str
    title: str
    printed: str
    source: str
    wording: str
    readings: tuple[Reading, ...]

    def __post_init__(self) -> None:
        if self.wording not in WORDINGS:
            raise ValueError(f"claim {self.id!r}: wording is one of {', '.join(WORDINGS)}, got {self.wording!r}")
        names = [reading.name for reading in self.readings]
        if len(set(names)) != len(names) or not names:
            raise ValueError(f"claim {self.id!r} needs readings of different names, got {names}")

    def label(self, reading: Reading) -> str:
        """The kind of a reading; of a printed one also how surely the print is known."""
        if reading.kind != "printed" or self.wording == "read":
            return reading.kind
        return f"printed (reconstructed, {self.wording})"
