"""audit/cover.py, peaks.py, verdict.py: true intervals are proved, false ones refuted, and nothing else is said."""

import math
from itertools import pairwise

import pytest
import torch
from claimed import case, claimed
from flint import arb, arb_poly

from varexp.audit import cover as covers
from varexp.audit.block import UnknownMapError
from varexp.audit.cover import TURN, below, cover, parts
from varexp.audit.kinks import Kink
from varexp.audit.peaks import climb
from varexp.audit.targets import TARGETS
from varexp.audit.verdict import judged


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_an_interval_around_the_largest_sample_is_proved(target):
    found = claimed(case(target))
    assert judged(found.row, found.tensors)["verdict"] == "proved"


@pytest.mark.parametrize("norm", ["max", "frobenius"])
def test_other_norms_are_proved_and_refuted(norm):
    found = claimed(case("fold", norm=norm))
    assert judged(found.row, found.tensors)["verdict"] == "proved"
    low = claimed(found, low=0.9, high=0.99)
    assert judged(low.row, low.tensors)["verdict"] == "refuted"


@pytest.mark.parametrize(("low", "high", "because"), [(0.9, 0.99, "above the upper"), (1.01, 1.1, "below the lower")])
def test_an_interval_beside_the_largest_sample_is_refuted(low, high, because):
    found = claimed(case("sine"), low, high)
    verdict = judged(found.row, found.tensors)
    assert verdict["verdict"] == "refuted"
    assert verdict["because"].startswith(because)


def test_an_interval_the_wrong_way_round_is_refuted():
    found = claimed(case("affine"), low=1.02, high=1.01)
    assert judged(found.row, found.tensors)["verdict"] == "refuted"


def test_a_place_that_is_given_is_used():
    found = case("affine")
    angle = float(found.norms(torch.arange(512) * (2 * torch.pi / 512)).argmax()) * 2 * math.pi / 512
    value = float(found.norms(angle))
    row = found.row | {"error_lower": value * (1 - 1e-12), "error_upper": value * 1.01, "place": angle}
    verdict = judged(row, found.tensors)
    assert verdict["because"].endswith(repr(angle))


def test_a_spent_budget_is_undecided(monkeypatch):
    found = claimed(case("fold"))
    monkeypatch.setattr(covers, "NARROWEST", 10.0)
    monkeypatch.setattr(covers, "FIRST_CELLS", 2)
    assert judged(found.row, found.tensors)["verdict"] == "undecided"


def test_an_unknown_map_is_undecided_by_name():
    found = claimed(case())
    verdict = judged(found.row | {"norm": "l7"}, found.tensors)
    assert (verdict["verdict"], "l7" in verdict["because"]) == ("undecided", True)
    assert issubclass(UnknownMapError, ValueError)


def test_the_cover_has_no_gap(monkeypatch):
    """Every angle lies in a cell that was done, and the last cell ends beyond a full turn."""
    done = []
    original = covers.peak
    monkeypatch.setattr(covers, "peak", lambda *given: done.append(given[2]) or original(*given))
    found = claimed(case("fold"))
    assert cover(found.network, "rms", found.row["error_upper"]).holds
    done.sort()
    assert done[0][0] == 0.0
    assert all(before[1] == after[0] for before, after in pairwise(done))
    assert done[-1][1] == TURN
    assert arb(TURN) > 2 * arb.pi()


def test_polynomials_are_compared_with_numbers():
    bump = arb_poly([1, 0, -1])  # 1 − u²
    assert below(bump, arb(1.0000001))
    assert not below(bump, arb(0.999))
    assert not below(bump, arb(-1))
    assert not below(bump, arb("nan"))
    wave = arb_poly([0, 1, 0, -1])  # largest at 1/sqrt(3): 2/(3·sqrt(3))
    top = 2 / (3 * math.sqrt(3))
    assert below(wave, arb(top * (1 + 1e-9)))
    assert not below(wave, arb(top * (1 - 1e-9)))


def test_a_cell_is_cut_where_a_kink_is():
    assert parts(0.0, 2.0, []) == [(0.0, 1.0), (1.0, 2.0)]
    cut = parts(0.0, 2.0, [Kink(0.25, 1e-9, 1.0), Kink(0.5, 1e-9, 2.0)])
    assert [pytest.approx(end, abs=1e-4) for end in (0.0, 1.5)] == [cut[0][0], cut[1][0]]
    assert len(cut) == 3
    assert parts(0.0, 2.0, [Kink(0.25, 1.0, 1.0)]) == [(0.0, 1.0), (1.0, 2.0)]


@pytest.mark.parametrize("value", [lambda x: 1 - (x - arb(1) / 3) ** 2, lambda x: 1 - abs(x - arb(1) / 3)])
def test_a_peak_is_climbed_to_the_last_digits(value):
    peak = covers.Peak(1.0, 0.0, 0.3, 0.1, (0.2, 0.4))
    place = climb(value, peak, 1 - 1e-15)
    assert abs(float(place) - 1 / 3) < 1e-7
    assert climb(value, peak, 1.001) is None
