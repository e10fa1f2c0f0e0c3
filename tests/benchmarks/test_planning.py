"""benchmarks/planning.py: speed-ups by hand, and those of the released tables."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from varexp.benchmarks.planning import WORKERS, rows, speed_up

RESULTS = Path(__file__).parents[2] / "results"


def batch(*keys):
    return SimpleNamespace(models=[SimpleNamespace(deepest=SimpleNamespace(key=key)) for key in keys])


def test_by_hand():
    seconds = {"a": 4.0, "b": 3.0, "c": 2.0, "d": 1.0}
    planned = [batch("a"), batch("b"), batch("c", "d")]
    assert speed_up(planned, seconds, 1) == 1.0
    assert speed_up(planned, seconds, 2) == pytest.approx(10 / 6)  # a | b, then c and d
    assert speed_up(planned, seconds, 3) == pytest.approx(10 / 4)


def test_workers_help_as_much_as_they_can():
    found = list(rows(RESULTS))
    assert len(found) == len(WORKERS)
    for row, workers in zip(found, WORKERS, strict=True):
        assert 1 <= row.value <= workers
        assert row.value >= {2: 1.9, 16: 13.0, 64: 35.0, 256: 100.0}[workers]


def test_tables_that_lack_rows_are_refused(tmp_path):
    (tmp_path / "tables").mkdir()
    for name in ("depth", "width", "kernel"):
        lines = (RESULTS / "tables" / f"{name}.csv").read_text().splitlines(keepends=True)
        (tmp_path / "tables" / f"{name}.csv").write_text("".join(lines[:-1]))
    with pytest.raises(ValueError, match=r"of \d+ rows are not in .*: run make sweep first"):
        list(rows(tmp_path))
