"""Every notebook is the one that its source gives, and runs from a clean kernel."""

import importlib.util
import warnings
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def builder():
    spec = importlib.util.spec_from_file_location("build_notebooks", FOLDER / "build.py")
    module = importlib.util.module_from_spec(spec)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_notebook_runs(path):
    notebook = nbformat.read(path, as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells), "committed without outputs"
    made = NotebookClient(notebook, timeout=240, resources={"metadata": {"path": str(path.parent)}}).execute()
    assert any(cell.get("outputs") for cell in made.cells)


@pytest.mark.filterwarnings("ignore")
def test_notebooks_are_made_from_their_sources():
    made = builder()
    assert [path.with_suffix(".ipynb") for path in made.sources()] == NOTEBOOKS
    assert len(NOTEBOOKS) == 5
    for path in made.sources():
        assert made.notebook(path) == path.with_suffix(".ipynb").read_text(encoding="utf-8"), path.name
