"""sweeps/watching.py: what a log says while cells run."""

import io

import pytest
from rich.console import Console

from varexp.sweeps import watching
from varexp.sweeps.watching import Watch, called, duration, say, verdict_of

ROW = {"target": "sine", "K": 2.1, "kernel": "keys", "depth": 3, "verdict": "HOLDS", "diverged": False}


@pytest.fixture
def log(monkeypatch):
    """What is printed where no terminal is."""
    stream = io.StringIO()
    monkeypatch.setattr(watching, "console", Console(file=stream, width=40))
    monkeypatch.setattr(watching, "LINE_EVERY_S", 0.0)
    return stream


@pytest.mark.parametrize(("seconds", "words"), [(6.6, "7 s"), (200, "3 min 20 s"), (7500, "2 h 5 min"), (-1, "0 s")])
def test_durations_are_read_at_a_glance(seconds, words):
    assert duration(seconds) == words


def test_lines_of_a_log_have_times_and_are_not_wrapped(log):
    say("a line of more than forty letters [with brackets] stays one line")
    (line,) = log.getvalue().splitlines()
    assert line[2] == line[5] == ":"
    assert line.endswith("a line of more than forty letters [with brackets] stays one line")


def test_a_watch_counts_cells_and_says_what_is_left_and_the_last_verdict(log):
    with Watch(total=10, done=2, costs=dict.fromkeys("abcdefgh", 10.0)) as watch:
        watch.advance(10)
        watch.finished([{"row": ROW, "key": "a"}], failures=["b"])
    assert (watch.done, watch.failed) == (3, 1)
    last = log.getvalue().splitlines()[-1]
    assert "3/10 cells, 1 failed, 6 left, about 0 s to go, last sine keys depth 3: HOLDS" in last


def test_what_failed_or_was_done_elsewhere_is_not_waited_for(log, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(watching.time, "monotonic", lambda: now[0])
    watch = Watch(total=8, done=0, costs=dict.fromkeys("abcdefgh", 10.0))
    now[0] = 10.0
    watch.advance(15)  # a, and half of b
    watch.finished([{"row": ROW, "key": "a"}])
    assert "about 43 s to go" in watch.line()  # 65 of 15 in ten seconds
    watch.finished([], failures=["c", "d"])
    watch.finished([{"row": ROW, "key": "e"}, {"row": ROW, "key": "f"}], elsewhere=True)
    assert "3/8 cells, 2 failed, 3 left, about 17 s to go" in watch.line()  # half of b, g, h
    assert Watch(1, 0, {"a": 1.0}).line() == "0/1 cells, 0 failed, 1 left"


def test_a_watch_of_one_cell_says_what_goes_on(log):
    with Watch(1, 0, {"a": 100}, [(0, "training"), (60, "enclosing")]) as watch:
        assert watch.line() == "training"
        watch.advance(59)
        assert watch.line().startswith("training, about")
        watch.advance(1)
        assert watch.line().startswith("enclosing")


@pytest.mark.parametrize(
    ("columns", "word"),
    [
        ({}, "HOLDS"),
        ({"verdict": None, "verdict_repaired": "INCONCLUSIVE"}, "INCONCLUSIVE"),
        ({"verdict": None, "verdict_repaired": None}, "measured"),
        ({"diverged": True}, "diverged"),
    ],
)
def test_a_row_is_judged_in_one_word(columns, word):
    assert verdict_of(ROW | columns) == word


def test_a_row_is_called_by_its_settings():
    assert called(ROW) == "sine K=2.1 keys depth 3"
