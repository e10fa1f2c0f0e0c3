"""A claim of the paper, the ways to read it, and what each reading must be told from."""

from collections.abc import Callable
from dataclasses import dataclass

from varexp.claims.evidence import Evidence
from varexp.theory.verdicts import Verdict

Check = Callable[[], Evidence]

ARMS = ("exact", "constructed", "trained")
KINDS = ("printed", "reading", "repair")


@dataclass(frozen=True)
class Plant:
    """A statement whose truth is known beforehand, put to the same check."""

    statement: str
    check: Check


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One way to read a claim: `printed`, another `reading` of the words, or a `repair` of one that fails.

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


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A numbered item. `source` says how its wording is known: read in the paper, or reconstructed and how surely."""

    id: str
    section: str
    title: str
    printed: str
    source: str
    readings: tuple[Reading, ...]

    def __post_init__(self) -> None:
        names = [reading.name for reading in self.readings]
        if len(set(names)) != len(names) or not names:
            raise ValueError(f"claim {self.id!r} needs readings of different names, got {names}")
