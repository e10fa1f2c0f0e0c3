"""A finding: what was found, the number with its interval, and where a reader finds figure, table and query."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from varexp.report.statistics import Estimate, estimate, ratio
from varexp.report.tables import load_table


class Table:
    """A table by its name, whose rows are asked for by queries of pandas; diverged rows are left out."""

    def __init__(self, name: str, results: Path) -> None:
        self.name = name
        table = load_table(name, results)
        if missing := {"target_seed", "seed", "diverged", "error_lower"} - set(table):
            raise ValueError(f"table {name} lacks {', '.join(sorted(missing))}: make it again with varexp sweep")
        self.diverged = int(table.diverged.astype(bool).sum())
        self.all = table[~table.diverged.astype(bool)]
        relative = self.all.error_upper.fillna(self.all.error_lower) / self.all.error_constant_lower
        at_least = self.all.error_lower / self.all.error_constant_upper
        self.all = self.all.assign(relative=relative, relative_lower=at_least)

    def rows(self, query: str) -> pd.DataFrame:
        """The rows of a query. ValueError if there are none."""
        found = self.all.query(query)
        if found.empty:
            raise ValueError(f"no row of table {self.name} has {query}: findings need the whole sweep")
        return found

    def mean(self, query: str, column: str) -> Estimate:
        """The geometric mean of a column over draws."""
        return estimate(self.rows(query), column)

    def ratio(self, query: str, other: str, column: str = "error_lower") -> Estimate:
        """The geometric mean of one query's rows over the other's, paired by draw and seed."""
        return ratio(self.rows(query), self.rows(other), column)


@dataclass(frozen=True)
class Finding:
    """One sentence with its numbers, and the query that gives the rows."""

    text: str
    table: str
    query: str

    def markdown(self) -> str:
        """As an item of a list."""
        return f"- {self.text}\n  <br>[{self.table}.csv](tables/{self.table}.csv): `{self.query}`"


@dataclass(frozen=True)
class Section:
    """Findings on one question, in short and one by one, the figure that shows them, what they mean for the theorem."""

    title: str
    short: str
    question: str
    figures: Sequence[str]
    findings: Sequence[Finding]
    meaning: str

    def markdown(self) -> str:
        """As a section of FINDINGS.md."""
        shown = ", ".join(f"[{name}](figures/{name}.svg)" for name in self.figures)
        items = "\n".join(finding.markdown() for finding in self.findings)
        return (
            f"## {self.title}\n\n{self.question} Figures: {shown}.\n\n{items}\n\n**For the theorem.** {self.meaning}\n"
        )


def times(found: Estimate) -> str:
    """A ratio in words: how much lower or higher, or that the draws do not show a difference."""
    if not found.decided:
        return f"times {found} (the draws show no difference)"
    return f"times {found} ({'lower' if found.value < 1 else 'higher'})"
