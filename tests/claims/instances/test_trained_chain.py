"""The trained arm: intervals of norms at points hold what floats compute, and the bound is not met by construction."""

from fractions import Fraction

import pytest
from tolerances import ENCLOSED, ROUNDING

from varexp.claims.instances.trained_chain import K, function_norm, norms
from varexp.theory.verdicts import Verdict


def test_norms_are_narrow_intervals_and_depth_one_is_an_equality():
    first, *others = norms()
    for error, local in zip(first.error, first.local, strict=True):
        assert max(error.lower, local.lower) <= min(error.upper, local.upper)
    for stage in (first, *others):
        assert float(stage.lipschitz.lower) == pytest.approx(K)
        for number in (*stage.error, *stage.local):
            assert 0 <= number.lower <= number.upper <= number.lower + Fraction(ENCLOSED)


def test_the_bound_in_floats():
    bound = 0.0
    for depth, stage in enumerate(norms(), start=1):
        local, error = ((sum(float(v.upper) ** 2 for v in x) / len(x)) ** 0.5 for x in (stage.local, stage.error))
        bound = bound * float(stage.lipschitz.upper) + local
        assert error <= bound * (1 + ROUNDING)
        if depth > 1:
            shown = function_norm(2).instances[0].conclusions[depth - 2]
            assert float(shown.left.upper) == pytest.approx(error)
            assert float(shown.right.lower) == pytest.approx(bound)


@pytest.mark.parametrize("alpha", [1, 2, 4])
def test_the_function_norm_of_any_order(alpha):
    assert function_norm(alpha).verdict == Verdict.HOLDS
    assert function_norm(alpha, Fraction(1, 10)).verdict == Verdict.VIOLATED
