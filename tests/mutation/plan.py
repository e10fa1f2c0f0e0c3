"""Which modules are changed, which tests judge each, which mutants are run, and which survivors are explained."""

import random
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .mutants import Mutant, mutants
from .running import ROOT

HERE = Path(__file__).parent
LEAST = 2  # mutants of a module in every sample

Key = tuple[str, str, str, str, int]


@dataclass(frozen=True)
class Module:
    """A source file, relative to the root of the repository, and the tests that mirror it."""

    file: str
    tests: tuple[str, ...]
    left_out: frozenset[str] = frozenset()

    @property
    def source(self) -> str:
        return (ROOT / self.file).read_text(encoding="utf-8")

    @property
    def name(self) -> str:
        return self.file.removesuffix(".py").replace("/", ".")

    def mutants(self) -> list[Mutant]:
        """All mutants of the file, but those of functions that are left out."""
        return [mutant for mutant in mutants(self.file, self.source) if mutant.function not in self.left_out]


def modules(only: Sequence[str] = (), without: Sequence[str] = ()) -> list[Module]:
    """The modules of modules.toml; the first pattern that matches a file says which tests judge it.

    Args:
        only: names below varexp, such as enclosure/products; empty for all.
        without: names of modules that are passed over.
    """
    table = tomllib.loads((HERE / "modules.toml").read_text(encoding="utf-8"))
    tests: dict[str, tuple[str, ...]] = {}
    for row in table["module"]:
        for path in sorted(ROOT.glob(row["files"])):
            tests.setdefault(path.relative_to(ROOT).as_posix(), tuple(row["tests"]))
    left_out = {f"varexp/{name}.py" for name in (*table["left_out"], *without)}
    chosen = {f"varexp/{name}.py" for name in only} or set(tests)
    if not chosen <= set(tests):
        raise ValueError(f"modules.toml has no tests for {sorted(chosen - set(tests))}")
    functions = frozenset(table["left_out_functions"])
    return [Module(file, tests[file], functions) for file in sorted(chosen - left_out)]


def sample(all_mutants: Sequence[Sequence[Mutant]], size: int, seed: int) -> list[Mutant]:
    """About `size` mutants at random, of each module in proportion, but at least LEAST of each, if it has them."""
    draw, total = random.Random(seed), sum(map(len, all_mutants))
    chosen = []
    for of_module in all_mutants:
        count = max(LEAST, round(size * len(of_module) / max(total, 1)))
        chosen += draw.sample(list(of_module), min(count, len(of_module)))
    return chosen


def explained() -> dict[Key, str]:
    """Why each survivor of explained.toml makes no bound too small."""
    table = tomllib.loads((HERE / "explained.toml").read_text(encoding="utf-8"))
    return {
        (row["file"], row["function"], row["operator"], row["line"], row.get("place", 0)): row["because"]
        for row in table.get("survivor", [])
    }
