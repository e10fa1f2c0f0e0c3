"""The harness tells a change that tests notice from one that they do not: on planted modules, and on one of ours."""

import subprocess
import sys

import pytest

from mutation.mutants import mutants
from mutation.plan import explained, modules, sample
from mutation.running import ROOT

PLANTED = """from planted_source import SCALE, largest


def test_it():
    assert largest(2.0, 3.0) == 3.0
    assert SCALE == 2.0
"""
SOURCE = """SCALE = 2.0


def largest(a, b):
    return max(a, b)


def untested(a, b):
    return a + b
"""
RUN = """
import sys
from mutation.children import Job
from mutation.mutants import mutants
from mutation.running import outcomes_of, prepare
prepare()
source = open(sys.argv[1]).read()
jobs = [Job((), 0.0, "planted_source", m.source(source), m) for m in mutants("planted_source.py", source)]
for outcome in outcomes_of((sys.argv[2],), jobs, 2):
    print(outcome.verdict, *(outcome.job.label.key[1:3] if outcome.job.label else "-"), outcome.failing)
"""


@pytest.mark.slow
def test_a_planted_change_is_noticed_by_its_test_and_one_without_a_test_survives(tmp_path):
    """The number at the top of the module is noticed by a fresh import alone."""
    (tmp_path / "planted_source.py").write_text(SOURCE)
    (tmp_path / "test_planted.py").write_text(PLANTED)
    words = [sys.executable, "-c", RUN, str(tmp_path / "planted_source.py"), str(tmp_path / "test_planted.py")]
    environment = {"PYTHONPATH": f"{ROOT / 'tests'}:{tmp_path}", "PATH": ""}
    run = subprocess.run(words, capture_output=True, text=True, check=True, env=environment)
    verdicts = sorted(line.split()[:3] for line in run.stdout.splitlines())
    test = "test_planted.py::test_it"
    assert verdicts == [
        ["failed", "GrowNumber", test],
        ["failed", "ShrinkNumber", test],
        ["failed", "largest", "SwapExtremes"],
        ["passed", "-"],
        *[
            ["passed", "untested", "Add_Sub"],
            ["passed", "untested", "DropSummand"],
            ["passed", "untested", "DropSummand"],
        ],
    ]


def test_every_module_is_judged_by_tests_that_exist():
    for module in modules():
        assert all((ROOT / test.partition("::")[0]).exists() for test in module.tests), module.file


def test_a_sample_holds_some_of_every_module_and_is_the_same_for_the_same_seed():
    found = [mutants("a.py", "x = a + b\n" * 50), mutants("b.py", "x = a + b\n")]
    chosen = sample(found, 20, 1)
    assert chosen == sample(found, 20, 1) != sample(found, 20, 2)
    assert len([mutant for mutant in chosen if mutant.file == "b.py"]) == 2


def test_every_explained_survivor_is_a_mutant_that_is_made():
    made = {mutant.key for module in modules() for mutant in module.mutants()}
    assert set(explained()) <= made
