"""maps/norms.py: hand values, relations between norms, duality of the steepest direction."""

import pytest
import torch
from tolerances import ROUNDING

from varexp.maps.norms import NORMS, check_norm, merged_norm, steepest, token_norm


def test_hand_values():
    x = torch.tensor([[3.0, -4.0]], dtype=torch.float64)
    assert float(token_norm(x, "max")) == 4
    assert float(token_norm(x, "frobenius")) == 5
    assert float(token_norm(x, "rms")) == pytest.approx(5 / 2**0.5, rel=ROUNDING)


def test_order_and_scaling():
    x = torch.randn(50, 9, 2, dtype=torch.float64)
    assert bool((token_norm(x, "rms") <= token_norm(x, "max")).all())
    torch.testing.assert_close(token_norm(x, "frobenius"), token_norm(x, "rms") * 18**0.5)
    torch.testing.assert_close(token_norm(x, "frobenius"), torch.linalg.matrix_norm(x))
    torch.testing.assert_close(token_norm(torch.full((3, 7, 2), -2.5), "rms"), torch.full((3,), 2.5))


@pytest.mark.parametrize("norm", NORMS)
def test_steepest_is_the_dual_direction(norm):
    """It has norm 1, and no random direction of norm 1 makes the functional grow faster."""
    gradient = torch.randn(4, 2, dtype=torch.float64)
    direction = steepest(gradient, norm)
    assert float(token_norm(direction, norm)) == pytest.approx(1, rel=ROUNDING)
    others = torch.randn(5000, 4, 2, dtype=torch.float64)
    others = others / token_norm(others, norm)[:, None, None]
    assert float((gradient * direction).sum()) >= float((gradient * others).sum(dim=(1, 2)).max())
    assert torch.equal(steepest(torch.zeros(4, 2), norm), torch.zeros(4, 2))


def test_unknown_norm():
    with pytest.raises(ValueError, match="unknown norm 'l2': choose one of rms, max, frobenius"):
        check_norm("l2")


@pytest.mark.parametrize("norm", NORMS)
def test_a_merged_map_has_the_norm_that_its_parts_say(norm):
    parts = [torch.randn(5, n, 2, dtype=torch.float64) for n in (1, 4, 9)]
    norms = torch.stack([token_norm(part, norm) for part in parts], dim=-1)
    expected = torch.stack([token_norm(torch.cat(parts[:k], dim=1), norm) for k in (1, 2, 3)], dim=-1)
    torch.testing.assert_close(merged_norm(norms, [1, 4, 9], norm), expected, atol=0, rtol=ROUNDING)
