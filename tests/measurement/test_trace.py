"""measurement/trace.py: every field against its definition, structural zeros, points that do not interfere."""

import pytest
import torch
from small import problem, trained
from tolerances import ROUNDING

from varexp.maps.norms import NORMS
from varexp.measurement.trace import Trace, trace, tracers


@pytest.mark.parametrize("norm", NORMS)
def test_fields_are_their_definitions(norm):
    p, chain = problem("fold", "keys"), trained("fold", "keys").model
    theta = p.domain.sample(16)
    found = trace(tracers([chain], p.target, p.domain, NORMS[norm], 2), theta)
    t = y = p.domain.points(theta)
    for i, (model, target) in enumerate(zip(chain.stages, p.target.stages, strict=True)):
        g, f = target.scale_map, target.feature_map
        u = model.interpolation @ t
        y_next, t_next = f(g @ y), model.block(u)
        expected = Trace(
            eps_interpolation=NORMS[norm](g @ t - u),
            eps_block=NORMS[norm](f(u) - t_next),
            local_error=NORMS[norm](f(g @ t) - t_next),
            error=NORMS[norm](t_next - y_next),
            propagated=NORMS[norm](f(g @ t) - f(g @ y)),
            replaced=NORMS[norm](f(g @ t) - f(u)),
            magnitude=NORMS[norm](t_next) + NORMS[norm](y_next),
        )
        for name in Trace._fields:
            torch.testing.assert_close(
                getattr(found, name)[1, :, i], getattr(expected, name), atol=ROUNDING, rtol=1e-9, msg=name
            )
        t, y = t_next, y_next
    torch.testing.assert_close(
        NORMS[norm](chain(p.domain.points(theta)) - p.target(p.domain.points(theta))), found.error[0, :, -1]
    )


def test_the_same_matrix_is_an_exact_zero():
    p, chain = problem("sine", "dct"), trained("sine", "dct").model
    found = trace(tracers([chain], p.target, p.domain, NORMS["rms"], 2), p.domain.sample(32))
    assert float(found.eps_interpolation.abs().max()) == 0.0
    assert float(trace_of_keys().eps_interpolation.min()) > 0


def trace_of_keys():
    p = problem("sine", "keys")
    return trace(tracers([trained("sine", "keys").model], p.target, p.domain, NORMS["rms"], 2), p.domain.sample(32))


def test_points_and_depths_do_not_interfere():
    p, chain = problem("mix", "keys"), trained("mix", "keys").model
    theta = p.domain.sample(256)
    deep = trace(tracers([chain], p.target, p.domain, NORMS["rms"], 2), theta)
    shallow = trace(tracers([chain], p.target, p.domain, NORMS["rms"], 1), theta)
    own = trace(tracers([chain], p.target, p.domain, NORMS["rms"], 2), theta.expand(2, -1, -1))
    assert torch.equal(deep.error[..., :1], shallow.error)
    torch.testing.assert_close(own.error, deep.error, rtol=1e-9, atol=ROUNDING)
