"""sweeps/tracking.py: a mirror that fails, ends the process or hangs costs one warning, and the sweep nothing."""

import dataclasses
import os
import signal
import sys
import time
from pathlib import Path

import pytest
from processes import descendants, sweep

from varexp.sweeps import tracking
from varexp.sweeps.config import Tracking
from varexp.sweeps.tracking import Tracker
from varexp.sweeps.tracking import mirror as mirror_module


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

    def ran(self, experiment, records):
        self._at("ran")

    def written(self, experiment, table, figures):
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
@pytest.mark.parametrize("when", ["init", "progress", "ran", "written", "finish"])
def test_a_mirror_that_fails_costs_one_warning(monkeypatch, when, how):
    monkeypatch.setattr(mirror_module, "PATIENCE_S", 0.3)
    warnings = []
    mirror = tracking.Apart(lambda: Failing(when, how), warnings.append)
    for done in range(3):
        mirror.progress(done, 0, 3)
    mirror.ran("sweep", [])
    mirror.written("sweep", Path("table.csv"), [])
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


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_a_sweep_outlives_the_service_of_wandb(tmp_path):
    arguments = ["axes.width=[8,12,16,20]", "axes.seed=[0]", "axes.depth=[1]", "steps=1000", "gap=null"]
    environment = {**os.environ, "WANDB_MODE": "offline"}
    run = sweep("tracking=wandb", *arguments, "engine.workers=1", f"results={tmp_path}", env=environment)
    services = []
    deadline = time.time() + 120
    while not services and time.time() < deadline and run.poll() is None:
        time.sleep(0.1)
        lines = {pid: Path(f"/proc/{pid}/cmdline") for pid in descendants(run.pid)}
        services = [pid for pid, line in lines.items() if line.exists() and b"wandb" in line.read_bytes()]
    assert services
    for pid in services:
        os.kill(pid, signal.SIGKILL)
    _, error = run.communicate(timeout=240)
    assert run.returncode == 0, error
    assert len((tmp_path / "tables" / "sweep.csv").read_text().splitlines()) == 5
    assert sum("warning: the mirror" in line for line in error.splitlines()) == 1
    assert "Traceback" not in error


@pytest.mark.slow
@pytest.mark.parametrize(
    "variables",
    [{"WANDB_MODE": "nonsense"}, {"WANDB_BASE_URL": "::"}, {"WANDB_MODE": "online", "WANDB_API_KEY": "short"}],
)
def test_variables_that_are_wrong_cost_one_warning(tmp_path, variables):
    home = tmp_path / "home"
    home.mkdir(mode=0o500)
    arguments = ["axes.depth=[1]", "axes.seed=[0]", "steps=20", "width=4", "gap=null", "tracking=wandb"]
    environment = {**os.environ, "HOME": str(home), "WANDB_MODE": "offline", **variables}
    run = sweep(*arguments, f"results={tmp_path / 'r'}", env=environment)
    _, error = run.communicate(timeout=240)
    assert run.returncode == 0, error
    assert (tmp_path / "r" / "tables" / "sweep.csv").exists()
    assert error.count("warning: the mirror") == 1
    assert "Traceback" not in error
