"""calculations/transformations: constants that are known by hand, jumps that are found, and bisection's promise."""

from itertools import pairwise

import numpy as np
import pytest

from varexp.calculations import CALCULATIONS
from varexp.calculations._operations import NORMS, Operation, operations, photographs
from varexp.calculations.transformations import Transformations, bisected, linear_constant, size, steepest_pair

pytest.importorskip("skimage")
SIDE = 10


@pytest.fixture(scope="module")
def images():
    return photographs(["camera", "coins"], SIDE)


def test_photographs_are_grey_images_between_0_and_1(images):
    for image in images:
        assert image.shape == (SIDE, SIDE)
        assert 0 <= image.min() < image.max() <= 1
    assert not np.allclose(*images)


def test_linear_constants_by_hand():
    double = Operation("double", "", lambda x: 2 * x, "", linear=True)
    total = Operation("sum", "", lambda x: np.full((1, 1), x.sum()), "", linear=True)
    for norm in NORMS:
        low, high = linear_constant(double, norm, 3)
        assert low <= 2 <= high <= 2 * (1 + 1e-9)
        low, high = linear_constant(total, norm, 3)
        assert low <= 9 <= high <= 9 * (1 + 1e-9)  # in rms: √9·‖x‖_2, whose rms is ‖x‖_2/3


@pytest.mark.parametrize("norm", NORMS)
def test_bisection_never_loses_the_ratio(norm, images):
    wave = Operation("wave", "", lambda x: np.sin(40 * x), "")
    ratios, distances = bisected(wave, norm, images[0], images[1])
    start = size(wave(images[1]) - wave(images[0]), norm) / size(images[1] - images[0], norm)
    assert ratios[0] >= start * (1 - 1e-9)
    assert all(later >= earlier * (1 - 1e-6) for earlier, later in pairwise(ratios))
    assert all(later == pytest.approx(earlier / 2, rel=1e-4) for earlier, later in pairwise(distances))
    assert ratios[-1] <= 40 * (1 + 1e-6)


def test_a_jump_doubles_and_a_slope_stays(images):
    jump = Operation("jump", "", lambda x: (x > 0.5) * 1.0, "")
    slope = Operation("slope", "", lambda x: 3 * x, "")
    root = Operation("root", "", np.sqrt, "")
    grown = {op.name: steepest_pair(op, "max", images, 0)[2] for op in (jump, slope, root)}
    assert grown["jump"] == pytest.approx(2, rel=1e-3)
    assert grown["slope"] == pytest.approx(1, rel=1e-3)
    assert grown["root"] == pytest.approx(2**0.5, rel=1e-2)


def test_pairs_respect_what_theorems_allow(images):
    """A control of both: an upper end that is too small would be exceeded."""
    for operation in operations(images[0]):
        if not operation.linear and operation.upper:
            for norm, upper in operation.upper.items():
                assert steepest_pair(operation, norm, images, 1)[0] <= upper * (1 + 1e-6), operation.name


def test_pairs_respect_the_norms_of_matrices(images):
    for operation in operations(images[0]):
        if operation.linear:
            for norm in NORMS:
                low, high = linear_constant(operation, norm, SIDE)
                assert low <= high
                assert steepest_pair(operation, norm, images, 1)[0] <= high * (1 + 1e-6), (operation.name, norm)


@pytest.mark.slow
def test_the_table_says_what_is_lipschitz():
    rows = list(CALCULATIONS["transformations"](side=SIDE).rows())
    said = {row["operation"]: row["lipschitz"] for row in rows}
    assert {k for k in said if said[k] == "no"} == {"gamma 1/2", "stretching", "style by moments"}
    assert {"8 bits", "JPEG", "Otsu's threshold", "Canny edges"} <= {k for k in said if said[k] == "jump"}
    assert {"Gaussian blur", "median of 3x3", "gamma 2", "doubling (keys)"} <= {k for k in said if said[k] == "yes"}
    assert all(row["constant_lower"] is None for row in rows if row["lipschitz"] in ("no", "jump"))


def test_bad_settings_are_refused():
    with pytest.raises(ValueError, match="side"):
        list(Transformations(side=4).rows())
    with pytest.raises(ValueError, match="no photograph"):
        list(Transformations(image=["lena"]).rows())
