"""audit/fixed.py: what a file is not free to choose is compared with what it is said to be."""

import pytest
from claimed import case, claimed
from flint import arb_mat

from varexp.audit.fixed import complaints, orthonormal, scale_map
from varexp.audit.verdict import judged
from varexp.maps.interpolation import image_matrix, resize_matrix


@pytest.mark.parametrize("sides", [(1, 1), (1, 2), (2, 3), (4, 4), (4, 2), (5, 6)])
def test_the_cosine_interpolant_is_that_of_the_package(sides):
    theirs = image_matrix(resize_matrix("dct", *sides))
    ours = scale_map(*sides)
    assert (ours.nrows(), ours.ncols()) == tuple(theirs.shape)
    assert max(abs(float(a) - b) for a, b in zip(ours.entries(), theirs.flatten().tolist(), strict=True)) < 1e-14


def test_the_mean_of_a_row_known_by_hand():
    """From one pixel everything is that pixel; to one pixel it is the mean of all."""
    assert [float(entry) for entry in scale_map(1, 2).entries()] == [1.0] * 4
    assert [float(entry) for entry in scale_map(2, 1).entries()] == [0.25] * 4


def test_a_true_file_has_no_complaints_and_a_changed_one_is_refuted_by_name():
    found = claimed(case("sine", sides=(2, 3)))
    assert not list(complaints(found.row, found.tensors))
    for name in ("target.0.scale_map", "target.0.inner", "domain.basis"):
        tensor = found.tensors[name]
        numbers = (tensor.numbers[0] + 1e-6, *tensor.numbers[1:])
        verdict = judged(found.row, found.tensors | {name: tensor._replace(numbers=numbers)})
        assert (verdict["verdict"], verdict["because"].split()[0]) == ("refuted", name)


def test_rows_known_by_hand():
    assert orthonormal(arb_mat([[2, 0], [0, 2]]), 4)
    assert not orthonormal(arb_mat([[2, 0], [0, 2]]), 1)
    assert not orthonormal(arb_mat([[1, 0], [1, 0]]), 1)
