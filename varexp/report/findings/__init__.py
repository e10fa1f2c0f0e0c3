"""results/FINDINGS.md: what the tables show, each finding with its number, interval, figure, table and query.

One module a group of questions, with `sections(results)`; MODULES names them. Numbers and what is said of differences
come from the tables; what a section means for the theorem is written to hold whatever they are.
"""

from importlib import import_module
from pathlib import Path

from varexp.files import write_atomically
from varexp.report.findings._finding import Section

MODULES = ("depth", "kernel", "blocks", "limits", "beyond", "calculated")  # in the order of the document
HEAD = """# Findings

What the released tables show, written from them by `varexp findings`. Errors are certified sup norms, except where a
model is random. Means are geometric over draws of the target, seeds averaged first, with 95 % intervals of Student on
logarithms. A query is one of pandas on the table beside it: `varexp.load_table("depth").query("...")`.

"""


def collect(results: Path) -> list[Section]:
    """All sections. FileNotFoundError without a table, ValueError where rows of one are missing."""
    return [section for name in MODULES for section in import_module(f"{__name__}.{name}").sections(results)]


def document(results: Path) -> str:
    """FINDINGS.md as text."""
    sections = collect(results)
    short = "\n".join(f"- **{section.title}.** {section.short}" for section in sections)
    return f"{HEAD}{short}\n\n" + "\n".join(section.markdown() for section in sections)


def write(results: Path) -> Path:
    """Write results/FINDINGS.md."""
    path = results / "FINDINGS.md"
    write_atomically(path, document(results))
    return path
