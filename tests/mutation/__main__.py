"""make mutants: change the code that computes bounds, one place at a time, and count the changes that tests notice.

Usage: python -m tests.mutation [sample=N] [seed=S] [module=enclosure/products,...] [without=...] [processes=2]

Prints a table by module and every survivor that explained.toml does not explain; the outcome of every mutant goes to
build/mutation.json. Where all mutants of a module are run, its counts go to results/mutation.json as soon as they are
known, beside a digest of its source. The exit status is 1 where fewer than 95 % of the mutants are killed, or a
survivor is not explained.
"""

import hashlib
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from .children import Job, Outcome
from .mutants import Mutant
from .plan import Key, Module, explained, modules, sample
from .running import ROOT, outcomes_of, prepare

LEAST_KILLED = 0.95
SETTINGS = {"sample": "0", "seed": "0", "module": "", "without": "", "processes": "2"}


def main(words: Sequence[str]) -> int:
    """Run mutants as the words say."""
    given = dict(word.split("=", 1) for word in words)
    if unknown := set(given) - set(SETTINGS):
        raise SystemExit(f"unknown settings {sorted(unknown)}: choose from {', '.join(SETTINGS)}")
    settings = SETTINGS | given
    only, without = ([name for name in settings[key].split(",") if name] for key in ("module", "without"))
    plan, processes = modules(only, without), int(settings["processes"])
    found = [module.mutants() for module in plan]
    size, seed = int(settings["sample"]), int(settings["seed"])
    chosen = sample(found, size, seed) if size else [mutant for of_module in found for mutant in of_module]
    prepare()
    outcomes = []
    for of_tests in judge(plan, chosen, processes):
        outcomes += of_tests
        if not size:
            keep(count(plan, found, of_tests, explained()))
    return report(count(plan, found, outcomes, explained()), outcomes)


def judge(plan: Sequence[Module], chosen: Sequence[Mutant], processes: int) -> Iterator[list[Outcome]]:
    """Run every mutant, those together that the same tests judge; the code as it is must pass."""
    by_file = {module.file: module for module in plan}
    outcomes, start, known = [], time.monotonic(), explained()
    for tests in dict.fromkeys(by_file[mutant.file].tests for mutant in chosen):
        jobs = []
        for mutant in chosen:
            module = by_file[mutant.file]
            if module.tests == tests:
                jobs.append(Job(tests, 0.0, module.name, mutant.source(module.source), mutant))
        for outcome in outcomes_of(tests, jobs, processes):
            if outcome.verdict == "broken" or (outcome.job.label is None and outcome.killed):
                raise SystemExit(f"{outcome.failing} fails on {outcome.job.label or 'the code as it is'}")
            if outcome.job.label is None:
                continue
            outcomes.append(outcome)
            if not outcome.killed and outcome.job.label.key not in known:
                describe(outcome.job.label)
        each = (time.monotonic() - start) / max(len(outcomes), 1)
        write("build/mutation.json", [row(outcome) for outcome in outcomes])
        print(f"{len(outcomes)} of {len(chosen)} mutants, {each:.1f} s each: {jobs[-1].label.file}", flush=True)
        yield outcomes[-len(jobs) :]


def keep(counts: Mapping[str, Mapping[str, Any]]) -> None:
    """Put the counts of some modules into results/mutation.json, where those of other modules stay as they are."""
    path = ROOT / "results/mutation.json"
    known = json.loads(path.read_text(encoding="utf-8"))["modules"] if path.exists() else {}
    known |= {name: {**entry, "source": digest(ROOT / name)} for name, entry in counts.items()}
    kept = {name: known[name] for name in sorted(known) if (ROOT / name).exists()}
    totals = {key: sum(entry[key] for entry in kept.values()) for key in ("mutants", "killed", "survived", "explained")}
    write("results/mutation.json", {**totals, "modules": kept})


def digest(path: Path) -> str:
    """What says whether a source has changed."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def describe(mutant: Mutant) -> None:
    """Print a survivor."""
    source = (ROOT / mutant.file).read_text(encoding="utf-8")
    print(f"survived: {mutant.file} {mutant.function} {mutant.operator} (place {mutant.place})")
    print(f"    - {mutant.line}\n    + {mutant.changed_line(source)}", flush=True)


def count(
    plan: Sequence[Module], found: Sequence[Sequence[Mutant]], outcomes: Sequence[Outcome], known: dict[Key, str]
) -> dict[str, dict[str, Any]]:
    """Of every module: its mutants, those that were run, killed, survived and explained, and the share of killed."""
    table = {}
    for module, of_module in zip(plan, found, strict=True):
        run = [outcome for outcome in outcomes if outcome.job.label.file == module.file]
        survived = [outcome for outcome in run if not outcome.killed]
        reasons = sum(outcome.job.label.key in known for outcome in survived)
        if run:
            table[module.file] = {
                "mutants": len(of_module),
                "run": len(run),
                "killed": len(run) - len(survived),
                "survived": len(survived),
                "explained": reasons,
                "score": round(1 - len(survived) / len(run), 3),
            }
    return table


def row(outcome: Outcome) -> dict[str, Any]:
    """An outcome as it is written down."""
    mutant = outcome.job.label
    return {
        "file": mutant.file,
        "function": mutant.function,
        "operator": mutant.operator,
        "line": mutant.line,
        "place": mutant.place,
        "verdict": outcome.verdict,
        "failing": outcome.failing if outcome.killed else "",
        "seconds": round(outcome.seconds, 2),
    }


def write(name: str, content: Any) -> None:
    """Write a file below the root of the repository."""
    path = ROOT / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def report(counts: dict[str, dict[str, Any]], outcomes: Sequence[Outcome]) -> int:
    """Print the table; the exit status."""
    print(f"{'module':<48}{'mutants':>9}{'run':>6}{'killed':>8}{'survived':>10}{'explained':>11}{'score':>8}")
    totals = {key: sum(entry[key] for entry in counts.values()) for key in ("mutants", "run", "killed", "survived")}
    totals["explained"] = sum(entry["explained"] for entry in counts.values())
    score = totals["killed"] / max(totals["run"], 1)
    for name, entry in [*counts.items(), ("all", totals | {"score": score})]:
        print(
            f"{name:<48}{entry['mutants']:>9}{entry['run']:>6}{entry['killed']:>8}{entry['survived']:>10}"
            f"{entry['explained']:>11}{entry['score']:>8.1%}"
        )
    seconds = sum(outcome.seconds for outcome in outcomes) / max(len(outcomes), 1)
    print(f"{seconds:.1f} s a mutant and process")
    return int(score < LEAST_KILLED or totals["survived"] > totals["explained"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
