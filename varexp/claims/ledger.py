"""results/ledger.json: claims, readings, verdicts, the evidence that decides them, and what was planted."""

import difflib
import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
from rich.markup import escape
from rich.table import Table

from varexp.claims.audit import disagreements
from varexp.claims.claim import Claim, Plant, Reading
from varexp.claims.evidence import Comparison, Evidence
from varexp.files import write_atomically
from varexp.theory import Interval, Verdict

SCHEMA = 2
COLOURS = {"HOLDS": "green", "VIOLATED": "red", "INCONCLUSIVE": "yellow", "HYPOTHESIS_NOT_MET": "yellow"}

Ledger = dict[str, Any]


def chosen(claims: Sequence[Claim], claim: str | None = None, section: str | None = None) -> list[Claim]:
    """The claims of that id and section, or ValueError naming the nearest there are."""
    ids, sections = [c.id for c in claims], sorted({c.section for c in claims})
    if claim is not None and claim not in ids:
        near = difflib.get_close_matches(claim, ids, n=3, cutoff=0.3) or ids
        raise ValueError(f"unknown claim {claim!r}: did you mean {', '.join(near)}? (of {len(ids)} claims)")
    if section is not None and section not in sections:
        raise ValueError(f"unknown section {section!r}: choose one of {', '.join(sections)}")
    found = [c for c in claims if claim in (None, c.id) and section in (None, c.section)]
    if not found:
        raise ValueError(f"claim {claim!r} is not in section {section!r}: leave one of the two out")
    return found


def check(claims: Sequence[Claim], not_judged: Mapping[str, str] | None = None) -> Ledger:
    """Run every check and every plant. `not_judged`: sentences that no check can decide, and why."""
    rows = []
    for claim in claims:
        rows.append(
            {
                **{name: getattr(claim, name) for name in ("id", "section", "title", "printed", "source", "wording")},
                "readings": [_reading(claim, reading) for reading in claim.readings],
            }
        )
    ledger = {"schema": SCHEMA, "paper": "arXiv 2502.06167v1", "counts": _counts(rows), "claims": rows}
    ledger["not_judged"] = [{"sentence": said, "because": why} for said, why in (not_judged or {}).items()]
    jsonschema.validate(ledger, schema())
    return ledger


def schema() -> Any:
    """What a ledger looks like, as JSON Schema."""
    return json.loads((files("varexp.claims") / "ledger.schema.json").read_text(encoding="utf-8"))


def _reading(claim: Claim, reading: Reading) -> dict[str, Any]:
    found = reading.check()
    names = ("name", "kind", "statement", "hypotheses", "norm", "domain", "arm", "because")
    return {
        **{name: getattr(reading, name) for name in names},
        "label": claim.label(reading),
        "verdict": str(found.verdict),
        "expected": str(reading.expected),
        "evidence": _evidence(found),
        "planted": [
            *(_planted(plant, Verdict.VIOLATED) for plant in reading.falsehoods),
            *(_planted(plant, Verdict.HOLDS) for plant in reading.truths),
        ],
    }


def _planted(plant: Plant, known: Verdict) -> dict[str, str]:
    return {"statement": plant.statement, "known": str(known), "found": str(plant.check().verdict)}


def _evidence(found: Evidence) -> dict[str, Any]:
    instances = [
        {
            "what": instance.what,
            "verdict": str(instance.verdict),
            "hypotheses": [_comparison(c) for c in instance.hypotheses],
            "conclusions": [_comparison(c) for c in instance.conclusions],
        }
        for instance in found.instances
    ]
    return {"seed": found.seed, "numbers": found.numbers, "instances": instances}


def _comparison(comparison: Comparison) -> dict[str, Any]:
    return {
        "what": comparison.what,
        "left": _ends(comparison.left),
        "relation": comparison.relation,
        "right": _ends(comparison.right),
    }


def _ends(number: Interval) -> list[str]:
    return [str(number.lower)] if number.exact else [str(number.lower), str(number.upper)]


def _counts(rows: Sequence[dict[str, Any]]) -> dict[str, int]:
    readings = [reading for row in rows for reading in row["readings"]]
    planted = [plant for reading in readings for plant in reading["planted"]]
    return {
        "claims": len(rows),
        "readings": len(readings),
        "implementations": sum(r["kind"] == "implementation" for r in readings),
        **{str(verdict): sum(r["verdict"] == verdict for r in readings) for verdict in Verdict},
        "planted_falsehoods": sum(p["known"] == Verdict.VIOLATED for p in planted),
        "planted_truths": sum(p["known"] == Verdict.HOLDS for p in planted),
        "planted_missed": sum(p["known"] != p["found"] for p in planted),
    }


def complaints(ledger: Ledger) -> list[str]:
    """What is not as expected, a line each: verdicts, plants, and disagreements with the audit."""
    lines = []
    for claim in ledger["claims"]:
        for reading in claim["readings"]:
            name = f"{claim['id']} ({reading['name']})"
            if reading["verdict"] != reading["expected"]:
                lines.append(f"{name}: found {reading['verdict']}, expected {reading['expected']}")
            lines += [
                f"{name}: planted {plant['statement']!r} found {plant['found']}, known to be {plant['known']}"
                for plant in reading["planted"]
                if plant["found"] != plant["known"]
            ]
    return lines + disagreements(ledger)


def save(ledger: Ledger, path: Path) -> None:
    """Write the ledger, or leave the file as it was."""
    write_atomically(path, json.dumps(ledger, indent=1, ensure_ascii=False) + "\n")


def table(ledger: Ledger, long: bool = False) -> Table:
    """For a terminal. `long`: with the statement, the norm and the domain of every reading."""
    result = Table("claim", "reading", "arm", "verdict", "because", title=ledger["paper"], title_justify="left")
    for claim in ledger["claims"]:
        for i, reading in enumerate(claim["readings"]):
            verdict = reading["verdict"]
            words = [escape(reading["because"])]
            if long:
                words = [escape(_stated(reading)), f"[dim]{escape(_where(reading))}[/dim]", *words]
            result.add_row(
                claim["id"] if i == 0 else "",
                f"{escape(reading['name'])} [dim]{reading['label']}[/dim]",
                reading["arm"],
                f"[{COLOURS[verdict]}]{verdict}[/]",
                "\n".join(words),
                end_section=i + 1 == len(claim["readings"]),
            )
    return result


def lines(ledger: Ledger, long: bool = False) -> list[str]:
    """For a pipe: a line a reading, its fields between tabs."""
    found = []
    for claim in ledger["claims"]:
        for reading in claim["readings"]:
            fields = [
                claim["id"],
                reading["name"],
                reading["label"],
                reading["arm"],
                reading["verdict"],
                reading["because"],
            ]
            found.append("\t".join([*fields, *([_stated(reading), _where(reading)] if long else [])]))
    return found


def _stated(reading: dict[str, Any]) -> str:
    return reading["statement"] + (f", if {reading['hypotheses']}" if reading["hypotheses"] else "")


def _where(reading: dict[str, Any]) -> str:
    return f"{reading['norm']}; {reading['domain']}"
