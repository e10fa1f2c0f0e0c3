"""calculations/interpolation: ε_1 by hand, orders against theory and against sampling, and a kernel that is shifted."""

import math

import pytest
import torch

from varexp.calculations import CALCULATIONS
from varexp.calculations.interpolation import cosines, eps_interpolation, exact_order
from varexp.maps.interpolation import KERNELS, image_matrix, resample, resize_matrix

ORDERS = {"nearest": 1, "bilinear": 2, "keys": 3, "keys75": 1, "bspline": 2, "mitchell": 2, "area": 1}


@pytest.mark.parametrize("kernel", ORDERS)
def test_orders_are_those_of_the_literature(kernel):
    """Keys (1981) for keys, Strang and Fix for the others; PyTorch's a = -3/4 does not reproduce straight lines."""
    assert exact_order("sampled", kernel) == ORDERS[kernel]


def test_means_over_pixels_cost_keys_its_third_order():
    assert exact_order("averaged", "keys") == 2


def test_the_control_a_literal_definition_loses_the_order():
    assert exact_order("sampled", "literal_keys") == exact_order("sampled", "literal_bspline") == 1


def test_nearest_by_hand():
    """One cosine, two pixels: values ±cos(π/4)·√2 = ±1 against √2·cos(π/8) and √2·cos(3π/8), on both axes alike."""
    found = eps_interpolation("sampled", "nearest", 2, 2, 0)
    outer, inner = 1 - math.sqrt(2) * math.cos(math.pi / 8), 1 - math.sqrt(2) * math.cos(3 * math.pi / 8)
    one_axis = math.sqrt((outer**2 + inner**2) / 2)
    assert found.upper >= one_axis * (1 - 1e-12)
    truth = cosines("sampled", 4, 2)
    made = resize_matrix("nearest", 2, 4) @ cosines("sampled", 2, 2)
    columns = [
        torch.outer(made[:, k], made[:, j]) - torch.outer(truth[:, k], truth[:, j]) for k in (0, 1) for j in (0, 1)
    ]
    matrix = torch.stack([column.flatten() for column in columns], dim=1) / 4
    assert found.lower <= float(torch.linalg.matrix_norm(matrix, 2)) <= found.upper


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("images", ["sampled", "averaged"])
def test_no_image_is_interpolated_worse(kernel, images):
    size, source = 8, torch.Generator().manual_seed(0)
    found = eps_interpolation(images, kernel, size, 3, 0)
    weights = torch.randn(300, 9, dtype=torch.float64, generator=source)
    weights /= weights.norm(dim=1, keepdim=True)
    before, after = (torch.kron(cosines(images, s, 3), cosines(images, s, 3)) for s in (size, 2 * size))
    made = resample((weights @ before.T)[..., None], image_matrix(resize_matrix(kernel, size, 2 * size)))[..., 0]
    errors = (made - weights @ after.T).square().mean(dim=1).sqrt()
    assert float(errors.max()) <= found.upper
    assert found.upper <= found.lower * (1 + 1e-6) or found.upper < 1e-9


def test_means_over_pixels_are_integrals():
    """The mean of √2·cos(πx) over the first of four pixels, by its antiderivative."""
    assert float(cosines("averaged", 4, 2)[0, 1]) == pytest.approx(math.sqrt(2) * math.sin(math.pi / 4) / math.pi * 4)


def test_slopes_inside_are_the_exact_orders():
    rows = list(CALCULATIONS["interpolation"](kernel=["nearest", "bilinear", "keys"], size=[32, 64]).rows())
    inside = [row for row in rows if row["part"] == "inner" and row["order"] is not None]
    assert len(inside) == 6
    for row in inside:
        assert row["order"] == pytest.approx(row["order_exact"], abs=0.06)


def test_too_small_images_are_refused():
    with pytest.raises(ValueError, match="size"):
        list(CALCULATIONS["interpolation"](size=[2], modes=3).rows())
