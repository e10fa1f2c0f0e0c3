"""maps/domain.py: orthonormality, even spread, projection, diameters that are attained."""

import math

import pytest
import torch
from tolerances import ROUNDING, SAMPLING

from varexp.maps.domain import KINDS, Domain
from varexp.maps.norms import NORMS, token_norm

DOMAINS = [Domain(kind, side) for kind in KINDS for side in (1, 2, 4)]


@pytest.mark.parametrize("domain", DOMAINS, ids=str)
def test_basis_is_rms_orthonormal(domain):
    basis = domain.basis.flatten(1)
    torch.testing.assert_close(basis @ basis.T / basis.shape[1], torch.eye(len(basis), dtype=torch.float64))


@pytest.mark.parametrize("domain", DOMAINS, ids=str)
@pytest.mark.parametrize("norm", NORMS)
def test_diameter_is_attained_and_not_exceeded(domain, norm):
    points = domain.points(domain.sample(512))
    distances = token_norm(points[:, None] - points[None, :], norm)
    assert float(distances.max()) <= domain.diameter(norm) * (1 + ROUNDING)
    if domain.kind != "ball":  # 512 points of a ball of many parameters stay inside
        assert float(distances.max()) >= domain.diameter(norm) * 0.9


@pytest.mark.parametrize("domain", DOMAINS, ids=str)
def test_words_lie_in_the_domain(domain):
    rms = token_norm(domain.points(domain.sample(300)), "rms")
    assert float(rms.max()) <= 1 + ROUNDING
    if domain.kind == "curve":
        assert float(rms.min()) >= 1 - ROUNDING


@pytest.mark.parametrize("domain", DOMAINS, ids=str)
def test_projection(domain):
    theta = 5 * torch.randn(100, domain.parameters, dtype=torch.float64)
    inside = domain.project(theta)
    torch.testing.assert_close(domain.project(inside), inside, rtol=ROUNDING, atol=0)
    assert float(token_norm(domain.points(inside), "rms").max()) <= 1 + ROUNDING
    if domain.kind == "curve":
        torch.testing.assert_close(domain.points(inside), domain.points(theta))
    else:  # nearest: no point of the domain is nearer
        others = domain.sample(200)
        nearest = (theta - inside).norm(dim=1)
        assert bool((nearest[:, None] <= (theta[:, None] - others).norm(dim=2) + ROUNDING).all())


@pytest.mark.parametrize("domain", DOMAINS, ids=str)
def test_sample_and_grid_are_fixed_and_apart(domain):
    assert torch.equal(domain.sample(1024), domain.sample(1024))
    gaps = torch.cdist(domain.sample(1024), domain.grid(512))
    assert float(gaps.min()) > 0


@pytest.mark.parametrize("side", [1, 2, 4])
def test_sample_averages_are_the_uniform_measure(side):
    """Mean of |θ|²: 1/2 on a disc, m/(m+2) on a ball of m parameters; mean of cos² on the curve 1/2."""
    assert float(Domain("disc", side).sample(4096).square().sum(1).mean()) == pytest.approx(0.5, abs=SAMPLING)
    ball = Domain("ball", side)
    expected = ball.parameters / (ball.parameters + 2)
    assert float(ball.sample(4096).square().sum(1).mean()) == pytest.approx(expected, abs=SAMPLING)
    assert float(Domain("curve", side).sample(64).cos().square().mean()) == pytest.approx(0.5, abs=ROUNDING)


def test_curve_is_a_circle():
    domain = Domain("curve", 2)
    theta = torch.tensor([[0.3]], dtype=torch.float64)
    expected = math.cos(0.3) * domain.basis[0] + math.sin(0.3) * domain.basis[1]
    torch.testing.assert_close(domain.points(theta)[0], expected)


def test_names():
    assert str(Domain.parse("ball-4")) == "ball-4"
    with pytest.raises(ValueError, match="unknown domain 'line': choose one of curve, disc, ball"):
        Domain.parse("line-2")
    with pytest.raises(ValueError, match="kind-side"):
        Domain.parse("curve")
    with pytest.raises(ValueError, match="use 2 channels or side 2"):
        Domain("curve", 1, channels=1)
    with pytest.raises(ValueError, match="from 1 up"):
        Domain("ball", 0)
