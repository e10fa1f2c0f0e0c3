"""Separateness, contextual mappings and Lemma 4.4: known logarithms, properties, another library's arithmetic."""

import itertools
from fractions import Fraction

import mpmath
import pytest
from flint import ctx
from tolerances import ROUNDING

from varexp.claims.instances.contextual import (
    BITS,
    Constants,
    attention_ids,
    ball,
    contextual,
    mapping,
    pairs_of,
    rank_one,
    separateness,
    tokens,
    vocabulary,
)
from varexp.claims.instances.grid_network import grid_error
from varexp.theory.verdicts import Verdict

F = Fraction
NEAR = (F("0.999999"), F("3.000001"), F("0.999999"))


def logs(found):
    """ln δ and the log of the smallest separation."""
    return tuple(float(side.lower) for c in found.instances[0].conclusions[1:] for side in (c.left, c.right))


@pytest.mark.parametrize(
    ("constants", "values"), [("data", (-84.76, -15.65)), ("ks", (-7947.7, -1325.4))], ids=["data", "ks"]
)
def test_known_logarithms_for_the_tokens_1_2_3(constants, values):
    found = mapping(pairs_of((1, 2, 3)), NEAR, constants)
    assert found.verdict == Verdict.HOLDS
    assert logs(found) == pytest.approx(values, abs=0.05)


def test_the_separation_in_another_librarys_arithmetic():
    found = mapping(pairs_of((1, 2, 3)), NEAR)
    with mpmath.workdps(60):
        scale = (2 * mpmath.log(2) + 3) * mpmath.mpf("1.0001")
        alpha = mpmath.mpf("0.999999") / (4 * mpmath.mpf("3.000001"))
        ids = {}
        for own, other in itertools.permutations((1, 2, 3), 2):
            weights = [mpmath.exp(scale * own * x) for x in (own, other)]
            ids[own, frozenset((own, other))] = own + alpha * (own * weights[0] + other * weights[1]) / sum(weights)
        least = min(abs(a - b) for a, b in itertools.combinations(ids.values(), 2))
        assert float(mpmath.log(least)) == pytest.approx(logs(found)[1], rel=ROUNDING)


def test_a_broken_hypothesis_is_named_with_its_tokens_and_its_size():
    found = mapping(pairs_of((1, 2, 3)), (F("1.5"), F("3.01"), F("0.99")))
    assert found.verdict == Verdict.HYPOTHESIS_NOT_MET
    assert [str(h) for h in found.instances[0].unmet] == ["(i) γ_min² < ‖1‖²: 9/4 < 1"]
    twice = separateness(tokens([(1,), (1,)]), F(1, 2), F(2), F(1, 2))
    assert [str(c) for c in twice if c.verdict == Verdict.VIOLATED] == [
        "no token twice in sequence 1: repeats < 1: 1 < 1"
    ]


@pytest.mark.parametrize("order", list(itertools.permutations((0, 1, 2))))
def test_ids_are_equivariant_and_bounded(order):
    with ctx.workprec(300):
        row = tokens([(1, 2), (2, "-1/2"), ("3/2", 1)])[0]
        v = (F(3, 5), F(4, 5))
        weights = rank_one(v, ball(3)), rank_one(v, ball(F(1, 9)))
        (ids,), (moved,) = (attention_ids([r], *weights) for r in (row, [row[i] for i in order]))
        for k, i in enumerate(order):
            for a, b in zip(moved[k], ids[i], strict=True):
                assert a.overlaps(b)


def test_different_orders_of_one_set_may_share_ids_and_different_sets_may_not():
    rows = [*pairs_of((1, 2)), *pairs_of((1, 3))]
    same = [[[ball(x) for x in token] for token in row] for row in rows]
    first, second = contextual(rows, same, F(4), ball(-100))
    assert first.verdict == Verdict.HOLDS
    assert second.verdict == Verdict.VIOLATED  # token 1 in {1, 2} and in {1, 3}
    assert all(c.verdict == Verdict.HOLDS for c in contextual(rows[:2], same[:2], F(4), ball(-100)))


def test_printed_delta_is_1_for_one_token_a_sequence():
    with ctx.workprec(BITS):
        constants = Constants(F("0.19"), F("0.41"), F("0.19"), 2, 1, 1)
        assert constants.log_delta_printed() == 0
        assert constants.gamma == F("0.4575")
        assert float(Constants(F(1), F(3), F(1), 3, 2, 1).log_delta_ks()) == pytest.approx(-7947.7, abs=0.05)


def test_the_vocabulary_is_the_set_of_tokens():
    assert vocabulary(pairs_of((1, 2, 3))) == [(F(1),), (F(2),), (F(3),)]


def test_a_network_on_a_grid_reaches_what_its_digits_allow():
    def total(row):
        return [sum((x for (x,) in row), F(0))] * len(row)

    error, neurons = grid_error(pairs_of((1, 2, 3)), NEAR, total)
    assert neurons == 7  # two that make −x, one for each of five slopes
    assert error < ball(F(1, 10**40))
