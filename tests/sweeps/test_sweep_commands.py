"""The commands of sweeps as a user meets them, in processes of their own."""

import json
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest
from processes import ROOT, sweep

from varexp.commands import main

SMALL = ["steps=20", "ascent_steps=1", "width=4", "target=affine", "K=1.5"]


def command(script, *arguments, **options):
    words = [sys.executable, str(ROOT / "scripts" / script), *arguments]
    return subprocess.run(words, capture_output=True, text=True, check=False, **options)


@pytest.mark.slow
def test_multirun_leaves_three_records_and_fails(tmp_path):
    results = tmp_path / "results"
    done = command("train.py", "-m", "depth=1,2,99,3", f"results={results}", *SMALL)
    assert done.returncode != 0
    assert "depth 99 does not fit the ladder of sides 2-3-4-5-6-7-8: choose a depth from 1 to 6" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(list((results / "runs" / "records").glob("*.json"))) == 3


@pytest.mark.slow
def test_options_of_a_target(tmp_path):
    good, bad = (
        command("train.py", "depth=1", f"results={tmp_path}", *SMALL, a)
        for a in ("target_options.blur=0.5", "target_options.colour=1")
    )
    assert good.returncode == 0, good.stderr
    (record,) = (tmp_path / "runs" / "records").glob("*.json")
    assert json.loads(record.read_text())["row"]["target_options"] == "blur=0.5 pattern_rms=0.7 smoothness=2.0"
    assert bad.stderr.splitlines()[-1].startswith("error: target affine has no option colour: it has blur")


@pytest.mark.slow
def test_a_grid_can_be_left_out(tmp_path):
    done = command(
        "sweep.py", "experiment=depth", "scale=smoke", "experiments.depth.grids.interpolated=null",
        "axes.seed=[0]", "axes.depth=[1]", "axes.kernel=[dct]",
        f"results={tmp_path}", "ascent_steps=1", "width=4",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert pd.read_csv(tmp_path / "tables" / "depth.csv").training.tolist() == ["stagewise"]


@pytest.mark.slow
def test_train_prints_its_row(tmp_path):
    arguments = ["depth=1", "domain=disc", f"results={tmp_path}", *SMALL]
    done = command("train.py", "json=true", *arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    row = json.loads(done.stdout)
    assert row["domain"] == "disc-2"
    assert row["sides"] == "2-3"
    assert [p.name for p in tmp_path.iterdir()] == ["runs"]  # nothing beside results=
    again = command("train.py", *arguments)
    assert f"record   {tmp_path}/runs/records/{row['key']}.json" in again.stdout.splitlines()
    assert "error of the best constant" in again.stdout


@pytest.mark.slow
def test_several_rows_are_lines_of_json(tmp_path):
    done = command("train.py", "-m", "json=true", "depth=1,2", f"results={tmp_path}", "gap=null", *SMALL)
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["depth"] for line in done.stdout.splitlines()] == [1, 2]


def test_json_is_true_or_false(capsys):
    assert main(["train", "json=yes"]) == 2
    assert capsys.readouterr().err == "error: json is true or false, got 'yes'\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["colour=red"], "unknown key 'colour'"),
        (["axes.colour=[1]"], "unknown key in axes 'colour'"),
        (
            ["experiment=dept"],
            r"unknown experiment 'dept' (did you mean depth?): choose one of depth, downsampling, ",
        ),
        (["kernel=cubic"], "unknown kernel 'cubic': choose one of dct, nearest"),
        (["K=large"], "could not be converted to Float"),
        (["engine.name=cloud"], "unknown engine 'cloud': choose one of local"),
        (["tracking.backend=mail"], "tracking is backend none or wandb"),
        (["results=/dev/null/x"], "results=DIR"),
    ],
)
def test_bad_input_is_one_line_before_any_work(tmp_path, arguments, message):
    default = [] if any(a.startswith("results=") for a in arguments) else [f"results={tmp_path / 'r'}"]
    done = command("sweep.py", *default, *arguments)
    assert done.returncode == (1 if "/dev/null" in arguments[0] else 2)
    line = done.stderr.strip().splitlines()[-1]  # Hydra may name the overrides before it
    assert line.startswith("error: ")
    assert "Traceback" not in done.stderr
    assert "cells" not in done.stderr
    assert message in line
    assert not (tmp_path / "r" / "tables").exists()


@pytest.mark.slow
def test_an_interrupted_sweep_resumes(tmp_path):
    """SIGINT while the second batch runs: finished records stay, the same command does the rest."""
    arguments = [f"results={tmp_path}", "engine.workers=1", "axes.depth=[1]", "axes.seed=[0]", "steps=2500", "width=4",
                 "axes.sides=[2-3,2-4,2-5,2-6]", "target=affine"]  # fmt: skip
    process = sweep(*arguments)
    records = tmp_path / "runs" / "records"
    deadline = time.time() + 120
    while not list(records.glob("*.json")) and time.time() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130, error
    assert "finished records are kept" in error
    kept = {path.name for path in records.glob("*.json")}
    assert 1 <= len(kept) < 4
    done = command("sweep.py", *arguments)
    assert done.returncode == 0, done.stderr
    assert f"4 cells, {len(kept)} recorded" in done.stderr
    assert len(pd.read_csv(tmp_path / "tables" / "sweep.csv")) == 4
