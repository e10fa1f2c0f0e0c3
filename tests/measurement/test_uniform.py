"""measurement/uniform: a value by hand, containment of samples, and the floor under a chain without positions."""

import math

import pytest
import torch

from varexp.maps.domains import Curve
from varexp.maps.norms import find_norm
from varexp.maps.targets import build_target
from varexp.measurement.uniform import deviation, uniform_distance

RMS = find_norm("rms")


def test_the_nearest_uniform_image_is_the_mean_over_tokens():
    x = torch.tensor([[1.0, 0.0], [3.0, 0.0], [5.0, 6.0], [7.0, 6.0]], dtype=torch.float64)
    assert deviation(x).tolist() == [[-3.0, -3.0], [-1.0, -3.0], [1.0, 3.0], [3.0, 3.0]]
    for shift in (0.1, -0.1):
        assert RMS(deviation(x)) < RMS(deviation(x) + shift)


def test_one_token_is_uniform():
    found = uniform_distance(build_target("sine", (1, 1), K=2.1), Curve(1), RMS)
    assert found.lower == 0
    assert found.upper < 1e-12


def test_an_affine_target_by_hand():
    """K·X·O + P on a word: g copies it to all tokens, so that the deviation is that of the pattern alone."""
    target = build_target("affine", (1, 2), K=2.1)
    found = uniform_distance(target, Curve(1), RMS)
    pattern = target.stages[0].feature_map.pattern
    by_hand = math.sqrt(float(((pattern - pattern.mean(dim=0)) ** 2).mean()))
    assert found.lower <= by_hand <= found.upper
    assert found.upper <= found.lower * 1.001


@pytest.mark.parametrize("name", ["fold", "sine", "mix"])
def test_no_sample_is_above_and_one_is_near(name):
    target, domain = build_target(name, (1, 1, 2, 3), K=2.1), Curve(1)
    found = uniform_distance(target, domain, RMS)
    values = RMS(deviation(target(domain.points(domain.sample(4096)))))
    assert float(values.max()) <= found.upper
    assert found.lower <= float(values.max()) * (1 + 1e-9)
    assert found.upper <= found.lower * 1.02


def test_other_norms_are_refused():
    with pytest.raises(ValueError, match="rms and frobenius norm, got max"):
        uniform_distance(build_target("sine", (1, 2), K=2.1), Curve(1), find_norm("max"))
