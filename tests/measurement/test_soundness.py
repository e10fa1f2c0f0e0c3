"""measurement/soundness.py: theorems pass on trained and random models, planted falsehoods raise."""

import math

import pytest
import torch
from small import CONFIG, problem, trained
from tolerances import ROUNDING

from varexp.families.chain import new_stage
from varexp.maps.norms import NORMS
from varexp.maps.targets import FEATURE_MAPS, Target, TargetStage
from varexp.maps.targets.affine import Affine
from varexp.measurement import soundness
from varexp.measurement.attack import RELATIVE, Pair
from varexp.measurement.measure import Measurement, measure
from varexp.measurement.soundness import SoundnessError, check_constants, check_trace, pointwise_bound, tolerances
from varexp.measurement.trace import Trace, trace, tracers
from varexp.models.chain import Chain
from varexp.theory import telescoped


def random_chain(p):
    return Chain([new_stage(p, i, CONFIG).double().requires_grad_(False) for i in range(len(p.target.stages))])


def flawed(**changes):
    """A trace of one point and two stages that satisfies everything, but for what is changed."""
    base = {
        "eps_interpolation": [0.1, 0.1],
        "eps_block": [0.1, 0.1],
        "local_error": [0.3, 0.3],
        "error": [0.3, 0.9],
        "propagated": [0.0, 0.6],
        "replaced": [0.2, 0.2],
        "magnitude": [1.0, 1.0],
    }
    values = {**base, **changes}
    return Trace(**{k: torch.tensor([[v]], dtype=torch.float64) for k, v in values.items()})


def test_planted_falsehoods_raise():
    """Constants 2: each inequality, broken alone by 1e-9, raises and is named."""
    check_trace(flawed(), [2.0, 2.0], [2.0, 2.0])
    with pytest.raises(SoundnessError, match=r"L_i ‖t − y‖ fails at stage 2"):
        check_trace(flawed(propagated=[0.0, 0.6 + 1e-9]), [2.0, 2.0], [2.0, 2.0])
    with pytest.raises(SoundnessError, match="K_1i"):
        check_trace(flawed(replaced=[0.2 + 1e-9, 0.2]), [2.0, 2.0], [2.0, 2.0])
    with pytest.raises(SoundnessError, match="error <= Σ_j"):
        check_trace(flawed(error=[0.3, 0.9 + 1e-9]), [2.0, 2.0], [2.0, 2.0])
    with pytest.raises(SoundnessError, match="nan"):
        check_trace(flawed(local_error=[0.3, float("nan")]), [2.0, 2.0], [2.0, 2.0])


def test_what_rounding_may_be_off_by_is_allowed_and_no_more():
    """Constants 2 and magnitudes 1: 1e-12·(2·2 + 2) = 6e-12 at the second stage, 2e-12 at the first."""
    for changed, stage in (("propagated", 1), ("replaced", 0), ("replaced", 1), ("error", 1)):
        values = {"propagated": [0.0, 0.6], "replaced": [0.2, 0.2], "error": [0.3, 0.9]}[changed]
        allowed = [2e-12, 6e-12][stage]
        values[stage] += 0.9 * allowed
        check_trace(flawed(**{changed: values}), [2.0, 2.0], [2.0, 2.0])
        values[stage] += 0.2 * allowed
        with pytest.raises(SoundnessError, match=f"fails at stage {stage + 1}"):
            check_trace(flawed(**{changed: values}), [2.0, 2.0], [2.0, 2.0])


def test_nothing_is_equal_to_nothing():
    nothing = {key: [0.0, 0.0] for key in ("local_error", "error", "propagated", "replaced", "magnitude")}
    check_trace(flawed(**nothing), [2.0, 2.0], [2.0, 2.0])
    with pytest.raises(SoundnessError):
        check_trace(flawed(**(nothing | {"propagated": [0.0, 1e-300]})), [2.0, 2.0], [2.0, 2.0])


def test_blocks_that_see_more_than_the_features_are_not_bound_by_their_constant():
    trace = flawed(replaced=[0.2, 0.3])
    check_trace(trace, [2.0, 2.0], [2.0, 2.0], split=False)
    for given in ({}, {"split": True}):
        with pytest.raises(SoundnessError, match="K_1i"):
            check_trace(trace, [2.0, 2.0], [2.0, 2.0], **given)


@pytest.mark.parametrize("place", [0, 1])
def test_a_pair_contradicts_a_constant_if_it_stretches_by_more_than_rounding_explains(monkeypatch, place):
    target = problem("affine", "keys").target
    declared = [target.stages[0].lipschitz("rms").upper, target.stages[0].lipschitz_feature("rms").upper]

    def check(ratio, rounding):
        x = torch.zeros(4, 2, dtype=torch.float64)
        pairs = [Pair(x, x, 0.0, 0.0), Pair(x, x, 0.0, 0.0)]
        pairs[place] = Pair(x, x, ratio, rounding)
        monkeypatch.setattr(soundness, "adversarial_pairs", lambda stage, norm: tuple(pairs))
        check_constants(Target(target.stages[:1]), "rms")

    check(declared[place], 0.0)
    check(declared[place] + 2.0**-20, 2.0**-20)
    for ratio, rounding in ((math.nextafter(declared[place], 9), 0.0), (declared[place] + 2.0**-20, 2.0**-21)):
        with pytest.raises(SoundnessError, match=("L_i = ", "K_1i = ")[place]):
            check(ratio, rounding)


def test_a_tight_map_with_its_constant_declared_too_small_raises_on_its_trace():
    """On `affine` the trajectories alone show a constant 10 % too small."""
    p, chain = problem("affine", "keys"), trained("affine", "keys").model
    found = trace(tracers([chain], p.target, p.domain, NORMS["rms"], 2), p.domain.sample(128))
    check_trace(found, [1.5 + 1e-9] * 2, [1.5 + 1e-9] * 2)
    with pytest.raises(SoundnessError):
        check_trace(found, [1.35] * 2, [1.5 + 1e-9] * 2)
    with pytest.raises(SoundnessError):
        check_trace(found, [1.5 + 1e-9] * 2, [1.35] * 2)


def test_a_target_that_is_not_a_number_raises():
    class Undefined(Affine):
        def __call__(self, x):
            return super().__call__(x) * float("nan")

    f = Undefined(K=1.5, stage=1, side=2, channels=2)
    with pytest.raises(SoundnessError, match="stretches by nan"):
        check_constants(Target((TargetStage(2, 2, f),)), "rms")


def test_pointwise_bound_is_the_telescoped_sum_at_every_point():
    local = torch.rand(5, 4, dtype=torch.float64)
    constants = [1.5, 0.5, 2.0, 3.0]
    bound = pointwise_bound(local, constants)
    for point in range(5):
        for depth in range(1, 5):
            expected = telescoped(constants[:depth], local[point, :depth].tolist())
            assert float(bound[point, depth - 1]) == pytest.approx(expected, rel=ROUNDING)


def test_tolerance_is_the_amplified_size():
    size = torch.tensor([[1.0, 10.0, 100.0]], dtype=torch.float64)
    expected = RELATIVE * (2 * 3 * 5 * 1 + 3 * 5 * 10 + 5 * 100)
    assert float(tolerances(size, [2.0, 3.0, 5.0])[0, 2]) == pytest.approx(expected, rel=ROUNDING)


@pytest.mark.parametrize("domain", ["curve-2", "disc-2", "ball-2", "curve-1"])
@pytest.mark.parametrize("target", FEATURE_MAPS)
def test_random_models_pass(target, domain):
    """Every inequality is a theorem for any weights, in every norm that has constants."""
    p = problem(target, "keys", sides=(int(domain[-1]), 3, 4), domain=domain)
    for norm in ("rms", "max"):
        found = measure([random_chain(p)], p.target, p.domain, Measurement(norm=norm, ascent_steps=2))[0]
        assert found[-1].error.lower <= found[-1].bound_pointwise * (1 + 1e-9)
