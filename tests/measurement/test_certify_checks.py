"""What certify accepts, which points count for which depth, and which ends the search starts from."""

import pytest
import torch
from small import CONFIG, problem

from varexp.enclosure import Goal
from varexp.enclosure.sup import Sup
from varexp.families.chain import new_stage
from varexp.maps.domains import parse_domain
from varexp.maps.norms import NORMS
from varexp.maps.targets import build_target
from varexp.measurement import certify as certifying
from varexp.measurement.certify import Certificate, PointsByDepth, certify, check_pair, lower_bounds_at
from varexp.models.chain import Chain


def untrained(task):
    stages = [new_stage(task, i, CONFIG).double().requires_grad_(False) for i in range(len(task.target.stages))]
    return Chain(stages)


def column(*numbers):
    return torch.tensor(numbers, dtype=torch.float64)[:, None]


def searches(monkeypatch):
    """The ends that searches are started from; no search is run."""
    handed = []

    def enclose_sups(*given):
        handed.append(given[-1])
        return Certificate((), 0)

    monkeypatch.setattr(certifying, "enclose_sups", enclose_sups)
    return handed


def test_a_depth_uses_the_points_of_its_stages_and_no_more():
    points = PointsByDepth([column(0.1, 0.2), column(0.3, 0.4), column(0.5, 0.6)])
    assert points.all[:, 0].tolist() == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    assert [points.up_to(depth) for depth in (1, 2, 3)] == [slice(0, 2), slice(0, 4), slice(0, 6)]
    values = torch.tensor([2.0, 1.0, 0.0, 3.0, 5.0, 4.0], dtype=torch.float64)
    assert points.largest([{"error": values, "eps": -values}, {"error": values}, {"error": values}]) == [
        {"error": 2.0, "eps": -1.0},
        {"error": 3.0},
        {"error": 5.0},
    ]


def test_the_gap_of_a_certificate_is_the_widest():
    sups = ({"eps": Sup(1.0, 1.5), "error": Sup(1.0, 3.0)}, {"error": Sup(1.0, 2.0)})
    assert Certificate(sups, 0).gap == pytest.approx(2.0, abs=1e-9)
    assert Certificate(sups, 0).error == Sup(1.0, 2.0)


def test_a_pair_fits_if_stages_and_sides_are_the_same():
    task = problem()
    chain = untrained(task)
    check_pair(chain, task.target, task.domain)
    with pytest.raises(ValueError, match="the model has 2 stages and the target 1"):
        check_pair(chain, task.target.prefix(1), task.domain)
    with pytest.raises(ValueError, match="sides do not fit"):
        check_pair(chain, build_target("sine", (2, 3, 5), 1.5), task.domain)
    with pytest.raises(ValueError, match=r"sides do not fit.*words of side 3"):
        check_pair(chain, task.target, parse_domain("curve-3"))


@pytest.mark.parametrize("error_alone", [True, False, None])
def test_the_search_starts_from_the_largest_value_at_the_points_of_each_depth(monkeypatch, error_alone):
    task = problem()
    chain, points = untrained(task), [column(0.1, 2.0), column(1.0, 4.0)]
    handed = searches(monkeypatch)
    only = {} if error_alone is None else {"error_alone": error_alone}
    certify(chain, task.target, task.domain, "rms", Goal(), points, **only)
    (known,) = handed
    first, second = (lower_bounds_at(chain, task.target, task.domain, NORMS["rms"], part) for part in points)
    deeper = {name: float(torch.cat([first[1][name], second[1][name]]).max()) for name in second[1]}
    if error_alone:
        assert known == [{}, {"error": deeper["error"]}]
    else:
        assert known[0] == {name: float(value.max()) for name, value in first[0].items()}
        assert known[1] == deeper
        assert "error" in known[0]


@pytest.mark.parametrize("place", [[1.5, 0.5], [-1.5, 0.5], [0.5, 1.5], [0.5, -1.5]])
def test_one_parameter_outside_the_box_is_noticed_on_either_side(monkeypatch, place):
    """box-1 has a word of one pixel and two channels, each moved by one parameter alone."""
    task = problem(domain="box-1", sides=(1, 2, 3))
    handed = searches(monkeypatch)

    def start(theta):
        points = [torch.tensor([theta], dtype=torch.float64)] * 2
        certify(untrained(task), task.target, task.domain, "rms", Goal(), points)

    start([1.0, -1.0])  # a corner is inside
    with pytest.raises(ValueError, match="points lie in the domain box-1, got"):
        start(place)
    assert len(handed) == 1
