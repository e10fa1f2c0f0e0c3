"""maps/targets/recall.py: what is recalled where, its constant against pairs, a constant too small as the control."""

import pytest
import torch

from varexp.maps.domains import Curve
from varexp.maps.norms import NORMS
from varexp.maps.patterns import generator
from varexp.maps.targets import recalling_target
from varexp.maps.targets.recall import Recall, closest, diameter
from varexp.measurement.constant import constant_prediction
from varexp.measurement.soundness import adversarial_pairs


def randn(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=generator("recall", seed))


def test_words_go_near_their_items():
    words, scales = randn(5, 1, 2), [randn(5, 4, 2, seed=1), randn(5, 16, 2, seed=2)]
    target = recalling_target(words, scales, sharpness=30.0)
    for found, wanted in zip(target.trajectory(words), scales, strict=True):
        assert float((found - wanted).abs().max()) < 1e-3
    soft = recalling_target(words, scales, sharpness=1.0)
    assert float((soft(words) - scales[-1]).abs().max()) > 0.1


def test_two_items_attain_the_constant_halfway_between_them():
    places, values = randn(2, 4, 2), randn(2, 4, 2, seed=1)
    recall = Recall(K=3.0, stage=1, side=2, channels=2, places=places, values=values)
    middle, step = places.mean(dim=0), 1e-5 * (places[1] - places[0])
    ratio = NORMS["rms"](recall(middle + step) - recall(middle - step)) / NORMS["rms"](2 * step)
    constant = recall.lipschitz("rms")
    assert float(ratio) == pytest.approx(constant.upper, rel=1e-6)
    assert float(ratio) > 0.99 * constant.upper  # a constant 1 % smaller would be exceeded: the control


@pytest.mark.parametrize("seed", range(3))
def test_no_pair_exceeds_the_constant(seed):
    recall = Recall(K=2.0, stage=1, side=2, channels=2, places=randn(6, 4, 2, seed=seed), values=randn(6, 4, 2, seed=9))
    x, y = randn(4000, 4, 2, seed=20), randn(4000, 4, 2, seed=21)
    near = x + 1e-4 * y
    for other in (y, near):
        ratio = NORMS["rms"](recall(x) - recall(other)) / NORMS["rms"](x - other)
        assert float(ratio.max()) <= recall.lipschitz("rms").upper


def test_diameters_and_coincidence():
    maps = torch.tensor([0.0, 3.0, 7.0], dtype=torch.float64)[:, None, None].expand(3, 4, 2)
    assert (diameter(maps), closest(maps)) == (7.0, 3.0)
    with pytest.raises(ValueError, match="two items are at the same place"):
        recalling_target(torch.ones(2, 1, 2, dtype=torch.float64), [randn(2, 4, 2)])


def test_other_data_are_another_target_wherever_answers_are_remembered():
    words, values = randn(6, 4, 2), randn(6, 4, 2, seed=1)
    small, large = recalling_target(words, [values]), recalling_target(words, [10 * values])
    one, ten = (constant_prediction(target, Curve(2), NORMS["rms"]) for target in (small, large))
    assert one.lower * 9 < ten.lower
    ratios = [adversarial_pairs(target.stages[0], NORMS["rms"])[1].ratio for target in (small, large)]
    assert ratios[1] == pytest.approx(10 * ratios[0], rel=0.2)


def test_targets_of_other_data_are_other_targets():
    words, values = randn(3, 1, 2), randn(3, 4, 2, seed=1)
    assert (
        recalling_target(words, [values]).stages[0].feature_map
        != recalling_target(words, [10 * values]).stages[0].feature_map
    )
