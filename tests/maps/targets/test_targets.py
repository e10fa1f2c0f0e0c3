"""Every registered target: declared constants that are sharp, never exceeded, and caught when declared too small."""

import dataclasses
from typing import ClassVar

import pytest
import torch
from tolerances import ATTACK, ROUNDING

from varexp.maps.constants import Constant
from varexp.maps.norms import NORMS
from varexp.maps.targets import (
    FEATURE_MAPS,
    FeatureMap,
    Target,
    UnknownConstantError,
    build_target,
    target_options,
)
from varexp.measurement.soundness import SoundnessError, adversarial_pairs, check_constants

IMAGE = (2, 3, 4, 5, 6, 7, 8)
WORD = (1, 1, 2, 3)
# At 1 -> 2 only constants reach the pattern's phases, so `sine` and `mix` stay below their declared constant.
SHARPNESS_AT_1_TO_2 = 0.12


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("sides", [IMAGE, WORD], ids=["image", "word"])
@pytest.mark.parametrize("name", FEATURE_MAPS)
def test_constants_are_sharp_and_not_exceeded(name, sides, norm):
    """Adversarial secants come within 5 % of K_1 and of L at every stage, and never exceed them."""
    for stage in build_target(name, sides, 2.1).stages:
        through, feature = adversarial_pairs(stage, norm)
        gap = SHARPNESS_AT_1_TO_2 if (stage.side_in, stage.side_out) == (1, 2) else ATTACK
        assert (1 - gap) * stage.lipschitz(norm).upper <= through.ratio
        assert through.ratio - through.rounding <= stage.lipschitz(norm).upper
        assert (1 - ATTACK) * stage.lipschitz_feature(norm).upper <= feature.ratio
        assert feature.ratio - feature.rounding <= stage.lipschitz_feature(norm).upper
        assert max(through.rounding, feature.rounding) < 1e-6


def jacobian(stage, x: torch.Tensor) -> torch.Tensor:
    out = stage(x)
    rows = torch.autograd.functional.jacobian(stage, x)
    return rows.reshape(out.numel(), x.numel())


@pytest.mark.parametrize("name", FEATURE_MAPS)
def test_jacobian_norms_never_exceed_the_constants(name):
    """At random points and at the steepest point found, in rms and in max, through torch's own Jacobian."""
    for stage in build_target(name, (2, 3, 4), 2.1).stages:
        points = [torch.randn(stage.side_in**2, 2, dtype=torch.float64) for _ in range(5)]
        for norm in ("rms", "max"):
            steepest = adversarial_pairs(stage, norm)[0]
            norms = [
                NORMS[norm].operator_norm(jacobian(stage, x)).upper for x in [*points, (steepest.a + steepest.b) / 2]
            ]
            declared = stage.lipschitz(norm).upper
            assert max(norms) <= declared * (1 + 1e-9)
            if name != "mcshane" or norm == "rms":  # a component of mcshane has row sum K, not its rms
                assert norms[-1] >= (1 - ATTACK) * declared


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("name", [n for n in FEATURE_MAPS if n in ("affine", "filter")])
def test_linear_targets_have_exactly_their_constant(name, norm):
    """Against the operator norm of the whole map's matrix, channels and tokens together."""
    for stage in build_target(name, (2, 3, 4, 5), 1.7).stages:
        matrix = jacobian(stage, torch.zeros(stage.side_in**2, 2, dtype=torch.float64))
        whole = NORMS[norm].operator_norm(matrix)
        declared = stage.lipschitz(norm)
        assert declared.kind == "exact"
        assert declared.lower * (1 - ROUNDING) <= whole.upper
        assert whole.lower <= declared.upper * (1 + ROUNDING)


def too_small(target: Target, factor: float, which: str) -> Target:
    """The same target with K_1 or L declared too small at every stage."""

    def fields_of(f: FeatureMap):
        return {"name": f.name, **{field.name: getattr(f, field.name) for field in dataclasses.fields(f)}}

    def shrink(feature_map: FeatureMap) -> FeatureMap:
        class Liar(type(feature_map)):  # type: ignore[misc]
            def lipschitz(self, norm, before=None):
                true = super().lipschitz(norm, before)
                lie = (before is None) == (which == "K_1")
                return Constant(true.lower * factor, true.upper * factor, true.kind) if lie else true

            def __eq__(self, other):  # only the declaration differs: searches of the true map serve for this one
                return fields_of(self) == fields_of(other)

            def __hash__(self):
                return hash(feature_map)

        Liar.name = feature_map.name
        return Liar(**{f.name: getattr(feature_map, f.name) for f in dataclasses.fields(feature_map)})

    stages = (dataclasses.replace(s, feature_map=shrink(s.feature_map)) for s in target.stages)
    return Target(tuple(stages))


@pytest.mark.parametrize("which", ["K_1", "L"])
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("sides", [IMAGE, WORD], ids=["image", "word"])
@pytest.mark.parametrize("name", FEATURE_MAPS)
def test_a_constant_declared_ten_percent_too_small_is_caught(name, sides, norm, which):
    """Control: at every depth by itself. The true constants pass."""
    target = build_target(name, sides, 2.1)
    check_constants(target, norm)
    liar = too_small(target, 0.9, which)
    for stage in liar.stages:
        with pytest.raises(SoundnessError, match=f"{name}, stage 1: {which}"):
            check_constants(Target((stage,)), norm)


@pytest.mark.parametrize("name", FEATURE_MAPS)
def test_forward_broadcasts_and_stages_do_not_depend_on_depth(name):
    deep, shallow = build_target(name, IMAGE, 2.1), build_target(name, IMAGE[:3], 2.1)
    x = torch.randn(3, 5, 4, 2, dtype=torch.float64)
    for a, b in zip(deep.trajectory(x), shallow.trajectory(x), strict=False):
        assert torch.equal(a, b)
    torch.testing.assert_close(deep(x)[1, 2], deep(x[1, 2]))
    assert torch.equal(deep.prefix(2)(x), shallow(x))


def test_formulas():
    """Each feature map against its formula, written out."""
    x = torch.randn(9, 2, dtype=torch.float64)
    formulas = {
        "sine": lambda f, b: torch.sin(2.1 * b @ f.inner + f.pattern) @ f.outer,
        "affine": lambda f, b: 2.1 * b @ f.inner + f.pattern,
        "fold": lambda f, b: 2.1 * (b + f.pattern).abs() @ f.inner,
        "mix": lambda f, b: torch.sin(2.1 * (b - 2 * b.mean(0)) @ f.inner + f.pattern) @ f.outer,
    }
    for name, formula in formulas.items():
        f = build_target(name, (2, 3), 2.1, options={"blur": 0.5}).stages[0].feature_map
        torch.testing.assert_close(f(x), formula(f, f.tokens @ x))
    f = build_target("mcshane", (2, 3), 2.1).stages[0].feature_map
    values = torch.stack([f.values[i] + 2.1 * (x - f.places[i]).abs().mean() for i in range(f.anchors)])
    torch.testing.assert_close(f(x), values.amin(dim=0))


def test_filter_is_an_orthogonal_circular_convolution():
    f = build_target("filter", (2, 5), 2.1).stages[0].feature_map
    torch.testing.assert_close(f.tokens @ f.tokens.T, torch.eye(25, dtype=torch.float64))
    x = torch.randn(5, 5, 2, dtype=torch.float64)
    product = torch.fft.fft2(x, dim=(0, 1)) * torch.fft.fft2(f.impulse)[..., None]
    expected = 2.1 * torch.fft.ifft2(product, dim=(0, 1)).real
    torch.testing.assert_close(f(x.reshape(25, 2)).reshape(5, 5, 2), expected)


def test_mix_reflects_over_tokens():
    """rms norm 1, max norm 3 − 4/n."""
    f = build_target("mix", (2, 3), 1.0).stages[0].feature_map
    reflection = f.reflected(torch.eye(9, dtype=torch.float64))
    torch.testing.assert_close(reflection @ reflection, torch.eye(9, dtype=torch.float64))
    assert NORMS["max"].operator_norm(reflection).upper == pytest.approx(3 - 4 / 9, rel=ROUNDING)


def test_blur_has_norm_one():
    f = build_target("fold", (2, 4), 1.5, options={"blur": 1.0}).stages[0].feature_map
    assert f.lipschitz("rms").upper == pytest.approx(1.5, rel=ROUNDING)
    x = torch.randn(200, 16, 2, dtype=torch.float64)
    assert float((NORMS["rms"](f.blurred(x)) / NORMS["rms"](x)).max()) < 1


def test_a_map_without_a_known_constant_says_so():
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class OnlyRms(FeatureMap):
        known_norms: ClassVar[tuple] = ("rms",)

        def __call__(self, x):
            return self.K * x

        def constant(self, norm, before):
            return norm.operator_norm(before) * self.K

    OnlyRms.name = "only_rms"
    f = OnlyRms(K=2.0, stage=1, side=2, channels=2)
    assert f.lipschitz("rms") == Constant(2.0, 2.0)
    with pytest.raises(UnknownConstantError, match="only_rms has no known Lipschitz constant in the max norm: use rms"):
        f.lipschitz("max")


def test_bad_names_and_options():
    with pytest.raises(
        ValueError, match=r"unknown target .sinus. \(did you mean sine\?\): choose one of affine, filter"
    ):
        build_target("sinus", (2, 3), 2.0)
    with pytest.raises(ValueError, match="target sine has no option colour: it has blur, pattern_rms"):
        build_target("sine", (2, 3), 2.0, options={"colour": 1})
    with pytest.raises(ValueError, match="above 0"):
        build_target("sine", (2, 3), -1.0)
    assert target_options("sine") == {"smoothness": 2.0, "pattern_rms": 0.7, "blur": 0.0}
    with pytest.raises(ValueError, match=r"no option seed.*target_seed"):
        build_target("sine", (2, 3), 2.0, options={"seed": 1})
    with pytest.raises(ValueError, match="unknown scale_map 'dcd'"):
        build_target("sine", (2, 3), 2.0, scale_map="dcd")


def test_seeds_draw_other_targets():
    x = torch.randn(4, 2, dtype=torch.float64)
    one, two = (build_target("sine", (2, 3), 2.0, seed=s)(x) for s in (0, 1))
    assert not torch.allclose(one, two)


def test_a_constant_is_computed_once_for_a_stage_and_a_norm():
    asked = []

    class Counting(FEATURE_MAPS["affine"]):
        def constant(self, norm, before):
            asked.append((norm.name, len(before)))
            return super().constant(norm, before)

    stage = dataclasses.replace(
        build_target("affine", (2, 3), 2.0).stages[0], feature_map=Counting(K=2.0, stage=1, side=3, channels=2)
    )
    for _ in range(3):
        assert stage.lipschitz("rms") != stage.lipschitz("max")
        assert stage.lipschitz_feature("rms") == build_target("affine", (2, 3), 2.0).stages[0].lipschitz_feature("rms")
    assert len(asked) == 3
