"""maps/interpolation.py over the registry: closed forms, properties, PyTorch, Pillow and SciPy."""

import math
from fractions import Fraction

import numpy as np
import pytest
import scipy.fft
import scipy.ndimage
import torch
from PIL import Image
from tolerances import FLOAT32, ROUNDING
from torch.nn import functional

from varexp.maps import interpolation
from varexp.maps.interpolation import (
    KERNELS,
    image_matrix,
    literal_matrix,
    operator_norm,
    resample,
    resize_matrix,
)
from varexp.maps.norms import NORMS

SIZES = [(1, 1), (1, 2), (2, 3), (3, 4), (4, 8), (5, 6), (6, 8), (8, 13), (4, 4), (8, 3), (6, 2), (7, 1)]
POLYNOMIAL = {
    "keys": interpolation.keys,
    "keys75": interpolation.keys75,
    "bspline": interpolation.bspline,
    "mitchell": interpolation.mitchell,
    "bilinear": interpolation.triangle,
}


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(("size_in", "size_out"), SIZES)
def test_shape_type_and_constants(kernel, size_in, size_out):
    matrix = resize_matrix(kernel, size_in, size_out)
    assert matrix.shape == (size_out, size_in)
    assert matrix.dtype == torch.float64
    assert matrix.sum(dim=1).tolist() == pytest.approx([1.0] * size_out, abs=ROUNDING)


@pytest.mark.parametrize("kernel", ["keys", "keys75", "bspline", "mitchell", "bilinear"])
def test_constants_are_reproduced_exactly(kernel):
    """In fractions the weights of every offset sum to 1, without rounding."""
    w = POLYNOMIAL[kernel]
    for u in (Fraction(k, 24) for k in range(24)):
        assert sum(w(u - tap) for tap in range(-2, 4)) == 1


@pytest.mark.parametrize("size", [2, 4, 8, 16])
@pytest.mark.parametrize(("kernel", "kept"), [("dct", True), ("area", True), ("keys", True), ("nearest", False)])
def test_what_halving_makes_of_the_mean(size, kernel, kept):
    """Equal sums of columns: the mean of the result is the mean of the map, whatever the map."""
    sums = resize_matrix(kernel, size, size // 2).sum(dim=0)
    assert torch.allclose(sums, torch.full((size,), 0.5, dtype=torch.float64), atol=ROUNDING) == kept


@pytest.mark.parametrize("kernel", KERNELS)
def test_in_class_means_no_negative_weight(kernel):
    lowest = min(float(resize_matrix(kernel, a, b).min()) for a, b in SIZES)
    assert lowest >= 0 if KERNELS[kernel].in_class else (lowest < 0 or kernel == "literal_keys")


def test_kernel_minima():
    """Outside [0, 1], so Def 3.1 excludes them: -2/27 at 4/3 for a = -1/2, -1/9 for a = -3/4."""
    for kernel, minimum in (("keys", Fraction(-2, 27)), ("keys75", Fraction(-1, 9))):
        w = POLYNOMIAL[kernel]
        assert w(Fraction(4, 3)) == minimum
        assert min(w(Fraction(k, 300)) for k in range(600)) == minimum


@pytest.mark.parametrize(("kernel", "value"), [("keys", 1.5625), ("keys75", 1.890625)])
def test_max_norm_at_offset_one_half(kernel, value):
    matrix = resize_matrix(kernel, 8, 5)  # output pixel 2 falls at 3.5
    row = matrix[2:3]
    assert operator_norm(row, "max") ** 2 == value
    assert operator_norm(image_matrix(row), "max") == value


def test_doubling_offsets():
    """Offsets 1/4 and 3/4 of a doubling: 1.6416 and 1.4102 in the interior (theory II(c))."""
    for kernel, value in (("keys75", 1.6416), ("keys", 1.4102)):
        assert operator_norm(resize_matrix(kernel, 8, 16), "max") ** 2 == pytest.approx(value, abs=5e-5)


def test_rms_norm_of_nearest():
    assert operator_norm(resize_matrix("nearest", 5, 6), "rms") == pytest.approx(math.sqrt(2 * 5 / 6), rel=ROUNDING)
    assert operator_norm(resize_matrix("nearest", 4, 8), "frobenius") == pytest.approx(math.sqrt(2), rel=ROUNDING)


@pytest.mark.parametrize(("size_in", "size_out"), SIZES)
def test_scale_map_has_norm_one(size_in, size_out):
    assert operator_norm(resize_matrix("dct", size_in, size_out), "rms") == pytest.approx(1, rel=ROUNDING)


@pytest.mark.parametrize(("pair", "value"), [((2, 3), 1.225), ((6, 8), 1.661)])
def test_scale_map_in_max(pair, value):
    assert operator_norm(resize_matrix("dct", *pair), "max") == pytest.approx(value, abs=1e-3)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize(("size_in", "size_out"), [(2, 3), (5, 6), (6, 4)])
def test_operator_norm_is_the_worst_stretch(kernel, norm, size_in, size_out):
    """Never exceeded by random maps, reached by the extremal one, multiplicative under ⊗."""
    u = resize_matrix(kernel, size_in, size_out)
    constant = operator_norm(u, norm) ** 2
    matrix = image_matrix(u)
    assert operator_norm(matrix, norm) == pytest.approx(constant, rel=ROUNDING)
    x = torch.randn(2000, size_in**2, 1, dtype=torch.float64)
    ratio = NORMS[norm](resample(x, matrix)) / NORMS[norm](x)
    assert float(ratio.max()) <= constant * (1 + ROUNDING)
    if norm == "max":
        extremal = matrix[matrix.abs().sum(dim=1).argmax()].sign()[:, None]
    else:
        extremal = torch.linalg.svd(matrix)[2][0][:, None]
    reached = NORMS[norm](resample(extremal, matrix)) / NORMS[norm](extremal)
    assert float(reached) == pytest.approx(constant, rel=ROUNDING)


@pytest.mark.parametrize(("size_in", "size_out"), SIZES)
@pytest.mark.parametrize(
    ("kernel", "mode"), [("nearest", "nearest-exact"), ("bilinear", "bilinear"), ("keys75", "bicubic")]
)
def test_against_torch(kernel, mode, size_in, size_out):
    image = torch.randn(1, 3, size_in, size_in, dtype=torch.float64)
    options = {} if mode == "nearest-exact" else {"align_corners": False, "antialias": False}
    expected = functional.interpolate(image, (size_out, size_out), mode=mode, **options)
    ours = image_matrix(resize_matrix(kernel, size_in, size_out)) @ image[0].flatten(1).T
    torch.testing.assert_close(ours.T.reshape(expected[0].shape), expected[0], atol=ROUNDING, rtol=0)


def test_area_against_torch():
    image = torch.randn(1, 1, 12, 12, dtype=torch.float64)
    expected = functional.interpolate(image, (4, 4), mode="area")
    ours = image_matrix(resize_matrix("area", 12, 4)) @ image.reshape(-1, 1)
    torch.testing.assert_close(ours.reshape(4, 4), expected[0, 0], atol=ROUNDING, rtol=0)


@pytest.mark.parametrize("size_out", [10, 13, 16])
def test_keys_against_pillow(size_out):
    """Pillow's bicubic is a = -1/2; it renormalises at the border, so the interior is compared."""
    row = np.random.default_rng(0).normal(size=(1, 10)).astype(np.float32)
    expected = np.asarray(Image.fromarray(row).resize((size_out, 1), Image.Resampling.BICUBIC))[0]
    ours = resize_matrix("keys", 10, size_out).numpy() @ row[0]
    interior = slice(4 * size_out // 10, -4 * size_out // 10)
    np.testing.assert_allclose(ours[interior], expected[interior], atol=FLOAT32)


@pytest.mark.parametrize("size_out", [10, 17])
def test_lanczos_against_pillow(size_out):
    row = np.random.default_rng(1).normal(size=(1, 10)).astype(np.float32)
    expected = np.asarray(Image.fromarray(row).resize((size_out, 1), Image.Resampling.LANCZOS))[0]
    ours = resize_matrix("lanczos3", 10, size_out).numpy() @ row[0]
    interior = slice(4 * size_out // 10, -4 * size_out // 10)
    np.testing.assert_allclose(ours[interior], expected[interior], atol=FLOAT32)


@pytest.mark.parametrize("size_out", [8, 11, 16])
def test_bspline_against_scipy(size_out):
    row = np.random.default_rng(2).normal(size=8)
    expected = scipy.ndimage.zoom(row, size_out / 8, order=3, prefilter=False, mode="nearest", grid_mode=True)
    np.testing.assert_allclose(resize_matrix("bspline", 8, size_out).numpy() @ row, expected, atol=1e-9)


@pytest.mark.parametrize(("size_in", "size_out"), [(4, 9), (5, 8), (9, 4)])
def test_dct_against_scipy(size_in, size_out):
    row = np.random.default_rng(3).normal(size=size_in)
    spectrum = scipy.fft.dct(row, type=2, norm="forward")
    kept = np.zeros(size_out)
    kept[: min(size_in, size_out)] = spectrum[: min(size_in, size_out)]
    expected = scipy.fft.idct(kept, type=2, norm="forward")
    np.testing.assert_allclose(resize_matrix("dct", size_in, size_out).numpy() @ row, expected, atol=ROUNDING)


def test_literal_keys_is_legacy_nearest():
    """W at integers is (0, 1, 0, 0): pixel ⌊i h/h'⌋, PyTorch's legacy nearest, half a pixel off nearest-exact."""
    for size_in, size_out in ((3, 4), (4, 9), (5, 6)):
        image = torch.randn(1, 1, size_in, 1, dtype=torch.float64)
        expected = functional.interpolate(image, (size_out, 1), mode="nearest")[0, 0, :, 0]
        ours = resize_matrix("literal_keys", size_in, size_out) @ image[0, 0, :, 0]
        assert torch.equal(ours, expected)
    assert not torch.equal(resize_matrix("literal_keys", 3, 4), resize_matrix("nearest", 3, 4))


def test_literal_options():
    clamp = literal_matrix(interpolation.bspline, 3, 6)
    zero = literal_matrix(interpolation.bspline, 3, 6, boundary="zero")
    shifted = literal_matrix(interpolation.bspline, 3, 6, first_index=1)
    assert clamp.sum(dim=1).tolist() == pytest.approx([1.0] * 6, abs=ROUNDING)
    assert float(zero.sum(dim=1)[0]) == pytest.approx(5 / 6, abs=ROUNDING)  # the tap at -1 is lost
    assert torch.equal(shifted[[1, 3]], clamp[[0, 2]])  # ⌊2·3/6⌋ = 1 counted from 1 is the first pixel
    assert not torch.equal(shifted, clamp)
    with pytest.raises(ValueError, match="boundary clamp or zero"):
        literal_matrix(interpolation.bspline, 3, 6, boundary="wrap")


@pytest.mark.parametrize("kernel", ["dct", "nearest", "bilinear", "keys", "keys75", "lanczos3", "area"])
def test_interpolating_kernels_keep_a_map_of_the_same_size(kernel):
    assert torch.equal(resize_matrix(kernel, 5, 5), torch.eye(5, dtype=torch.float64))


def test_bad_input():
    with pytest.raises(ValueError, match=r"unknown kernel 'cubic': choose one of dct, nearest"):
        resize_matrix("cubic", 3, 4)
    with pytest.raises(ValueError, match="from 1 up"):
        resize_matrix("keys", 0, 4)
    with pytest.raises(ValueError, match="unknown norm 'l2': choose one of rms, max, frobenius"):
        operator_norm(torch.eye(2, dtype=torch.float64), "l2")


def test_a_returned_matrix_is_the_callers_own():
    resize_matrix("keys", 3, 4).zero_()
    assert float(resize_matrix("keys", 3, 4).sum()) == pytest.approx(4, abs=ROUNDING)
