"""measurement/soundness.py: theorems pass on trained and random models, planted falsehoods raise."""

import pytest
import torch
from small import CONFIG, problem, trained
from tolerances import ROUNDING

from varexp.families.chain import new_stage
from varexp.maps.norms import NORMS
from varexp.maps.targets import FEATURE_MAPS, Target, TargetStage
from varexp.maps.targets.affine import Affine
from varexp.measurement.attack import RELATIVE
from varexp.measurement.measure import Measurement, measure
from varexp.measurement.soundness import SoundnessError, check_constants, check_trace, pointwise_bound, tolerances
from varexp.measurement.trace import Trace, trace, tracers
from varexp.models.chain import Chain
from varexp.theory import telescoped


def random_chain(p):
    return Chain([new_stage(p, i, CONFIG).double().requires_grad_(False) for i in range(len(p.target.stages))])


@pytest.mark.parametrize("domain", ["curve-2", "disc-2", "ball-2", "curve-1"])
@pytest.mark.parametrize("target", FEATURE_MAPS)
def test_random_models_pass(target, domain):
    """Every inequality is a theorem for any weights, in every norm that has constants."""
    p = problem(target, "keys", sides=(int(domain[-1]), 3, 4), domain=domain)
    for norm in ("rms", "max"):
        found = measure([random_chain(p)], p.target, p.domain, Measurement(norm=norm, ascent_steps=2))[0]
        assert found[-1].error.lower <= found[-1].bound_pointwise * (1 + 1e-9)


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
