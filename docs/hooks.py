"""What the documentation takes from the project while it is built, so that it cannot say something else.

A line `@source(FILE, NAME)@` becomes the code of a class or function, `@include(FILE)@` a whole file, `@columns@` the
data dictionary, `@settings@` the settings, `@claims@` the readings of the ledger.
"""

import ast
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from varexp.sweeps.config import settings
from varexp.sweeps.dictionary import about, described

ROOT = Path(__file__).parents[1]
MARK = re.compile(r"^@(\w+)(?:\((.*?)\))?@$", re.MULTILINE)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put in what the marks of a page ask for."""
    return MARK.sub(lambda mark: MAKERS[mark[1]](*filter(None, re.split(r", *", mark[2] or ""))), markdown)


def source(file: str, name: str) -> str:
    """The code of a class or function, its decorators included."""
    text = (ROOT / file).read_text(encoding="utf-8")
    (node,) = [node for node in ast.parse(text).body if getattr(node, "name", None) == name]
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
    lines = text.splitlines()[first - 1 : node.end_lineno]
    return "```python\n" + "\n".join(lines) + "\n```"


def include(file: str) -> str:
    """A file as it is, without its first heading."""
    text = (ROOT / file).read_text(encoding="utf-8")
    return f"```python\n{text}```" if file.endswith(".py") else re.sub(r"\A# .*\n", "", text)


def columns() -> str:
    """Every table and its columns."""
    return "\n".join(_tables())


def _tables() -> Iterator[str]:
    seen: dict[tuple[str, ...], str] = {}
    for path in sorted((ROOT / "results" / "tables").glob("*.csv")):
        names = tuple(pd.read_csv(path, nrows=0).columns)
        if names in seen:
            continue
        seen[names] = path.stem
        of_sweeps = {"experiment": "Tables of sweeps", "stage": "Stages of sweeps"}
        title = next((title for column, title in of_sweeps.items() if column in names), f"Table {path.stem}")
        yield f"\n## {title}\n\n{about(path.stem, list(names))}\n"
        yield "| column | type | unit | meaning | item | empty where |\n|---|---|---|---|---|---|"
        for column in described(path.stem, list(names)):
            cells = (f"`{column.name}`", column.type, column.unit, column.meaning, column.item, column.empty)
            yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def all_settings() -> str:
    """Every setting with its default and its sentence."""
    rows = (f"| `{s.name}` | {'' if s.default is None else s.default} | {s.doc} |" for s in settings().values())
    return "\n".join(["| setting | default | what it is |", "|---|---|---|", *rows])


def claims() -> str:
    """The readings of the ledger, claim by claim."""
    ledger = json.loads((ROOT / "results" / "ledger.json").read_text(encoding="utf-8"))
    lines = []
    for claim in ledger["claims"]:
        lines.append(f"\n## {claim['id']}: {claim['title']}\n\nPrinted: {_escaped(claim['printed'])}\n")
        for reading in claim["readings"]:
            said = f"({reading['label']}; {reading['name']}) {reading['statement']}. Why: {reading['because']}"
            lines.append(f"* **{reading['verdict']}** " + _escaped(said))
    return "\n".join(lines)


def _escaped(text: str) -> str:
    return re.sub(r"([_\[\]`|*])", r"\\\1", text).replace("<", "&lt;")


MAKERS: dict[str, Callable[..., str]] = {
    "source": source,
    "include": include,
    "columns": columns,
    "settings": all_settings,
    "claims": claims,
}
