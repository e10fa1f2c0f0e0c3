"""What a search is asked for and what it answers."""

import math

import pytest
from tolerances import ROUNDING

from varexp.enclosure import Goal, Sup
from varexp.enclosure.sup import FLOOR


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"gap": 0.0}, "gap is a finite number above 0, got 0.0"),
        ({"gap": -0.01}, "gap is a finite number above 0"),
        ({"gap": math.inf}, "gap is a finite number above 0"),
        ({"gap": math.nan}, "gap is a finite number above 0"),
        ({"evaluations": 0}, "evaluations is a whole number"),
    ],
)
def test_a_goal_out_of_range_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        Goal(**wrong)


def test_a_goal_as_it_is_if_nothing_is_said_and_the_least():
    assert Goal() == Goal(gap=0.01, evaluations=20_000)
    assert Goal(gap=1e-300, evaluations=1).evaluations == 1
    assert Goal(gap=1).gap == 1


def test_gaps_by_hand():
    assert Sup(1.0, 1.5 + FLOOR).gap == pytest.approx(0.5, rel=ROUNDING)
    assert Sup(0.0, FLOOR).gap == 0.0
    assert Sup(FLOOR / 4, FLOOR / 2).gap == -1.0
    assert Sup(0.0, math.nextafter(FLOOR, 1)).gap == math.inf
    assert Sup(0.0, 1.0).gap == Sup(1.0).gap == math.inf


def test_a_sup_below_its_own_lower_end_is_refused():
    with pytest.raises(ValueError):  # noqa: PT011
        Sup(2.0, 1.0)
