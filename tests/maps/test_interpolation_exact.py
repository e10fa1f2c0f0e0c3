"""maps/interpolation.py in fractions: every kernel and every matrix of small sizes against another way to form it."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from tolerances import ROUNDING

from varexp.maps import interpolation
from varexp.maps.interpolation import KERNELS, image_matrix, literal_matrix, operator_norm, resample, resize_matrix
from varexp.maps.norms import NORMS

HALF = Fraction(1, 2)
OFFSETS = [Fraction(k, 12) for k in range(13)]
SIZES = list(itertools.product(range(1, 7), repeat=2))


def hermite(u, a):
    """The weights of the four values around a point at offset u from the second: Hermite's cubic, slopes −a times the
    differences of the neighbours."""
    slope_left, slope_right = u**3 - 2 * u**2 + u, u**3 - u**2
    right = 3 * u**2 - 2 * u**3
    return [a * slope_left, 1 - right + a * slope_right, right - a * slope_left, -a * slope_right]


def around(kernel, u):
    return [kernel(x) for x in (u + 1, u, u - 1, u - 2)]


def spline(x):
    """The cubic B-spline as a difference of truncated powers."""
    return sum((-1) ** k * math.comb(4, k) * max(x + 2 - k, Fraction(0)) ** 3 for k in range(5)) / 6


@pytest.mark.parametrize("u", OFFSETS)
def test_cubic_convolution_is_hermites_interpolant(u):
    assert around(interpolation.keys, u) == hermite(u, -HALF)
    assert around(interpolation.keys75, u) == hermite(u, -3 * HALF / 2)


@pytest.mark.parametrize("x", [Fraction(k, 12) for k in range(-40, 41)])
def test_kernels_at_every_twelfth(x):
    """Mitchell and Netravali's kernel is affine in b and c: the B-spline at b = 1, and cubic convolution at b = 0."""
    assert interpolation.bspline(x) == spline(x)
    plain, sharp = (interpolation.cubic_convolution(x, Fraction(a)) for a in (0, -1))
    third = Fraction(1, 3)
    assert interpolation.mitchell(x) == plain + third * (spline(x) - plain) + third * (sharp - plain)
    assert interpolation.triangle(x) == (1 - abs(x) if -1 <= x <= 1 else 0)
    expected = float(np.sinc(float(x)) * np.sinc(float(x) / 3)) if abs(x) < 3 else 0.0
    assert interpolation.lanczos3(x) == pytest.approx(expected, abs=1e-15)
    if x.denominator == 1:
        assert interpolation.lanczos3(x) == (1.0 if x == 0 else 0.0)
    if abs(x) >= 2:
        assert interpolation.keys(x) == interpolation.keys75(x) == interpolation.mitchell(x) == 0


CONVOLVED = {
    "bilinear": interpolation.triangle,
    "keys": interpolation.keys,
    "keys75": interpolation.keys75,
    "bspline": interpolation.bspline,
    "mitchell": interpolation.mitchell,
    "lanczos3": interpolation.lanczos3,
}


@pytest.mark.parametrize("name", CONVOLVED)
def test_a_convolution_adds_up_what_the_kernel_gives_to_each_pixel_of_the_extended_map(name):
    for size_in, size_out in SIZES[8::5] if name == "lanczos3" else SIZES:
        rows = []
        for i in range(size_out):
            x, row = (i + HALF) * size_in / size_out - HALF, [0 * HALF] * size_in
            for tap in range(-12, 20):
                row[0 if tap < 0 else size_in - 1 if tap >= size_in else tap] += CONVOLVED[name](x - tap)
            total = sum(row) if name == "lanczos3" else 1
            rows.append([float(w / total) for w in row])
        found = resize_matrix(name, size_in, size_out)
        if name == "lanczos3":
            torch.testing.assert_close(found, torch.tensor(rows, dtype=torch.float64), rtol=1e-14, atol=1e-15)
        else:
            assert found.tolist() == rows


def test_nearest_and_area_by_counting():
    """Both axes are cut into as many pieces as the product of the sizes."""
    for size_in, size_out in SIZES:
        nearest, area = resize_matrix("nearest", size_in, size_out), resize_matrix("area", size_in, size_out)
        for i, j in itertools.product(range(size_out), range(size_in)):
            centre = (i + HALF) * size_in / size_out
            assert float(nearest[i, j]) == (1.0 if j <= centre < j + 1 else 0.0)
            pieces = range(i * size_in, (i + 1) * size_in)
            shared = sum(piece // size_out == j for piece in pieces)
            assert float(area[i, j]) == float(Fraction(shared, size_in))


def test_cosines_keep_their_form_and_those_that_do_not_fit_vanish():
    for size_in, size_out in SIZES:
        matrix = resize_matrix("dct", size_in, size_out).numpy()
        for k in range(size_in):
            wave, expected = (np.cos(math.pi * k * (np.arange(n) + 0.5) / n) for n in (size_in, size_out))
            expected = expected if k < size_out else 0 * expected
            np.testing.assert_allclose(matrix @ wave, expected, atol=1e-14)


@pytest.mark.parametrize("boundary", ["clamp", "zero"])
@pytest.mark.parametrize("first", [0, 1])
def test_the_literal_definition_by_hand(boundary, first):
    """With a kernel that tells its four points apart."""
    weights = {-1: Fraction(1, 7), 0: Fraction(2, 7), 1: Fraction(3, 7), 2: Fraction(5, 7)}
    for size_in, size_out in SIZES:
        found = literal_matrix(lambda s: weights[int(s)], size_in, size_out, boundary, first)
        for i in range(size_out):
            row = [Fraction(0)] * size_in
            for s, weight in weights.items():
                pixel = math.floor(Fraction((i + first) * size_in, size_out)) + s - first
                if 0 <= pixel < size_in:
                    row[pixel] += weight
                elif boundary == "clamp":
                    row[0 if pixel < 0 else -1] += weight
            assert found[i].tolist() == [float(w) for w in row]


def test_the_literal_kernels_clamp_and_count_from_zero():
    for size_in, size_out in SIZES:
        for name, kernel in (("literal_keys", interpolation.keys), ("literal_bspline", interpolation.bspline)):
            assert torch.equal(resize_matrix(name, size_in, size_out), literal_matrix(kernel, size_in, size_out))


def test_which_kernels_are_in_the_class_of_the_definition():
    inside = {name for name in KERNELS if KERNELS[name].in_class}
    assert inside == {"nearest", "bilinear", "bspline", "area", "literal_bspline"}


def test_an_image_is_resized_along_both_axes():
    u = resize_matrix("keys", 3, 2)
    image = torch.randn(3, 3, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    expected = torch.stack([u @ image[..., c] @ u.mT for c in range(2)], dim=-1)
    found = resample(image.reshape(9, 2), image_matrix(u)).reshape(2, 2, 2)
    torch.testing.assert_close(found, expected, rtol=0, atol=ROUNDING)


@pytest.mark.parametrize("norm", NORMS)
def test_an_operator_norm_is_the_middle_of_its_interval(norm):
    u = resize_matrix("keys", 5, 3)
    constant = NORMS[norm].operator_norm(u)
    assert constant.lower < constant.upper
    assert constant.lower <= operator_norm(u, norm) <= constant.upper
    values = {"rms": math.sqrt(5 / 3), "frobenius": 1.0}
    singular = float(torch.linalg.svdvals(u)[0])
    expected = float(u.abs().sum(dim=1).max()) if norm == "max" else values[norm] * singular
    assert operator_norm(u, norm) == pytest.approx(expected, rel=1e-12)


def test_sizes_and_options_out_of_range_are_refused():
    assert resize_matrix("keys", 1, 1).tolist() == [[1.0]]
    for sizes in ((0, 3), (3, 0), (-1, 3), (3, -1)):
        with pytest.raises(ValueError, match="from 1 up"):
            resize_matrix("keys", *sizes)
    for options in ({"boundary": "wrap"}, {"first_index": 2}, {"first_index": -1}):
        with pytest.raises(ValueError, match="expected boundary clamp or zero and first_index 0 or 1"):
            literal_matrix(interpolation.keys, 3, 4, **options)
