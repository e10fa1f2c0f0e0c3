"""measurement/constant.py: known radii, brute force between the ends, planted targets."""

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
