"""Measure speed, as ratios in one run: varexp benchmark [part=[sweep,training,growth,plan]] [against=REV].

sweep: a sweep of 120 cells, and certifying chains to a gap of 1 %, against another commit. training: a step
of varexp's ensembles against plain PyTorch and, where it is installed, JAX. growth: exponents of a training step in
width, tokens and models. plan: what more workers would make of the default sweep. The table goes to
results/benchmarks.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from varexp.benchmarks import growth, planning, sweeps, training
from varexp.benchmarks.contests import Row, on_one_core
from varexp.benchmarks.report import keep, lines
from varexp.commands._options import option, parsed
from varexp.errors import bad_value, unknown_name
from varexp.sweeps.config import default_results
from varexp.torch_state import controlled_torch

PARTS = ("sweep", "training", "growth", "plan")


@dataclass
class BenchmarkOptions:
    """What is measured, and how often."""

    part: list[str] = option([], f"of {', '.join(PARTS)}; by default all")
    against: str = option("", "a commit of this repository that the part sweep is compared with")
    steps: int = option(1000, "training steps of each timing at 2x2 tokens; larger sides have fewer")
    pairs: int = option(5, "measurements of each way, in turn")
    results: str = option("", "folder of tables, and of benchmarks/; by default results/")


def run(arguments: Sequence[str]) -> int:
    """Measure, print each row as it comes, and keep the table."""
    options = parsed(BenchmarkOptions, arguments, __doc__ or "")
    if options is None:
        return 0
    for part in options.part:
        if part not in PARTS:
            raise unknown_name("part", part, PARTS)
    for name in ("steps", "pairs"):
        if getattr(options, name) < 1:
            raise bad_value(name, getattr(options, name), "a whole number from 1 up")
    results = Path(options.results) if options.results else default_results()
    found: list[Row] = []
    try:
        with controlled_torch():
            for line in lines(_kept(_rows(options, results), found)):
                print(line, flush=True)
    finally:  # what was measured before an interruption is kept
        if found:
            print(f"wrote {keep(found, ' '.join(['varexp', 'benchmark', *arguments]), results)}")
    return 0


def _rows(options: BenchmarkOptions, results: Path) -> Iterator[Row]:
    wanted = options.part or PARTS
    if "plan" in wanted:
        yield from planning.rows(results)
    with on_one_core():
        if "growth" in wanted:
            yield from growth.rows(options.steps)
        if "training" in wanted:
            yield from training.rows(options.steps, options.pairs)
    if "sweep" in wanted:
        yield from sweeps.rows(options.against, options.pairs)


def _kept(rows: Iterator[Row], found: list[Row]) -> Iterator[Row]:
    for row in rows:
        found.append(row)
        yield row
