"""sweeps/samples.py: both tables from a short training, what the released ones say recomputed."""

from pathlib import Path

import pandas as pd
import pytest

from varexp.sweeps import samples
from varexp.theory import Interval, compare

TABLES = Path(__file__).parents[2] / "results" / "tables"


@pytest.mark.slow
def test_a_short_run_writes_both_tables(tmp_path, monkeypatch):
    monkeypatch.setattr(samples, "SEEDS", (0,))
    monkeypatch.setattr(samples, "SIDES", {"ball": (1, 2, 4), "digits": (1, 2, 4)})
    monkeypatch.setattr(samples, "GOAL", samples.Goal(gap=1.0, evaluations=100))
    maps, errors = (pd.read_csv(path) for path in samples.make_samples(tmp_path, steps=30))
    shown = maps[maps["map"] == "target"].groupby(["figure", "word", "scale"]).size()
    assert shown.tolist() == [4, 16] * 2 + [4, 16, 64] * 3
    assert set(maps["map"]) == {"target", "VAR", "FlowAR target", "FlowAR"}
    assert errors.target.tolist() == ["digits", "sine"]
    check(errors)


def check(errors):
    assert len(errors)
    for row in errors.itertuples():
        assert row.error_lower <= row.error_upper
        assert row.error_image_lower <= row.error_image_upper
        assert row.bound_image_lower <= row.lipschitz_decoder * row.error_upper <= row.bound_image_upper
        error = Interval(row.error_image_lower, row.error_image_upper)
        bound = Interval(row.bound_image_lower, row.bound_image_upper)
        assert row.verdict == compare(error, bound) != "VIOLATED"


def test_the_released_errors_recompute():
    check(pd.read_csv(TABLES / "decoder.csv"))
    maps = pd.read_csv(TABLES / "samples.csv")
    wide = maps.pivot_table(index=["figure", "word", "scale", "row", "column"], columns="map", values="value")
    var = (wide["VAR"] - wide["target"]).abs().groupby("figure").mean()
    spread = wide["target"].groupby("figure").std()
    assert (var < spread / 4).all()  # VAR's samples look like their targets
