"""sweeps/tracking: what W&B holds after a sweep, read back from the files that it wrote offline by its own reader."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml
from processes import ROOT

from varexp.commands import main
from varexp.sweeps.compose import composed
from varexp.sweeps.config import settings
from varexp.sweeps.run import run_sweep
from varexp.sweeps.tracking.chains import OVER, Chain, chains_of

WANDB = Path(sys.executable).with_name("wandb")


def read_back(run):
    """The config, summary and history of an offline run."""
    words = [WANDB, "leet", "inspect", "--json", str(run)]
    printed = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    found = {"history": [], "config": {}, "summary": {}}
    for line in printed.splitlines():
        entry = json.loads(line)
        content = entry.get(entry["type"], {})
        if entry["type"] == "run":
            found |= {name: content.get(name) for name in ("display_name", "run_group", "job_type")}
            found["config"] |= content["config"]["update"]
        elif entry["type"] == "history":
            found["history"].append(content["item"])
        elif entry["type"] == "summary":
            found["summary"] |= content.get("update", {})
    return found


@pytest.fixture(scope="module")
def tracked(tmp_path_factory):
    """A small sweep of two chains of three depths, and what W&B has of it."""
    results = tmp_path_factory.mktemp("tracked")
    small = {"width": 4, "steps": 20, "target": "affine", "K": 1.5, "engine": {"workers": 1}}
    axes = {"depth": [1, 2, 3], "kernel": ["keys", "dct"], "seed": [0]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WANDB_MODE", "offline")
        run_sweep(composed({"axes": axes, "tracking": "wandb", "results": str(results), **small}, sweeps=True))
    runs = [read_back(path) for path in sorted((results / "runs" / "wandb").glob("offline-run-*"))]
    return pd.read_csv(results / "tables" / "sweep.csv"), runs


@pytest.mark.slow
def test_there_is_a_run_a_chain_and_one_of_the_sweep(tracked):
    _, runs = tracked
    assert sorted(run["job_type"] for run in runs) == ["chain", "chain", "sweep"]
    assert {run["run_group"] for run in runs} == {"sweep"}
    (whole,) = [run for run in runs if run["job_type"] == "sweep"]
    logged = {name for point in whole["history"] for name in point}
    assert "cells/done" in logged
    assert "tables/sweep._type" in logged or "tables/sweep._latest_artifact_path" in logged
    assert whole["summary"]["verdicts/sweep/HYPOTHESIS_NOT_MET"] == 6


@pytest.mark.slow
def test_a_chain_holds_its_settings_flat_and_a_step_for_each_depth(tracked):
    table, runs = tracked
    for run in (run for run in runs if run["job_type"] == "chain"):
        config = run["config"]
        assert all(value is not None and not isinstance(value, dict) for n, value in config.items() if n != "_wandb")
        rows = table[table.kernel == config["kernel"]].set_index("depth")
        assert (config["target"], config["K"], config["width"], config["deepest"]) == ("affine", 1.5, 4, 3)
        points = {point["depth"]: point for point in run["history"] if "depth" in point}
        assert sorted(points) == [1, 2, 3]
        for depth, point in points.items():
            for name in ("error_lower", "error_upper", "bound_pointwise", "bound_printed_lower", "eps_block_upper"):
                assert point[name] == rows[name][depth]
            assert point["error_over_printed"] == rows.error_upper[depth] / rows.bound_printed_lower[depth]
            assert ("growth" in point) == (depth > 1)
        assert points[2]["growth"] == rows.error_lower[2] / rows.error_lower[1]
        curves = [point for point in run["history"] if "training/percent" in point]
        assert {name for p in curves for name in p if name.startswith("training/s")} == {
            f"training/stage{stage}" for stage in (1, 2, 3)
        }
        assert run["summary"]["verdict"] == "HYPOTHESIS_NOT_MET"
        assert run["summary"]["verdicts/HYPOTHESIS_NOT_MET"] == 3


@pytest.mark.slow
def test_one_model_is_tracked_as_a_chain_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "offline")
    small = ["depth=1", "width=4", "steps=20", "target=affine", "gap=null"]
    assert main(["train", "tracking=wandb", f"results={tmp_path}", *small]) == 0
    (run,) = [read_back(path) for path in (tmp_path / "runs" / "wandb").glob("offline-run-*")]
    assert run["job_type"] == "chain"
    assert [point["depth"] for point in run["history"] if "depth" in point] == [1]
    first = run["history"][0]
    assert "error_lower" in first
    assert not {"error_upper", "error_over_constant", "error_over_printed"} & set(first)  # what is not known


def rows(**settings):
    base = {
        "target": "sine",
        "kernel": "keys",
        "K": 2.1,
        "seed": 0,
        "training": "stagewise",
        "sides": "2-3",
        "key": "k",
    }
    return [
        {"row": base | dict(zip(settings, values, strict=True)), "curves": []}
        for values in zip(*settings.values(), strict=True)
    ]


def test_growth_is_that_of_one_block():
    of_depths = rows(depth=[1, 3, 4], error_lower=[1.0, 4.0, 8.0], sides=["2-3", "2-3-4-5", "2-3-4-5-6"])
    unknown = dict.fromkeys(("error_upper", *(f"{name}_lower" for name in OVER.values())))
    for record in of_depths:
        record["row"] |= unknown
    (chain,) = chains_of(of_depths)
    assert [step.get("growth") for step in chain.steps()] == [None, None, 2.0]


def test_records_fall_into_chains():
    deep = chains_of(rows(depth=[2, 1, 1], seed=[0, 0, 1], sides=["2-3-4", "2-3", "2-3"]))
    assert [[record["row"]["depth"] for record in chain.records] for chain in deep] == [[1, 2], [1]]
    sides = ["2-3", "2-3-4", "2-4", "2-4-8"]
    ladders = chains_of(rows(depth=[1, 2, 1, 2], sides=sides))  # a chain's sides begin those of its deepest row
    found = [[record["row"]["sides"] for record in chain.records] for chain in ladders]
    assert found == [["2-3", "2-3-4"], ["2-4", "2-4-8"]]
    assert len(chains_of(rows(depth=[1, 2], sides=["2-3", "2-4-8"]))) == 2
    assert len(chains_of(rows(depth=[1, 2], sides=["2-3", "2-34-4"]))) == 2
    assert isinstance(deep[0], Chain)


def test_the_sweep_that_wandb_plans_sets_what_train_takes():
    plan = yaml.safe_load((ROOT / "configs" / "wandb_sweep.yaml").read_text())
    assert set(plan["parameters"]) <= set(settings())
    for name, entry in plan["parameters"].items():
        for value in entry["values"]:
            config = composed({name: value, "tracking": "wandb", "tracking.mode": "online"}, sweeps=False)
            assert getattr(config, name) == value
    words = plan["command"]
    assert words[1:4] == ["train", "tracking=wandb", "tracking.mode=online"]
    assert words[-1] == "${args_no_hyphens}"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the library that the dashboard is made with
def test_the_dashboard_is_the_committed_one(capsys):
    assert main(["dashboard"]) == 0
    printed = capsys.readouterr().out
    assert printed == (ROOT / "configs" / "wandb_dashboard.json").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_dashboard_asks_for_nothing_that_is_not_logged(tracked):
    _, runs = tracked
    chains = [run for run in runs if run["job_type"] == "chain"]
    logged = {name for run in chains for point in run["history"] for name in point}
    panels = json.loads((ROOT / "configs" / "wandb_dashboard.json").read_text())
    sections = panels["spec"]["section"]["panelBankConfig"]["sections"]
    asked = set()
    for panel in (panel for section in sections for panel in section["panels"]):
        config = panel["config"]
        if panel["viewType"] == "Run History Line Plot":
            asked |= {config["xAxis"], *config["metrics"]}
        elif panel["viewType"] == "Scatter Plot":
            asked.add(config["yAxis"].partition(":")[2])
    assert len(asked) > 10
    assert asked <= logged
