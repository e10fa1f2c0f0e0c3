"""results/tables/dynamics.csv, as released: whole, and at one with itself."""

from pathlib import Path

import pytest
from tolerances import ROUNDING

from varexp.commands.dynamics import experiment
from varexp.dynamics import FIELDS
from varexp.dynamics.table import path_in
from varexp.report.tables import load_table

RESULTS = Path(__file__).parents[2] / "results"
pytestmark = pytest.mark.skipif(not path_in(RESULTS).exists(), reason="varexp dynamics has not written its table")


def test_the_released_table_has_a_row_for_every_run():
    table = load_table("dynamics", RESULTS)
    found = list(zip(table.field, table.hidden_sizes, table.activation, strict=True))
    assert found == [(run.field, "-".join(map(str, run.hidden)), run.activation) for run in experiment().runs]
    assert (table.steps == experiment().steps).all()
    assert (table.seed == experiment().seed).all()


def test_released_numbers_agree_with_each_other():
    for row in load_table("dynamics", RESULTS).itertuples():
        assert row.equations == FIELDS[row.field].equations
        assert row.decided == (row.gap <= row.goal)
        assert not row.error_sampled > row.sup_upper * (1 + ROUNDING)  # an end that is not known is no contradiction
        assert not row.sup_lower > row.sup_upper
        if row.decided:
            assert row.gap == pytest.approx(row.sup_upper / row.sup_lower - 1)
            place = [float(number) for number in row.place.split()]
            ends = FIELDS[row.field].box
            assert all(low <= x <= high for x, (low, high) in zip(place, ends, strict=True))
