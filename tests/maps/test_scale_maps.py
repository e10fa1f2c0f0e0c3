"""maps/scale_maps.py over the registry: constants, closed forms, SciPy's splines, and displacements that stay small."""

import math

import numpy as np
import pytest
import scipy.ndimage
import torch
from tolerances import ROUNDING

from varexp.maps.interpolation import resize_matrix
from varexp.maps.scale_maps import SCALE_MAPS, SHIFT, scale_matrix

SIZES = [(1, 1), (1, 2), (2, 3), (3, 4), (4, 8), (5, 6), (6, 8), (4, 4)]


@pytest.mark.parametrize("name", SCALE_MAPS)
@pytest.mark.parametrize(("size_in", "size_out"), SIZES)
def test_shape_type_and_constants(name, size_in, size_out):
    matrix = scale_matrix(name, size_in, size_out, 3)
    assert matrix.shape == (size_out, size_in)
    assert matrix.dtype == torch.float64
    assert matrix.sum(dim=1).tolist() == pytest.approx([1.0] * size_out, abs=ROUNDING)


def test_the_first_ones_are_kernels():
    for name in ("dct", "area"):
        assert torch.equal(scale_matrix(name, 3, 5), resize_matrix(name, 3, 5))


@pytest.mark.parametrize(("size_in", "size_out"), [(2, 3), (3, 4), (4, 8), (5, 6), (6, 8)])
def test_splines_are_those_of_scipy(size_in, size_out):
    """SciPy's prefilter takes reflections of a short signal into account only roughly: it is given them at length."""
    x = np.random.default_rng(0).normal(size=size_in)
    centres = (np.arange(size_out) + 0.5) * size_in / size_out - 0.5
    pixels, around = np.pad(x, 40, mode="symmetric"), [centres + 40]
    theirs = scipy.ndimage.map_coordinates(pixels, around, order=3, mode="reflect")
    np.testing.assert_allclose(scale_matrix("spline", size_in, size_out).numpy() @ x, theirs, atol=1e-9)


@pytest.mark.parametrize("name", ["dct", "spline"])
def test_interpolants_keep_the_pixels_that_they_meet(name):
    """From n to 3n pixels, every third output centre is an input centre."""
    assert torch.allclose(scale_matrix(name, 4, 12)[1::3], torch.eye(4, dtype=torch.float64), atol=ROUNDING)


@pytest.mark.parametrize("seed", range(4))
def test_warped_displaces_by_a_little_and_not_at_all_in_one_pixel(seed):
    """On the first cosine, whose inverse is known, places can be read off: they move by at most SHIFT pixels."""
    n, m = 6, 9
    wave = torch.cos(math.pi * (torch.arange(n, dtype=torch.float64) + 0.5) / n)
    places = torch.arccos((scale_matrix("warped", n, m, seed) @ wave).clamp(-1, 1)) / math.pi
    moved = (places - (torch.arange(m, dtype=torch.float64) + 0.5) / m).abs()
    assert 0.01 * SHIFT / n < float(moved.max()) <= SHIFT / n * (1 + ROUNDING)
    assert torch.equal(scale_matrix("warped", 1, 3, seed), torch.ones(3, 1, dtype=torch.float64))
    assert torch.equal(scale_matrix("warped", n, m, seed), scale_matrix("warped", n, m, seed))
    assert not torch.allclose(scale_matrix("warped", n, m, seed), scale_matrix("warped", n, m, seed + 1))


def test_bad_names_and_sizes():
    with pytest.raises(ValueError, match="unknown scale_map 'spine'"):
        scale_matrix("spine", 2, 3)
    with pytest.raises(ValueError, match="sizes are whole numbers from 1 up, got size_in=0"):
        scale_matrix("dct", 0, 3)
