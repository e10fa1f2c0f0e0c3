"""benchmarks/contests.py: ratios of pairs, by hand; what is spent is counted, in this process and in children."""

import os
import subprocess
import sys

import pytest

from varexp.benchmarks.contests import Row, contest, core_seconds, on_one_core

BUSY = "import time; end = time.process_time() + {}\nwhile time.process_time() < end: pass"


def test_ratios_are_those_of_pairs():
    ours, theirs = iter([1.0, 2.0, 4.0]), iter([3.0, 2.0, 4.0])
    (row,) = contest("part", "what", lambda: next(ours), {"other": lambda: next(theirs)}, 3, "s")
    assert row == Row("part", "what", "s", 2.0, "other", 1.0, 1.0, 3.0, 3)


def test_without_another_way_there_is_a_value_alone():
    assert contest("part", "what", lambda: 7.0, {}, 2, "s") == [Row("part", "what", "s", 7.0, pairs=2)]


def test_ways_are_measured_in_turn():
    order = []
    contest("p", "w", lambda: order.append("a") or 1.0, {"b": lambda: order.append("b") or 1.0}, 2, "s")
    assert order == ["a", "b", "a", "b"]


@pytest.mark.parametrize("seconds", [0.0, 0.5])
def test_children_count(seconds):
    found = core_seconds(lambda: subprocess.run([sys.executable, "-c", BUSY.format(seconds)], check=True))
    assert found >= seconds


@pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity"), reason="this system does not say which cores a process may use"
)
def test_one_core_and_then_all_again():
    before = os.sched_getaffinity(0)
    with on_one_core():
        assert len(os.sched_getaffinity(0)) == 1
    assert os.sched_getaffinity(0) == before
