"""maps/norms: hand values, relations between norms, duality of the steepest direction."""

import pytest
import torch
from tolerances import ROUNDING

from varexp.maps.domains import Curve
from varexp.maps.norms import NORMS, find_norm


def test_hand_values():
    x = torch.tensor([[3.0, -4.0]], dtype=torch.float64)
    assert float(NORMS["max"](x)) == 4
    assert float(NORMS["frobenius"](x)) == 5
    assert float(NORMS["rms"](x)) == pytest.approx(5 / 2**0.5, rel=ROUNDING)


def test_order_and_scaling():
    x = torch.randn(50, 9, 2, dtype=torch.float64)
    assert bool((NORMS["rms"](x) <= NORMS["max"](x)).all())
    torch.testing.assert_close(NORMS["frobenius"](x), NORMS["rms"](x) * 18**0.5)
    torch.testing.assert_close(NORMS["frobenius"](x), torch.linalg.matrix_norm(x))
    torch.testing.assert_close(NORMS["rms"](torch.full((3, 7, 2), -2.5)), torch.full((3,), 2.5))


@pytest.mark.parametrize("norm", NORMS)
def test_steepest_is_the_dual_direction(norm):
    """It has norm 1, and no random direction of norm 1 makes the functional grow faster."""
    gradient = torch.randn(4, 2, dtype=torch.float64)
    direction = NORMS[norm].steepest(gradient)
    assert float(NORMS[norm](direction)) == pytest.approx(1, rel=ROUNDING)
    others = torch.randn(5000, 4, 2, dtype=torch.float64)
    others = others / NORMS[norm](others)[:, None, None]
    assert float((gradient * direction).sum()) >= float((gradient * others).sum(dim=(1, 2)).max())
    assert torch.equal(NORMS[norm].steepest(torch.zeros(4, 2)), torch.zeros(4, 2))


def test_unknown_norm():
    with pytest.raises(ValueError, match="unknown norm 'l2': choose one of rms, max, frobenius"):
        find_norm("l2")


@pytest.mark.parametrize("norm", NORMS)
def test_a_merged_map_has_the_norm_that_its_parts_say(norm):
    parts = [torch.randn(5, n, 2, dtype=torch.float64) for n in (1, 4, 9)]
    norms = torch.stack([NORMS[norm](part) for part in parts], dim=-1)
    expected = torch.stack([NORMS[norm](torch.cat(parts[:k], dim=1)) for k in (1, 2, 3)], dim=-1)
    torch.testing.assert_close(NORMS[norm].merged(norms, [1, 4, 9]), expected, atol=0, rtol=ROUNDING)


@pytest.mark.parametrize("norm", NORMS.values(), ids=str)
def test_it_is_a_norm_of_absolute_values_that_grows_with_each(norm):
    x, y = torch.randn(2, 200, 4, 2, dtype=torch.float64)
    assert bool((norm(x + y) <= (norm(x) + norm(y)) * (1 + ROUNDING)).all())
    torch.testing.assert_close(norm(-3 * x.abs()), 3 * norm(x), atol=0, rtol=ROUNDING)
    assert bool((norm(x.abs() + y.abs()) >= norm(x)).all())


@pytest.mark.parametrize("norm", NORMS.values(), ids=str)
def test_operator_norms_are_multiplicative_and_bound_every_stretch(norm):
    tokens, channels = torch.randn(9, 4, dtype=torch.float64), torch.randn(3, 3, dtype=torch.float64)
    x = torch.randn(500, 4, 3, dtype=torch.float64)
    product = norm.operator_norm(tokens) * norm.of_channels(channels)
    assert float((norm(tokens @ x @ channels) / norm(x)).max()) <= product.upper
    whole = norm.operator_norm(torch.kron(tokens, channels.T.contiguous()))
    assert whole.upper == pytest.approx(product.upper, rel=ROUNDING)
    assert whole.upper != pytest.approx(1.01 * product.upper, rel=ROUNDING)  # the control


@pytest.mark.parametrize("norm", NORMS.values(), ids=str)
def test_a_sandwich_is_bounded_for_every_diagonal(norm):
    inner, outer = torch.randn(2, 3, 3, dtype=torch.float64)
    x, slopes = torch.randn(300, 4, 3, dtype=torch.float64), 2 * torch.rand(300, 1, 3, dtype=torch.float64) - 1
    ratios = norm(((x @ inner) * slopes) @ outer) / norm(x)
    assert float(ratios.max()) <= norm.sandwich(inner, outer).upper


@pytest.mark.parametrize("norm", NORMS.values(), ids=str)
def test_no_smaller_ball_encloses_the_images(norm):
    """Of two opposite points the smallest ball has half their distance; its centre is halfway."""
    point = torch.randn(4, 2, dtype=torch.float64)
    centre, radius = norm.enclosing_ball(torch.stack([point, -point]))
    assert radius == pytest.approx(float(norm(point)), rel=1e-6)
    assert float(norm(centre)) <= 1e-6
    images = torch.randn(300, 4, 2, dtype=torch.float64)
    centre, radius = norm.enclosing_ball(images)
    assert radius <= float(norm(images - centre).max()) * (1 + ROUNDING)


@pytest.mark.parametrize("norm", NORMS.values(), ids=str)
def test_the_span_of_orthonormal_maps_stays_in_its_radius(norm):
    basis = Curve(3).basis
    coefficients = torch.randn(500, 2, dtype=torch.float64)
    coefficients /= coefficients.norm(dim=1, keepdim=True)
    sizes = norm(torch.einsum("ck,ktd->ctd", coefficients, basis))
    assert 0.5 * norm.span_radius(basis) <= float(sizes.max()) <= norm.span_radius(basis) * (1 + ROUNDING)
