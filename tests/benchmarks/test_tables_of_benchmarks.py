"""benchmarks/report.py and benchmarks/sweeps.py: files by machine and part, and work trees of other commits."""

import json
import subprocess

import pytest

from varexp.benchmarks.contests import Row
from varexp.benchmarks.report import keep, lines, machine
from varexp.benchmarks.sweeps import CELLS, ROOT, SUBSET, _git, checkout, cost
from varexp.sweeps.compose import _composed
from varexp.sweeps.config import register
from varexp.sweeps.plan import expand


def test_a_part_replaces_itself_and_leaves_others(tmp_path):
    keep([Row("a", "x", "s", 1.0), Row("b", "y", "s", 2.0)], "first", tmp_path)
    path = keep([Row("a", "z", "s", 3.0, "other", 2.0, 1.5, 2.5, 5)], "second", tmp_path)
    assert path.name == f"{machine()}.json"
    parts = json.loads(path.read_text())["parts"]
    assert [(name, part["command"]) for name, part in parts.items()] == [("a", "second"), ("b", "first")]
    (row,) = parts["a"]["rows"]
    assert (row["what"], row["against"], row["ratio"], row["low"], row["high"], row["pairs"]) == (
        *("z", "other"),
        *(2.0, 1.5, 2.5, 5),
    )
    assert "torch" in parts["a"]["versions"]


def test_lines_have_what_a_row_has():
    head, line, plain = lines([Row("a", "z", "s", 3.0, "other", 2.0, 1.5, 2.5, 5), Row("b", "y", "MiB", 9.0)])
    assert line.split() == ["a", "z", "3", "other", "2.00", "1.50", "to", "2.50", "s"]
    assert plain.split() == ["b", "y", "9", "MiB"]
    assert head.index("ratio") + 5 == line.index("2.00") + 4


def test_the_subset_has_as_many_cells_as_it_says():
    register()
    found = expand(_composed([*SUBSET, "results=r"], sweeps=True))
    assert sum(map(len, found.values())) == CELLS
    assert len({(c.target.target, c.seed) for cells in found.values() for c in cells}) == 20


@pytest.mark.slow
def test_a_command_of_a_checkout_costs_what_its_processes_cost():
    words = ("domain=curve-1", "depth=1", "width=4", "steps=20", "gap=null")
    assert cost(ROOT, "train", words) > 0.1
    with pytest.raises(subprocess.CalledProcessError):
        cost(ROOT, "train", ["depth=nonsense"])


def test_a_work_tree_is_there_for_the_time_being():
    if _git("rev-parse", "HEAD").returncode:
        pytest.skip("this is no checkout of a repository")
    with checkout("HEAD") as tree:
        assert (tree / "varexp" / "__init__.py").exists()
        assert str(tree) in _git("worktree", "list").stdout
    assert not tree.exists()
    assert str(tree) not in _git("worktree", "list").stdout


def test_what_is_no_commit_is_refused():
    with pytest.raises(ValueError, match="against='nowhere' is no commit"), checkout("nowhere"):
        raise AssertionError(f"{ROOT} has such a commit")
