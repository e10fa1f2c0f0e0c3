"""sweeps/execute.py and sweep/rows.py: records of a batch, a diverged chain, bounds that recompute."""

import dataclasses
import subprocess

import pytest
from planned import Axes, cells_of, run, whole

from varexp.sweeps import rows as module
from varexp.sweeps.plan import Batch, batches, group_by_model
from varexp.sweeps.rows import STAGE_COLUMNS, columns, git_commit
from varexp.theory import Interval, compare, enclosed_bound, keff, printed, telescoped

VOLATILE = ("wall_s",)
AUTHOR = ("-c", "user.name=n", "-c", "user.email=e@e")


def stable(record):
    return {**record, "row": {k: v for k, v in record["row"].items() if k not in VOLATILE}}


def test_every_record_has_every_column_and_bounds_recompute(config):
    outcome = run(dataclasses.replace(config, axes=Axes(depth=[1, 2], kernel=["dct", "keys"])))
    assert not outcome.failures
    assert len(outcome.records) == 4
    for record in outcome.records:
        row, stages = record["row"], record["stages"]
        assert list(row) == list(columns()[1:])
        assert all(list(stage) == list(STAGE_COLUMNS) for stage in stages)
        assert len(stages) == row["depth"]
        lipschitz = [Interval(s["lipschitz_lower"], s["lipschitz"]) for s in stages]
        parts = [
            (
                Interval(s["lipschitz_feature_lower"], s["lipschitz_feature"]),
                Interval(s["eps_interpolation_lower"], s["eps_interpolation_upper"]),
                Interval(s["eps_block_lower"], s["eps_block_upper"]),
            )
            for s in stages
        ]
        for name, formula in (("telescoped", telescoped), ("printed", printed), ("keff", keff)):
            bound = enclosed_bound(formula, lipschitz, parts)
            assert (row[f"bound_{name}_lower"], row[f"bound_{name}_upper"]) == (bound.lower, bound.upper)
        assert row["error_lower"] <= row["error_upper"] <= 1.0101 * row["error_lower"]
        assert row["error_gap"] == row["error_upper"] / row["error_lower"] - 1
        assert row["error_lower"] <= row["bound_pointwise"] * (1 + 1e-9)
        assert row["bound_pointwise"] <= row["bound_telescoped_upper"] * (1 + 1e-9)
        assert row["lipschitz"] == max(number.upper for number in lipschitz)
        assert row["certified"] is True
        assert row["verdict"] == "HYPOTHESIS_NOT_MET"  # K = 1.5
        error, bound = (Interval(row[f"{n}_lower"], row[f"{n}_upper"]) for n in ("error", "bound_printed"))
        assert row["verdict_formula"] == compare(error, bound)
        if row["kernel"] == "dct":
            assert row["eps_interpolation_lower"] == row["eps_interpolation_upper"] == 0.0
        assert row["in_class"] is False


def test_a_pyramid_has_the_columns_that_have_a_meaning(config):
    pyramid = dataclasses.replace(config, model="pyramid", K=2.1, axes=Axes(depth=[1, 2], block_causal=[False, True]))
    records = [record for batch in batches(cells_of(pyramid), 1) for record in whole(batch).records]
    assert len(records) == 4
    for record in records:
        row, stages = record["row"], record["stages"]
        assert row["certified"] is True
        assert row["verdict_repaired"] == ("HOLDS" if row["depth"] > 1 else "INCONCLUSIVE")  # at 1 it is the error
        for name in ("verdict", "verdict_formula", "vacuous", "eps_block_lower", "eps_interpolation_upper",
                     "bound_printed_lower", "bound_printed_upper", "bound_keff_upper", "sampler"):  # fmt: skip
            assert row[name] is None, name
        lipschitz = [Interval(s["lipschitz_lower"], s["lipschitz"]) for s in stages]
        one, zero = Interval.exactly(1.0), Interval.exactly(0.0)
        local = [(one, Interval(s["local_error_lower"], s["local_error_upper"]), zero) for s in stages]
        bound = enclosed_bound(telescoped, lipschitz, local)
        assert (row["bound_telescoped_lower"], row["bound_telescoped_upper"]) == (bound.lower, bound.upper)
        assert row["error_lower"] <= row["bound_pointwise"] <= row["bound_telescoped_upper"]
        assert row["error_merged_lower"] <= row["error_merged_upper"] <= row["error_upper"] * 1.5
    shallow = [record["row"] for record in records if record["row"]["depth"] == 1]
    assert all(row["error_merged_lower"] == pytest.approx(row["error_lower"], rel=1e-9) for row in shallow)


def test_a_flow_trains_once_for_all_samplers_and_claims_no_sup(config):
    axes = Axes(sampler=["literal", "repaired", "heun"], depth=[1, 2])
    flow = dataclasses.replace(config, model="flowar", sides="2-4-8", sampler_steps=2, axes=axes)
    planned = batches(cells_of(flow), 1)
    assert sorted(len(chained.cells) for batch in planned for chained in batch.models) == [3, 3]
    records = [record for batch in planned for record in whole(batch).records]
    assert len(records) == 6
    for record in records:
        row = record["row"]
        assert list(row) == list(columns()[1:])
        assert row["certified"] is row["diverged"] is False
        assert 0 < row["error_mean"] <= row["error_l2"] <= row["error_lower"]
        assert 0 < row["error_noise_low"] <= row["error_noise_high"]
        empty = [n for n in row if n.startswith(("eps_", "bound_", "verdict", "local_")) or n.endswith("_upper")]
        assert {name for name in empty if row[name] is not None} == {"error_constant_upper"}
        assert len(record["stages"]) == len(record["curves"]) == row["depth"]
        assert row["sampler_steps"] == (2 if row["sampler"] == "heun" else None)
    assert len({(r["row"]["depth"], r["row"]["train_rms"]) for r in records}) == 2
    assert len({r["row"]["error_lower"] for r in records}) == 6


def test_without_a_gap_the_lower_ends_stand_alone(config):
    (record,) = run(dataclasses.replace(config, gap=None, axes=Axes(depth=[1]))).records
    row = record["row"]
    assert row["certified"] is False
    assert (
        row["error_upper"]
        is row["error_gap"]
        is row["bound_printed_upper"]
        is record["stages"][0]["eps_block_upper"]
        is None
    )
    assert row["error_lower"] > 0
    assert row["verdict_formula"] == row["verdict_repaired"] == "INCONCLUSIVE"


def test_a_budget_that_ends_first_is_told_by_the_gap(config):
    (tight,) = run(dataclasses.replace(config, gap=1e-6, evaluations=40, axes=Axes(depth=[1]))).records
    (loose,) = run(dataclasses.replace(config, axes=Axes(depth=[1]))).records
    low, high = tight["row"]["error_lower"], tight["row"]["error_upper"]
    assert tight["row"]["certified"] is True
    assert high > low * (1 + 1e-6)
    assert low <= loose["row"]["error_upper"]
    assert loose["row"]["error_lower"] <= high


def test_verdicts_follow_the_hypothesis(config):
    for K, verdict in ((2.0, "HYPOTHESIS_NOT_MET"), (2.5, "HOLDS")):
        (record,) = run(dataclasses.replace(config, K=K, depth=1, kernel="dct")).records
        assert record["row"]["verdict"] == verdict


def test_a_record_does_not_depend_on_its_batch(config):
    cells = cells_of(dataclasses.replace(config, axes=Axes(seed=[0, 1, 2], depth=[1, 2])))
    together = {
        r["key"]: stable(r) for r in run(dataclasses.replace(config, axes=Axes(seed=[0, 1, 2], depth=[1, 2]))).records
    }
    for cell in cells:
        if cell.seed == 1:
            (chained,) = group_by_model([cell])
            (alone,) = whole(Batch((chained,))).records
            if cell.depth == 2:
                assert stable(alone) == together[cell.key]
            else:
                assert {**stable(alone), "curves": 0} == {**together[cell.key], "curves": 0}


def test_a_diverged_chain_has_empty_cells_and_the_rest_does_not_notice(config):
    outcome = run(dataclasses.replace(config, learning_rate=1e9, axes=Axes(depth=[1, 2])))
    assert not outcome.failures
    for record in outcome.records:
        row = record["row"]
        assert row["diverged"] is True
        empty = [
            c
            for c in row
            if c.startswith(("eps_", "local_", "bound_", "verdict")) or c in ("error_lower", "error_mean")
        ]
        assert all(row[c] is None for c in empty)
        assert row["error_constant_lower"] > 0


def test_the_commit_is_that_of_the_code_and_of_no_other_repository(tmp_path, monkeypatch):
    plain = git_commit()
    other = tmp_path / "other"
    for words in (["init", "-q", str(other)], ["-C", str(other), *AUTHOR, "commit", "-q", "--allow-empty", "-m", "x"]):
        subprocess.run(["git", *words], check=True)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    git_commit.cache_clear()
    try:
        assert git_commit() == plain
        monkeypatch.setattr(module, "ROOT", other / "copy")
        (other / "copy").mkdir()
        git_commit.cache_clear()
        assert git_commit() is None
        monkeypatch.setattr(module, "ROOT", other)  # the control: a repository of its own
        git_commit.cache_clear()
        assert len(git_commit()) == 40
    finally:
        git_commit.cache_clear()
