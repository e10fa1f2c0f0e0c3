"""audit/network.py: the audit's maps are those of the package, for every target, kernel and switch of a block."""

import pytest
import torch
from claimed import case
from flint import arb

from varexp.audit.block import UnknownMapError
from varexp.audit.norms import at_point
from varexp.audit.targets import TARGETS
from varexp.maps.interpolation import KERNELS
from varexp.maps.targets import FEATURE_MAPS

ANGLES = (0.0, 1.0, 2.5, 4.75)
SWITCHES = (
    {"activation": "relu"},
    {"heads": 2, "head_size": 3},
    {"positions": False},
    {"scaled": False, "attention_residual": False},
    {"ffn_residual": False},
)


def agrees(found):
    network = found.network
    for angle in ANGLES:
        ours, _ = network.difference(arb(angle), arb(0), 1)
        theirs = found.difference(angle).flatten().tolist()
        values = [a + b for a, b in zip(ours.orders[0].entries(), ours.rest.entries(), strict=True)]
        assert max(abs(float(a) - b) for a, b in zip(values, theirs, strict=True)) < 1e-12
        assert max(float(a.rad()) for a in values) < 1e-20


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_every_target_is_the_same_at_points(target):
    agrees(case(target, sides=(2, 3, 4)))


@pytest.mark.parametrize("kernel", list(KERNELS))
def test_every_kernel_is_the_same_at_points(kernel):
    agrees(case("affine", kernel, sides=(1, 2, 3)))


@pytest.mark.parametrize("switch", SWITCHES, ids=lambda s: "-".join(s))
def test_every_switch_of_a_block_is_the_same_at_points(switch):
    agrees(case("sine", sides=(2, 2, 3), **switch))


@pytest.mark.parametrize("target", ["affine", "fold", "mix", "sine"])
def test_a_blur_is_the_same_at_points(target):
    agrees(case(target, options={"blur": 0.5}))


@pytest.mark.parametrize("norm", ["rms", "max", "frobenius"])
def test_every_norm_is_the_same_at_points(norm):
    found = case("mix", norm=norm)
    for angle in ANGLES:
        value = at_point(found.network.difference(arb(angle), arb(0), 1)[0], norm)
        assert abs(float(value) - float(found.norms(angle))) < 1e-12


def test_all_registered_targets_are_known():
    own = {name for name in FEATURE_MAPS if FEATURE_MAPS[name].__module__.startswith("varexp.")}
    assert own == set(TARGETS)


@pytest.mark.parametrize(("name", "value"), [("target", "spiral"), ("activation", "gelu")])
def test_what_is_not_known_is_refused_by_name(name, value):
    found = case()
    with pytest.raises(UnknownMapError, match=value):
        _ = found._replace(row=found.row | {name: value}).network


def test_the_control_a_changed_weight_is_seen():
    found = case()
    tensor = found.tensors["stages.0.block.query"]
    changed = tensor._replace(numbers=(tensor.numbers[0] + 0.1, *tensor.numbers[1:]))
    other = found._replace(tensors=found.tensors | {"stages.0.block.query": changed})
    with pytest.raises(AssertionError):
        agrees(other)
    assert torch.isfinite(found.norms(1.0)).all()
