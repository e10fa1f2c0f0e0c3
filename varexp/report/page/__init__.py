"""The page of results: one file that opens without a network, with findings, the ledger, charts, tables and sources.

Tables travel as they are, compressed, so that what the page shows and what it lets one download is the released file.
"""

import base64
import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from varexp.report.findings import Section

POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; "
    "font-src data:; connect-src 'none'; base-uri 'none'; form-action 'none'"
)


@dataclass(frozen=True)
class Shown:
    """A table on the page.

    Attributes:
        name: of the table.
        path: the CSV file.
        about: a sentence about the table.
        columns: what each column means, as plain dictionaries with a name, a meaning and so on.
        command: what makes the table.
        notes: further lines by their heads, such as the claim of an experiment and its plan.
        figures: SVG files that are shown as they are; none where the page draws the table.
    """

    name: str
    path: Path
    about: str
    columns: Sequence[Mapping[str, Any]]
    command: str
    notes: Mapping[str, str] = field(default_factory=dict)
    figures: Sequence[Path] = ()

    def content(self) -> dict[str, Any]:
        """As the page's script reads it."""
        return {
            "name": self.name,
            "about": self.about,
            "columns": list(self.columns),
            "command": self.command,
            "notes": dict(self.notes),
            "figures": [_svg(path) for path in self.figures],
            "csv": base64.b64encode(gzip.compress(self.path.read_bytes(), mtime=0)).decode(),
        }


def page(
    sections: Sequence[Section],
    ledger: Mapping[str, Any] | None,
    tables: Sequence[Shown],
    defaults: Mapping[str, Any],
    random: Sequence[str],
    made_with: Mapping[str, str],
) -> str:
    """The page as HTML.

    Args:
        sections: the findings; they may be empty.
        ledger: as in ledger.json; None where there is none.
        tables: what is shown, in order.
        defaults: every setting with its default, from which the command of a row is made.
        random: the families whose models answer at random, so that `gap` means nothing to them.
        made_with: what the page was made with, such as its version.

    Raises:
        ValueError: Plotly is not installed.
    """
    content = {
        "findings": [_finding(section) for section in sections],
        "ledger": ledger,
        "tables": [table.content() for table in tables],
        "defaults": dict(defaults),
        "random": list(random),
        "made_with": dict(made_with),
    }
    parts = {
        "POLICY": POLICY,
        "STYLE": _part("page.css"),
        "PLOTLY": _plotly(),
        "SCRIPT": "\n".join(_part(name) for name in ("rows.js", "chart.js", "table.js", "page.js")),
        "CONTENT": json.dumps(content, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c"),
    }
    text = _part("page.html")
    for name, part in parts.items():
        before, mark, after = text.partition(f"@{name}@")
        assert mark, name
        text = before + part + after
    return text


def _finding(section: Section) -> dict[str, Any]:
    items = [{"text": found.text, "table": found.table, "query": found.query} for found in section.findings]
    return {
        "title": section.title,
        "short": section.short,
        "question": section.question,
        "items": items,
        "meaning": section.meaning,
    }


def _part(name: str) -> str:
    return (files("varexp.report.page") / name).read_text(encoding="utf-8")


def _plotly() -> str:
    try:
        from plotly.offline import get_plotlyjs
    except ImportError as error:
        raise ValueError("the page needs plotly: pip install 'varexp[report]', or run make report") from error
    return str(get_plotlyjs()).replace("</script", "<\\/script")


def _svg(path: Path) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(path.read_bytes()).decode()
