"""measurement/attack.py: ascent finds known maxima that samples miss, and never returns less than it began with."""

import math

import pytest
import torch
from tolerances import ROUNDING

from varexp.maps.norms import NORMS
from varexp.measurement.attack import ascend, secant_ratio, steepest_pair


def test_ascent_reaches_a_smooth_maximum():
    start = torch.linspace(0, 6, 16, dtype=torch.float64)[:, None]
    best = ascend(lambda t: (3 * t[..., 0]).sin(), start, lambda t: t, 0.1, 40)
    assert float((3 * best[:, 0]).sin().min()) == pytest.approx(1, abs=1e-9)


def test_ascent_finds_a_spike_between_samples():
    """A bump of width 1e-3 on a slope that leads to it: the best of 512 samples is far below."""
    peak = 0.123456

    def f(t):
        d = (t[..., 0] - peak).abs()
        return 1 / (1 + d / 1e-3)

    sample = (torch.arange(512, dtype=torch.float64)[:, None] + 0.5) / 512
    top = float(f(sample).max())
    best = ascend(f, sample[f(sample).argmax()][None], lambda t: t, 1 / 512, 60)
    assert top < 0.8
    assert float(f(best)) == pytest.approx(1, abs=1e-6)


def test_ascent_keeps_to_its_domain_and_never_loses():
    start = torch.randn(64, 2, dtype=torch.float64) * 0.3

    def f(t):
        return t[..., 0] + 0.5 * t[..., 1].abs()

    def project(t):
        return t / t.norm(dim=-1, keepdim=True).clamp_min(1)

    best = ascend(f, start, project, 0.2, 60)
    assert bool((f(best) >= f(start)).all())
    assert float(best.norm(dim=1).max()) <= 1 + ROUNDING
    assert float(f(best).max()) == pytest.approx(math.hypot(1, 0.5), abs=1e-4)


def test_ascent_from_a_point_without_gradient():
    best = ascend(lambda t: t.norm(dim=-1) * 0, torch.zeros(4, 2), lambda t: t, 0.1, 3)
    assert torch.equal(best, torch.zeros(4, 2))


@pytest.mark.parametrize("norm", NORMS)
def test_steepest_pair_of_a_linear_map_has_its_norm(norm):
    matrix = torch.randn(7, 5, dtype=torch.float64)
    exact = {
        "max": float(matrix.abs().sum(dim=1).max()),
        "frobenius": float(torch.linalg.matrix_norm(matrix, 2)),
        "rms": float(torch.linalg.matrix_norm(matrix, 2)) * math.sqrt(5 / 7),
    }[norm]
    pair = steepest_pair(lambda x: matrix @ x, 5, 2, NORMS[norm])
    assert pair.ratio == pytest.approx(exact, rel=1e-6)
    assert pair.ratio == pytest.approx(float(secant_ratio(lambda x: matrix @ x, pair.a, pair.b, NORMS[norm])), rel=1e-9)


def test_steepest_pair_finds_where_a_nonlinear_map_is_steep():
    """tanh(4x − 3) has slope 4 at x = 3/4 only."""
    pair = steepest_pair(lambda x: torch.tanh(4 * x - 3), 3, 1, NORMS["max"])
    assert pair.ratio == pytest.approx(4, rel=1e-3)
