"""Every command and every piece of code that README and documentation print runs as printed, at a small scale."""

import json
import os
import re
import shlex
import subprocess
import sys

import pytest
from pages import PAGES, ROOT, blocks, commands

from varexp.commands import NAMES, main

SMALL = {
    "train": {"steps": "20", "gap": "null"},
    "sweep": {"scale": "smoke", "gap": "null"},
    "plan": {},
}
MAKE = [line for line in commands() if line.startswith("make ")]
VAREXP = [line for line in commands() if line.startswith(".venv/bin/varexp ")]
PYTHON = [line for line in commands() if line.startswith(".venv/bin/python ")]


def small(words, results):
    """The words of a command, with less work and another folder of results."""
    name, *given = words
    taken = {word.partition("=")[0].removeprefix("axes.") for word in given}
    extra = [f"{key}={value}" for key, value in SMALL[name].items() if key not in taken]
    if name == "sweep" and not any(word.startswith("experiment=") for word in given):
        extra = [f"axes.steps=[{SMALL['train']['steps']}]", *(word for word in extra if "scale" not in word)]
    return [name, *(word for word in given if not word.startswith("results=")), *extra, f"results={results}"]


def test_every_printed_line_is_a_command():
    assert sorted(commands()) == sorted({*MAKE, *VAREXP, *PYTHON})
    assert len(VAREXP) > 10
    assert {shlex.split(line)[1] for line in VAREXP} <= set(NAMES)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the library that dashboards are made with
@pytest.mark.parametrize("line", VAREXP)
def test_a_command_runs_as_printed(line, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    words = shlex.split(line)[1:]
    if words[0] in SMALL:
        words = small(words, tmp_path)
    assert main(words) == 0, capsys.readouterr().err


@pytest.mark.slow
def test_the_control_a_command_that_does_not_exist_is_seen(capsys):
    assert main(small(shlex.split("train target=sine depht=3"), "/tmp/nowhere")) == 2
    assert "did you mean depth" in capsys.readouterr().err


@pytest.mark.parametrize("line", MAKE)
def test_a_target_exists_and_says_what_it_does(line):
    name = line.split()[1]
    dry = subprocess.run(["make", "-n", name], cwd=ROOT, capture_output=True, text=True, check=False)
    assert dry.returncode == 0, dry.stderr
    listed = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert any(row.split()[0] == name for row in listed.splitlines())


@pytest.mark.slow
def test_the_targets_of_sweeps_plan_what_they_would_run(capsys):
    for name in ("sweep", "study", "models"):
        dry = subprocess.run(["make", "-n", name], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        (line,) = [line for line in dry.splitlines() if " sweep " in line]
        words = [word for word in shlex.split(line)[2:] if not word.startswith("tracking")]
        assert main(["plan", *words]) == 0
        assert "rows to run" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("line", PYTHON)
def test_a_file_that_a_page_prints_runs(line, tmp_path):
    """The page's code under the name that its command calls it by."""
    _, name, *words = shlex.split(line)
    (code,) = [block for _, block in blocks("python") if "__main__" in block]
    (tmp_path / name).write_text(code)
    made = [sys.executable, name, *small(words, tmp_path / "r")]
    made = [word for word in made if not word.startswith("gap=")]  # certified, as the page says
    done = subprocess.run(made, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    row = json.loads(next((tmp_path / "r" / "runs" / "records").glob("*.json")).read_text())["row"]
    assert row["certified"]


@pytest.mark.slow
def test_the_code_that_pages_print_runs(tmp_path):
    """Each block in a namespace of its own, all in one process."""
    code = [block for _, block in blocks("python") if "__main__" not in block and not block.lstrip().startswith("@")]
    assert len(code) >= 3
    (tmp_path / "all.py").write_text("\n".join(f"exec({block!r}, {{}})" for block in code))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "all.py"], cwd=tmp_path, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert "SupNorm" in done.stdout


def test_the_readme_is_short_and_says_what_was_found():
    text = PAGES[0].read_text(encoding="utf-8")
    assert text.count("\n") <= 150
    findings = " ".join((ROOT / "results" / "FINDINGS.md").read_text(encoding="utf-8").split())
    found = text.split("## What was found")[1].split("##")[0].split("\n* ")[1:]
    bullets = [" ".join(part.split("\n\n")[0].split()) for part in found]
    assert len(bullets) == 5
    for bullet in bullets:
        assert f"- {bullet}" in findings, bullet
    ledger = json.loads((ROOT / "results" / "ledger.json").read_text())
    readings = sum(len(claim["readings"]) for claim in ledger["claims"])
    assert f"{len(ledger['claims'])} claims, {readings} readings" in text


def test_every_link_of_the_readme_leads_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", PAGES[0].read_text(encoding="utf-8")):
        assert target.startswith("https://") or (ROOT / target).exists(), target
