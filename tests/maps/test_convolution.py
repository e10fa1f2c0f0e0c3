"""maps/convolution.py: B.6 by its indices and against torch, its matrix, its norm by the matrix and by FFT."""

import pytest
import torch
from tolerances import ROUNDING
from torch.nn import functional

from varexp.maps.convolution import convolution, convolution_matrix, convolution_norm, shifts
from varexp.maps.norms import NORMS


def circular_norm(kernels, side):
    """The largest singular value with circular padding: over the frequencies, of the channels' transfer matrix."""
    transfer = torch.fft.fft2(kernels, s=(side, side), dim=(1, 2))  # out frequencies frequencies in
    return float(torch.linalg.matrix_norm(transfer.permute(1, 2, 0, 3), ord=2).max())


def randn(*shape):
    return torch.randn(*shape, dtype=torch.float64)


def close(a, b):
    torch.testing.assert_close(a, b, atol=ROUNDING, rtol=ROUNDING)


def test_it_is_definition_b6():
    x, kernels = randn(4, 4, 2), randn(3, 3, 3, 2)
    expected = torch.zeros(4, 4, 3, dtype=torch.float64)
    for i in range(4):
        for j in range(4):
            for m in range(3):
                for n in range(3):
                    if 0 <= i + m - 1 < 4 and 0 <= j + n - 1 < 4:
                        expected[i, j] += kernels[:, m, n, :] @ x[i + m - 1, j + n - 1]
    close(convolution(x.flatten(0, 1), kernels), expected.flatten(0, 1))


@pytest.mark.parametrize("side", [1, 2, 6])
@pytest.mark.parametrize(("padding", "mode"), [("zero", "constant"), ("circular", "circular")])
def test_against_torch(padding, mode, side):
    x, kernels = randn(2, side**2, 3), randn(4, 3, 3, 3)
    images = functional.pad(x.mT.unflatten(-1, (side, side)), (1, 1, 1, 1), mode=mode)
    expected = functional.conv2d(images, kernels.permute(0, 3, 1, 2)).flatten(-2).mT
    close(convolution(x, kernels, padding), expected)


@pytest.mark.parametrize("padding", ["zero", "circular"])
@pytest.mark.parametrize("norm", NORMS)
def test_the_matrix_is_the_map_and_its_norm_is_attained(padding, norm):
    x, kernels = randn(5, 16, 2), randn(3, 3, 3, 2)
    matrix = convolution_matrix(kernels, 4, padding)
    close((x.flatten(1) @ matrix.mT).unflatten(1, (16, 3)), convolution(x, kernels, padding))
    constant = convolution_norm(kernels, 4, padding, norm)
    ratios = NORMS[norm](convolution(x, kernels, padding)) / NORMS[norm](x)
    assert float(ratios.max()) <= constant.upper
    row, singular = matrix[matrix.abs().sum(dim=1).argmax()].sign(), torch.linalg.svd(matrix).Vh[0]
    steepest = row if norm == "max" else singular
    direction = steepest.reshape(16, 2)
    ratio = float(NORMS[norm](convolution(direction, kernels, padding)) / NORMS[norm](direction))
    assert ratio == pytest.approx(constant.lower, rel=1e-9)
    assert constant.upper - constant.lower <= 1e-9 * constant.upper


@pytest.mark.parametrize("side", [3, 5, 8])
def test_circular_norms_agree_and_zero_padding_is_below(side):
    kernels = randn(3, 3, 3, 2)
    by_matrix = torch.linalg.matrix_norm(convolution_matrix(kernels, side, "circular"), ord=2)
    assert circular_norm(kernels, side) == pytest.approx(float(by_matrix), rel=ROUNDING)
    assert circular_norm(1.01 * kernels, side) != pytest.approx(float(by_matrix), rel=1e-3)  # the control
    zero = float(torch.linalg.matrix_norm(convolution_matrix(kernels, side, "zero"), ord=2))
    assert zero <= circular_norm(kernels, side + 1) * (1 + ROUNDING)  # maps with a border of zeros


def test_an_unknown_padding_is_refused():
    with pytest.raises(ValueError, match="unknown padding 'mirror': choose one of zero, circular"):
        shifts(4, "mirror")
