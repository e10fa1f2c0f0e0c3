"""scripts/figures.py and scripts/benchmark.py, as a user calls them. The others are in sweep/test_run.py."""

import re
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from varexp.commands import NAMES, main
from varexp.report.figures import FIGURES

ROOT = Path(__file__).parents[1]


def command(script, *arguments):
    return subprocess.run(
        [sys.executable, str(ROOT / "scripts" / script), *arguments], capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_figures_are_redrawn_from_tables_alone(tmp_path):
    shutil.copytree(ROOT / "results" / "tables", tmp_path / "tables")
    done = command("figures.py", f"results={tmp_path}", "experiment=width")
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == ["width.pdf", "width.png", "width.svg"]


@pytest.mark.slow
def test_figures_says_what_is_missing(tmp_path):
    unknown, missing = (
        command("figures.py", "experiment=depht"),
        command("figures.py", f"results={tmp_path}", "experiment=[depth]"),
    )
    assert (unknown.returncode, missing.returncode) == (2, 1)
    there = ", ".join(FIGURES)
    assert unknown.stderr == f"error: unknown figure 'depht' (did you mean depth?): choose one of {there}\n"
    assert "run varexp sweep experiment=depth first" in missing.stderr


@pytest.mark.slow
def test_benchmark_prints_and_keeps_its_table(tmp_path):
    done = command("benchmark.py", "part=growth", "steps=5", f"results={tmp_path}")
    assert done.returncode == 0, done.stderr
    head, *rows, end = done.stdout.splitlines()
    assert head.split()[:3] == ["part", "what", "varexp"]
    assert [row.split()[7] for row in rows] == ["width,", "tokens,", "models,"]
    (path,) = (tmp_path / "benchmarks").iterdir()
    assert end == f"wrote {path}"
    unknown = command("benchmark.py", "part=speed")
    assert (unknown.returncode, unknown.stderr) == (
        2,
        "error: unknown part 'speed' (did you mean sweep?): choose one of sweep, training, growth, plan\n",
    )


@pytest.mark.slow
def test_verify_checks_a_section_and_names_what_it_does_not_know(tmp_path):
    done = command("verify.py", "section=4", f"results={tmp_path}")
    assert done.returncode == 0, done.stderr
    assert "lem-4.4" in done.stdout
    assert "0 planted_missed" in done.stdout
    assert not list(tmp_path.iterdir())  # a part does not replace the whole
    unknown, option = command("verify.py", "claim=lem-4.5"), command("verify.py", "clam=lem-4.4")
    assert (unknown.returncode, option.returncode) == (2, 2)
    assert re.search("did you mean .*lem-4.4", unknown.stderr)
    assert "unknown key 'clam' (did you mean claim?): choose one of claim, section, long, results" in option.stderr


@pytest.mark.parametrize("name", NAMES)
def test_every_command_says_what_it_does(name, capsys):
    assert main([name, "--help"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(import_module(f"varexp.commands.{name}").__doc__.splitlines()[0])
    assert (ROOT / "scripts" / f"{name}.py").exists() or name == "settings"


def test_an_unknown_command_names_the_nearest(capsys):
    assert main(["swep"]) == 2
    expected = "error: unknown command 'swep' (did you mean sweep?): choose one of benchmark"
    assert capsys.readouterr().err.startswith(expected)
    assert main([]) == 2
    printed = capsys.readouterr().out
    assert all(f"  {name} " in printed for name in NAMES)
