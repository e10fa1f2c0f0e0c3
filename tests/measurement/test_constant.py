"""measurement/constant.py: known radii, brute force between the ends, planted targets."""

import math

import pytest
import torch
from small import problem

from varexp.maps.domains import Curve, parse_domain
from varexp.maps.norms import NORMS
from varexp.maps.targets import FEATURE_MAPS, build_target
from varexp.measurement.constant import GAP, constant_prediction


@pytest.mark.parametrize("domain", ["curve-2", "curve-1", "disc-2"])
def test_affine_is_known(domain):
    """K^n times an isometry of a circle or disc of radius 1: the centre is best, the error K^n."""
    d = parse_domain(domain)
    found = constant_prediction(build_target("affine", (d.side, 2, 3), 1.5), d, NORMS["rms"])
    lower, upper = found.lower, found.upper
    assert lower <= 1.5**2 <= upper
    assert upper / lower <= 1 + 4 * GAP


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("name", FEATURE_MAPS)
def test_no_constant_does_better_and_one_does_as_well(name, norm):
    """Random constants near the best one never undercut the lower end; the range's middle never beats it either."""
    p = problem(name)
    found = constant_prediction(p.target, p.domain, NORMS[norm])
    lower, upper = found.lower, found.upper
    theta = torch.cat([p.domain.sample(1024), p.domain.sample(4096)])
    images = p.target(p.domain.points(theta))
    middle = (images.amin(0) + images.amax(0)) / 2
    errors = [
        float(NORMS[norm](images - (middle + scale * torch.randn_like(middle))).max())
        for scale in (0.0, 0.01, 0.1)
        for _ in range(10)
    ]
    assert lower <= min(errors)
    assert lower <= upper
    assert upper <= 1.05 * lower


def test_a_constant_target_has_no_error():
    target = build_target("fold", (2, 3), 1e-9)
    found = constant_prediction(target, Curve(2), NORMS["rms"])
    lower, upper = found.lower, found.upper
    assert 0 <= lower <= upper < 1e-8


def test_many_parameters_have_a_rougher_upper_end():
    p = problem("fold", domain="ball-2")
    found = constant_prediction(p.target, p.domain, NORMS["rms"])
    lower, upper = found.lower, found.upper
    images = p.target(p.domain.points(p.domain.sample(4096)))
    assert lower <= float(NORMS["rms"](images - images.mean(0)).max())
    assert lower < upper < 10 * lower


@pytest.mark.parametrize(
    ("K", "depth", "options", "truth"),
    [
        (0.01, 6, {}, 0.01**6),
        (0.005, 6, {}, 0.005**6),
        (0.001, 6, {}, 0.001**6),
        (1.5, 1, {"pattern_rms": 1e12}, 1.5),
        (1.5, 2, {}, 2.25),
    ],
)
def test_both_ends_hold_where_rounding_is_large_beside_what_varies(K, depth, options, truth):
    """The circle of words becomes a circle of radius K^depth around a pattern that is far larger."""
    target = build_target("affine", range(2, 3 + depth), K, 2, options)
    assert constant_prediction(target, Curve(2), NORMS["rms"]).contains(truth)


def test_values_that_are_no_numbers_bound_nothing():
    found = constant_prediction(build_target("sine", (2, 3), 1e308), Curve(2), NORMS["rms"])
    assert (found.lower, found.upper) == (0.0, math.inf)
