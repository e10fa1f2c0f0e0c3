"""The policy affects speed, never soundness."""

import math

import pytest
from test_search import search
from tolerances import ROUNDING

from varexp.enclosure import RefinementPolicy

POLICIES = {
    "default": RefinementPolicy(),
    "states are always computed again": RefinementPolicy(expected_growth=math.inf),
    "states are always inherited": RefinementPolicy(expected_growth=0.0, most_generations=10**9, least_growth=0.0),
    "few cells at once": RefinementPolicy(coefficients_per_pass=1, refined_at_once=1),
    "no patience": RefinementPolicy(patience=1, stalled_share=0.1, near_goal=math.inf),
    "divide first": RefinementPolicy(least_growth=math.inf),
}


@pytest.mark.parametrize("name", POLICIES)
def test_any_policy_gives_an_enclosure(name):
    made, sups = search(lambda x: (7 * x).sin(), lambda x: x * x + 0.5, policy=POLICIES[name], evaluations=400, grid=4)
    for sup, exact in zip(sups, (1.0, 1.5), strict=True):
        assert sup.lower <= exact * (1 + ROUNDING)
        assert exact <= sup.upper < math.inf
    assert sum(made.evaluated) > 0


def test_a_policy_without_room_is_refused():
    with pytest.raises(ValueError, match="at least one cell at once"):
        RefinementPolicy(coefficients_per_pass=0)
