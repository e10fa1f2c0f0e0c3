"""Make the notebooks from their sources, texts with cells (py:percent): python notebooks/build.py."""

from pathlib import Path

import jupytext

HERE = Path(__file__).parent


def notebook(source: Path) -> str:
    """The notebook of a source as text, the same each time."""
    made = jupytext.read(source, fmt="py:percent")
    made.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for number, cell in enumerate(made.cells):
        cell.id = f"cell-{number}"
        cell.metadata = {}
    return jupytext.writes(made, fmt="ipynb") + "\n"


def sources() -> list[Path]:
    """The sources, in order."""
    return sorted(HERE.glob("[0-9]*.py"))


if __name__ == "__main__":
    for path in sources():
        path.with_suffix(".ipynb").write_text(notebook(path), encoding="utf-8")
        print(f"wrote {path.with_suffix('.ipynb')}")
