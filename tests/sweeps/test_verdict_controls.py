"""Verdicts with a known truth: attained bounds, bounds that fail, wrong constants, wrong domains, vacuous bounds."""

import itertools
from dataclasses import dataclass
from fractions import Fraction

import pytest
import torch
from torch import nn

from varexp.enclosure import Box, Goal, Search, Sup, Transition
from varexp.maps.constants import Constant
from varexp.maps.domains import Curve
from varexp.maps.interpolation import image_matrix, resample, resize_matrix
from varexp.maps.norms import MAX
from varexp.maps.targets import Target, TargetStage
from varexp.maps.targets.base import FeatureMap
from varexp.measurement.certify import certify
from varexp.measurement.soundness import SoundnessError
from varexp.models.chain import Chain, ChainStage
from varexp.sweeps.rows import judged
from varexp.theory import Interval, Verdict, compare, enclosed_bound, printed, split, telescoped

EPS = {"interpolation": 1e-3, "block": 2e-3}


# ---- a chain that attains its bound: entrywise max norm, nearest neighbour, constants propagate ---------------------


class Multiply(nn.Module):
    """τ(X) = K X − b."""

    def __init__(self, K, bias):
        super().__init__()
        self.K, self.bias = K, bias

    def forward(self, x):
        return self.K * x - self.bias


@dataclass(frozen=True, kw_only=True)
class Times(FeatureMap):
    """f(X) = K X, declared to have another constant."""

    declared: float

    def __call__(self, x):
        return self.K * x

    def constant(self, norm, before):
        return Constant(self.declared, self.declared)


@dataclass(frozen=True)
class AttainingStage(TargetStage):
    """F(X) = K (Φ X + ε_1): the bias stands in the target's scale map."""

    def scale(self, x):
        return resample(x, image_matrix(resize_matrix("nearest", self.side_in, self.side_out))) + EPS["interpolation"]


def attaining(K=3.0, sides=(1, 2, 3, 4), declared=None, bias=EPS["block"]):
    """Intervals of the attaining chain: (stage rows, error)."""
    pairs = list(itertools.pairwise(sides))
    stages = [ChainStage("nearest", a, b, Multiply(K, bias)) for a, b in pairs]
    maps = [Times(K=K, stage=i, side=b, channels=2, declared=declared or K) for i, (_, b) in enumerate(pairs, start=1)]
    target = Target(tuple(AttainingStage(a, b, f) for (a, b), f in zip(pairs, maps, strict=True)))
    places = [torch.tensor([[0.3], [4.0]], dtype=torch.float64) for _ in pairs]
    result = certify(Chain(stages), target, Curve(sides[0]), MAX, Goal(), places)
    return rows(result.stages, [declared or K] * len(pairs)), result.error


def rows(sups, lipschitz):
    """Rows of a stage table."""
    table = []
    for stage, constant in zip(sups, lipschitz, strict=True):
        row = {"lipschitz": constant, "lipschitz_lower": constant}
        row |= {"lipschitz_feature": constant, "lipschitz_feature_lower": constant}
        for name in ("eps_interpolation", "eps_block", "local_error"):
            row |= {f"{name}_lower": stage[name].lower, f"{name}_upper": stage[name].upper}
        table.append(row)
    return table


def row(error, constant=(1e9, 1e9)):
    """The measured columns of a row."""
    names = ("error_lower", "error_upper", "error_constant_lower", "error_constant_upper")
    return dict(zip(names, (error.lower, error.upper, *constant), strict=True), key="control")


def test_in_exact_fractions_the_attained_bound_holds_with_equality():
    K, eps_1, eps_2 = Fraction(3), Fraction(1, 1000), Fraction(2, 1000)
    local = split([K] * 4, [eps_1] * 4, [eps_2] * 4)
    error, x = Fraction(0), Fraction(1, 7)
    t = y = x
    for _ in range(4):
        t, y = K * t - eps_2, K * (y + eps_1)
    error = y - t
    bound = telescoped([K] * 4, local)
    assert error == bound == Fraction(1, 5)
    assert compare(Interval.exactly(error), Interval.exactly(bound)) is Verdict.HOLDS
    assert printed([K] * 4, local) == Fraction(405, 1000)
    three, first, second = (Interval.exactly(x) for x in (3.0, 1e-3, 2e-3))
    assert enclosed_bound(telescoped, [three] * 4, [(three, first, second)] * 4).lower <= 0.2


def test_through_the_enclosures_the_attained_bound_is_inconclusive():
    stages, error = attaining()
    found = judged(row(error), stages)
    low, high = found["bound_telescoped_lower"], found["bound_telescoped_upper"]
    exact = 0.005 * (3**3 - 1) / 2
    assert found["verdict_repaired"] == "INCONCLUSIVE"
    assert error.lower <= exact <= error.upper
    assert low <= exact <= high
    assert max(low, error.lower) <= min(high, error.upper)  # they overlap
    assert (error.upper - error.lower) / exact <= 1e-9
    assert (high - low) / exact <= 1e-9
    assert found["verdict"] == found["verdict_formula"] == "HOLDS"  # the printed bound is never attained for K = 3


def test_with_the_bias_reduced_by_one_per_cent_the_bound_holds():
    stages, _ = attaining()
    _, error = attaining(bias=0.99 * EPS["block"])
    assert judged(row(error), stages)["verdict_repaired"] == "HOLDS"


def test_a_constant_declared_too_small_is_violated_and_raises():
    stages, error = attaining(declared=2.7)
    names = ("lipschitz_feature", "eps_interpolation", "eps_block")
    bound = enclosed_bound(
        telescoped,
        [Interval.exactly(2.7)] * 3,
        [tuple(Interval(s[f"{n}_lower"], s.get(f"{n}_upper", s.get(n))) for n in names) for s in stages],
    )
    assert compare(error, bound) is Verdict.VIOLATED
    with pytest.raises(SoundnessError, match="telescoped bound is a theorem"):
        judged(row(error), stages)


# ---- below the threshold of K_2 the printed formula fails -----------------------------------------------------------


def named(eps_interpolation, eps_block, local_error):
    return {"eps_interpolation": eps_interpolation, "eps_block": eps_block, "local_error": local_error}


def exact_rows(lipschitz, local):
    return rows([named(Sup(0.0, 0.0), Sup(e, e), Sup(e, e)) for e in local], lipschitz)


def test_below_two_the_formula_is_violated_and_the_theorem_says_nothing():
    e = 0.125
    error = Sup(2.5 * e, 2.5 * e)
    found = judged(row(error), exact_rows([1.5, 1.5], [e, e]))
    assert found["bound_printed_upper"] == 2.25 * e
    assert found["verdict_formula"] == "VIOLATED"
    assert found["verdict"] == "HYPOTHESIS_NOT_MET"
    assert compare(error, Interval(found["bound_keff_lower"], found["bound_keff_upper"])) is Verdict.HOLDS


def test_a_constant_of_exactly_two_does_not_meet_the_hypothesis():
    error = Sup(0.1, 0.1)
    assert judged(row(error), exact_rows([2.0, 2.0], [1.0, 1.0]))["verdict"] == "HYPOTHESIS_NOT_MET"
    above = judged(row(error), exact_rows([2.0, 2.0000001], [1.0, 1.0]))
    assert above["verdict"] == "HOLDS"


# ---- CE-2: ε belongs to the set that the model visits ---------------------------------------------------------------


def ce_2(lower, upper):
    """e_1, e_2 and the total error of CE-2 with its ε's taken along the model's own trajectory from [lower, upper]."""

    def first(state):
        t, y = state
        return (3 * t + 0.01, 3 * y), [3 * t - (3 * t + 0.01), 3 * t + 0.01 - 3 * y]

    def second(state):
        t, y = state
        t_next = 3 * t + 1e6 * torch.relu(t - 3)
        return (t_next, 3 * y), [3 * t - t_next, t_next - 3 * y]

    stages = [Transition(f, lambda state, f=f: f(state)[0], 1) for f in (first, second)]
    search = Search(lambda u: (u[..., None],) * 2, stages, Box((lower,), (upper,), (16,)), MAX, 3)
    (e_1, _), (e_2, error) = search.run([[0.0, 0.0]] * 2)
    return e_1, e_2, error


def test_ce_2_on_the_visited_set():
    e_1, e_2, error = ce_2(0.0, 1.0)
    stages = rows([named(Sup(0.0, 0.0), e, e) for e in (e_1, e_2)], [3.0, 3.0])
    found = judged(row(error), stages)
    assert error.lower <= 10000.03 <= error.upper
    assert error.gap <= 0.01
    assert found["bound_telescoped_lower"] <= 10000.03 <= found["bound_telescoped_upper"]
    assert found["verdict"] == found["verdict_formula"] == "HOLDS"
    assert found["bound_printed_lower"] == pytest.approx(9e4, rel=0.01)


def test_ce_2_with_errors_taken_elsewhere_would_be_violated():
    e_1, _, error = ce_2(0.0, 1.0)
    on_the_target_s_image = Sup(0.0, 0.0)  # F_2 and T_2 agree on F_1([0, 1]) = [0, 3]
    stages = rows([named(Sup(0.0, 0.0), e, e) for e in (e_1, on_the_target_s_image)], [3.0, 3.0])
    three, zero = Interval.exactly(3.0), Interval.exactly(0.0)
    wrong = enclosed_bound(printed, [three] * 2, [(three, zero, e) for e in (e_1, on_the_target_s_image)])
    assert wrong.upper == pytest.approx(0.09, rel=1e-6)  # the bound that must never be used
    with pytest.raises(SoundnessError):
        judged(row(error), stages)


# ---- vacuous bounds -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("eps", "expected"),
    [((1.0, 1.0), True), ((0.01, 0.01), False), ((0.05, 0.5), None)],
    ids=["yes", "no", "undecided"],
)
def test_vacuous_bounds(eps, expected):
    stage = named(Sup(0.0, 0.0), Sup(*eps), Sup(*eps))
    found = judged(row(Sup(0.0, 1e-3), constant=(0.7, 0.8)), rows([stage], [3.0]))
    assert found["vacuous"] is expected


def test_a_missing_upper_end_decides_nothing():
    stage = named(Sup(0.0, 0.0), Sup(0.1, 0.2), Sup(0.1, 0.2))
    table = rows([stage], [3.0])
    table[0]["eps_block_upper"] = None
    found = judged({**row(Sup(1.0, 1.0)), "error_upper": None}, table)
    assert found["verdict"] == found["verdict_repaired"] == "INCONCLUSIVE"
    assert found["bound_printed_upper"] is None
