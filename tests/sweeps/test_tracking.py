"""sweeps/tracking.py: a mirror that fails, ends the process or hangs costs one warning, and the sweep nothing."""

import dataclasses
import sys
import time
from pathlib import Path

import pytest

from varexp.sweeps import tracking
from varexp.sweeps.config import Tracking
from varexp.sweeps.tracking import Tracker


class Failing(Tracker):
    """A mirror that does something at one of its calls."""

    def __init__(self, when, how):
        self.when, self.how = when, how
        self._at("init")

    def _at(self, what):
        if what == self.when:
            self.how()

    def progress(self, done, failed, total):
        self._at("progress")

    def written(self, experiment, records, table, figures):
        self._at("written")

    def finish(self, failed):
        self._at("finish")


def raises():
    raise ConnectionResetError("planted\nsecond line")


def exits():
    sys.exit(3)


def hangs():
    time.sleep(1000)


@pytest.mark.parametrize("how", [raises, exits, hangs])
@pytest.mark.parametrize("when", ["init", "progress", "written", "finish"])
def test_a_mirror_that_fails_costs_one_warning(monkeypatch, when, how):
    monkeypatch.setattr(tracking, "PATIENCE_S", 0.3)
    warnings = []
    mirror = tracking.Apart(lambda: Failing(when, how), warnings.append)
    for done in range(3):
        mirror.progress(done, 0, 3)
    mirror.written("sweep", [], Path("table.csv"), [])
    mirror.finish(0)
    assert len(warnings) == 1
    assert "mirror" in warnings[0]
    assert "\n" not in warnings[0]
    sound = tracking.Apart(lambda: Failing("never", how), warnings.append)  # the control
    sound.progress(1, 0, 1)
    sound.finish(0)
    assert len(warnings) == 1


@pytest.mark.parametrize(("name", "value"), [("WANDB_MODE", "disabled"), ("WANDB_DISABLED", "true")])
def test_wandb_is_off_where_its_variables_say_so(config, monkeypatch, tmp_path, name, value):
    monkeypatch.setenv(name, value)
    config = dataclasses.replace(config, tracking=Tracking(backend="wandb"))
    assert type(tracking.tracker(config, "sweep", tmp_path)) is Tracker
