"""The commands of varexp in this checkout, and in another commit, which gets a work tree while it is measured."""

import contextlib
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from varexp.benchmarks.contests import Row, contest, spent

ROOT = Path(__file__).parents[2]
CELLS = 120
SUBSET = (  # so many cells: chains of each target, with five seeds
    "domain=curve-2",
    "K=2.1",
    "kernel=keys",
    "axes.target=[affine,fold,sine,mix]",
    "axes.depth=[1,2,3,4,5,6]",
    "axes.seed=[0,1,2,3,4]",
)
CHAINS = (  # what is certified, by words of `train`; shallower ones cost less than a start of Python varies
    ("curve, depth 6", ("domain=curve-2", "depth=6", "kernel=keys")),
    ("disc, depth 2, width 32", ("domain=disc", "depth=2", "width=32")),
    ("disc, depth 4", ("domain=disc", "depth=4")),
)


@contextlib.contextmanager
def checkout(revision: str) -> Iterator[Path]:
    """A work tree of a commit. ValueError if there is no such commit here."""
    with tempfile.TemporaryDirectory(prefix="varexp-bench-") as folder:
        tree = Path(folder) / "tree"
        made = _git("worktree", "add", "--detach", str(tree), revision)
        if made.returncode:
            raise ValueError(f"against={revision!r} is no commit of {ROOT}: {made.stderr.strip().splitlines()[-1]}")
        try:
            yield tree
        finally:
            _git("worktree", "remove", "--force", str(tree))


def _git(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=False)


def cost(tree: Path, command: str, words: Sequence[str]) -> float:
    """The core-seconds of a command of a checkout, all its processes together, in a folder of results of its own."""
    with tempfile.TemporaryDirectory(prefix="varexp-bench-") as results:
        environment = {**os.environ, "PYTHONPATH": str(tree)}
        before = spent()
        subprocess.run(
            [sys.executable, str(tree / "scripts" / f"{command}.py"), *words, f"results={results}"],
            env=environment,
            cwd=results,
            capture_output=True,
            check=True,
        )
        return spent() - before


def rows(against: str, pairs: int) -> Iterator[Row]:
    """The subset of the default sweep, and what certifying a chain costs: with certificates, less without."""
    with contextlib.ExitStack() as stack:
        others = {against[:7]: stack.enter_context(checkout(against))} if against else {}

        def compared(part: str, what: str, unit: str, measure: Callable[[Path], float]) -> list[Row]:
            theirs = {name: partial(measure, tree) for name, tree in others.items()}
            return contest(part, what, partial(measure, ROOT), theirs, pairs, unit)

        yield from compared("sweep", f"{CELLS} cells: depth 1 to 6, four targets, five seeds", "core-seconds", swept)
        megabytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        yield Row("sweep", "memory of the largest process", "MiB", megabytes)
        for what, words in CHAINS:
            yield from compared("certifying", what, "core-seconds to a gap of 1 %", partial(certified, words=words))


def swept(tree: Path) -> float:
    """The cost of the subset."""
    return cost(tree, "sweep", SUBSET)


def certified(tree: Path, words: Sequence[str]) -> float:
    """The cost of certifying one chain."""
    return cost(tree, "train", words) - cost(tree, "train", [*words, "gap=null"])
