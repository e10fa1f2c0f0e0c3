"""maps/domains: orthonormality, even spread, projection, diameters that are attained."""

import math

import pytest
import torch
from tolerances import ROUNDING, SAMPLING

from varexp.maps.domains import DOMAINS, Ball, Curve, Disc, parse_domain
from varexp.maps.norms import NORMS


def made(kind, side):
    """A domain, or none where the kind has not got this side."""
    try:
        return [kind(side)]
    except ValueError:
        return []


ALL = [domain for kind in DOMAINS.values() for side in (1, 2, 4) for domain in made(kind, side)]


@pytest.mark.parametrize("domain", ALL, ids=str)
def test_basis_is_rms_orthonormal(domain):
    basis = domain.basis.flatten(1)
    torch.testing.assert_close(basis @ basis.T / basis.shape[1], torch.eye(len(basis), dtype=torch.float64))


@pytest.mark.parametrize("domain", ALL, ids=str)
@pytest.mark.parametrize("norm", NORMS)
def test_diameter_is_attained_and_not_exceeded(domain, norm):
    points = domain.points(domain.sample(512))
    distances = NORMS[norm](points[:, None] - points[None, :])
    assert float(distances.max()) <= domain.diameter(norm) * (1 + ROUNDING)
    if domain.kind != "ball":  # 512 points of a ball of many parameters stay inside
        sharp = norm in ("rms", "max", "frobenius")  # another norm has the bound of every norm of absolute values
        assert float(distances.max()) >= domain.diameter(norm) * (0.9 if sharp else 0.3)


@pytest.mark.parametrize("domain", ALL, ids=str)
def test_words_lie_in_the_domain(domain):
    rms = NORMS["rms"](domain.points(domain.sample(300)))
    assert float(rms.max()) <= domain.radius * (1 + ROUNDING)
    if domain.kind == "curve":
        assert float(rms.min()) >= 1 - ROUNDING


@pytest.mark.parametrize("domain", ALL, ids=str)
def test_projection(domain):
    theta = 5 * torch.randn(100, domain.parameters, dtype=torch.float64)
    inside = domain.project(theta)
    torch.testing.assert_close(domain.project(inside), inside, rtol=ROUNDING, atol=0)
    assert float(NORMS["rms"](domain.points(inside)).max()) <= domain.radius * (1 + ROUNDING)
    if domain.kind == "curve":
        torch.testing.assert_close(domain.points(inside), domain.points(theta))
    else:  # nearest: no point of the domain is nearer
        others = domain.sample(200)
        nearest = (theta - inside).norm(dim=1)
        assert bool((nearest[:, None] <= (theta[:, None] - others).norm(dim=2) + ROUNDING).all())


@pytest.mark.parametrize("domain", ALL, ids=str)
def test_sample_and_grid_are_fixed_and_apart(domain):
    assert torch.equal(domain.sample(1024), domain.sample(1024))
    gaps = torch.cdist(domain.sample(1024), domain.grid(512))
    assert float(gaps.min()) > 0


@pytest.mark.parametrize("side", [1, 2, 4])
def test_sample_averages_are_the_uniform_measure(side):
    """Mean of |θ|²: 1/2 on a disc, m/(m+2) on a ball of m parameters; mean of cos² on the curve 1/2."""
    assert float(Disc(side).sample(4096).square().sum(1).mean()) == pytest.approx(0.5, abs=SAMPLING)
    ball = Ball(side)
    expected = ball.parameters / (ball.parameters + 2)
    assert float(ball.sample(4096).square().sum(1).mean()) == pytest.approx(expected, abs=SAMPLING)
    assert float(Curve(side).sample(64).cos().square().mean()) == pytest.approx(0.5, abs=ROUNDING)


def test_curve_is_a_circle():
    domain = Curve(2)
    theta = torch.tensor([[0.3]], dtype=torch.float64)
    expected = math.cos(0.3) * domain.basis[0] + math.sin(0.3) * domain.basis[1]
    torch.testing.assert_close(domain.points(theta)[0], expected)


def test_names():
    assert str(parse_domain("ball-4")) == "ball-4"
    with pytest.raises(ValueError, match="unknown domain 'line': choose one of curve, disc, ball"):
        parse_domain("line-2")
    with pytest.raises(ValueError, match="a kind and a side"):
        parse_domain("curve")
    with pytest.raises(ValueError, match="use 2 channels or side 2"):
        Curve(1, channels=1)
    with pytest.raises(ValueError, match="from 1 up"):
        Ball(0)


@pytest.mark.parametrize("domain", ALL, ids=str)
def test_the_cover_holds_every_word(domain):
    """Every parameter is in a cell, within `cell_radius` of its middle; with half the radius some is not."""
    middles, half = domain.cover()
    theta = domain.sample(500)
    edge = domain.project(100 * theta) if domain.kind != "curve" else theta
    for points in (theta, edge):
        away = points[:, None] - middles
        inside = away.abs().amax(dim=2) <= half * (1 + ROUNDING)
        assert bool(inside.any(dim=1).all())
        assert float(away.norm(dim=2)[inside].max()) <= domain.cell_radius(half) * (1 + ROUNDING)
    assert float(away.norm(dim=2).amin(dim=1).max()) > domain.cell_radius(half) / 2


@pytest.mark.parametrize("domain", ALL, ids=str)
def test_the_chart_is_onto(domain):
    """Every word is the chart's image of coordinates in the box: near each sampled word lies one of a fine grid."""
    if domain.parameters > 3:
        return
    low, high = (torch.tensor(ends, dtype=torch.float64) for ends in domain.box)
    count = {1: 4000, 2: 200, 3: 60}[domain.parameters]
    axes = [torch.linspace(a, b, count, dtype=torch.float64) for a, b in zip(low, high, strict=True)]
    images = domain.points(domain.chart(torch.cartesian_prod(*axes).reshape(-1, len(axes)))).flatten(1)
    words = domain.points(domain.sample(40)).flatten(1)
    spacing = float((high - low).max()) / count
    assert float(torch.cdist(words, images).amin(dim=1).max()) <= 2 * spacing * words.shape[1] ** 0.5
    assert len(domain.first_cells) == domain.parameters


def test_domains_of_equal_settings_are_equal():
    assert Curve(2) == Curve(2) != Curve(3)
    assert len({Curve(2), Curve(2), Disc(2), Ball(2)}) == 3
