"""The README and the pages of the documentation, and the commands and code that they print."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs" / "pages").rglob("*.md"))]


def blocks(language):
    """Every fenced block of a language, by page."""
    for page in PAGES:
        for found in re.findall(
            rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
        ):
            yield page.relative_to(ROOT).as_posix(), found


def commands():
    """Every command line that a page prints, comments left out, each once."""
    lines = (line.partition(" #")[0].strip() for _, block in blocks("sh") for line in block.splitlines())
    return list(dict.fromkeys(line for line in lines if line))
