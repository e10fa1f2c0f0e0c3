"""Definition 3.2 in fractions: by hand, against the package's matrices, and the ranges of kernels."""

import random
from fractions import Fraction

import pytest
import torch
from tolerances import ROUNDING

from varexp.claims.instances.literal import bernstein, literal_layer, random_image, separable
from varexp.maps import interpolation

F = Fraction


def test_by_hand():
    image = [[F(1), F(2)], [F(3), F(4)]]
    doubled = literal_layer(interpolation.keys, image, 4)
    assert doubled == [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]]
    assert separable([[F(1, 2), F(1, 2)]], image) == [[F(5, 2)]]


@pytest.mark.parametrize("name", ["keys", "bspline"])
@pytest.mark.parametrize("sizes", [(1, 3), (2, 3), (4, 7)])
def test_the_packages_matrix_is_the_definition(name, sizes):
    a, b = sizes
    image = random_image(random.Random(0), a)
    U = interpolation.resize_matrix(f"literal_{name}", a, b)
    found = U @ torch.tensor([[float(x) for x in row] for row in image], dtype=torch.float64) @ U.T
    exact = literal_layer(getattr(interpolation, name), image, b)
    assert found.flatten().tolist() == pytest.approx([float(x) for row in exact for x in row], abs=99 * ROUNDING)


@pytest.mark.parametrize("name", ["keys", "keys75", "bspline", "mitchell"])
def test_bernstein_coefficients_bound_the_kernel(name):
    kernel = getattr(interpolation, name)
    for left in (0, 1):
        coefficients = bernstein(kernel, left)
        values = [kernel(left + F(i, 64)) for i in range(65)]
        assert min(coefficients) <= min(values)
        assert max(values) <= max(coefficients)
        assert (coefficients[0], coefficients[3]) == (values[0], values[64])


def test_the_minima_of_keys_kernels():
    assert interpolation.keys(F(4, 3)) == F(-2, 27)
    assert interpolation.keys75(F(4, 3)) == F(-1, 9)
