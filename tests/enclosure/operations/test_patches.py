"""Convolutions and poolings at numbers: kernels, strides, dilations, paddings and groups of every kind."""

import pytest
import torch
from agreement import X, assert_agrees, exactly, numbers
from torch import nn
from torch.nn import functional as F  # noqa: N812

from varexp.enclosure import UnknownOperationError
from varexp.enclosure.protocol import TABLE

LINE, IMAGE = numbers(2, 4, 11), numbers(2, 4, 6, 7, seed=2)
K1, K2, ONE, EVEN = (numbers(*s, seed=9, reach=1.0) for s in ((6, 4, 3), (6, 4, 2, 3), (6, 4, 1), (6, 4, 4)))
G1, G2, B = numbers(6, 2, 3, reach=1.0), numbers(8, 1, 3, 2, reach=1.0), numbers(6, reach=1.0)
WHOLE = numbers(2, 4, 6, 7, seed=3, reach=1.0)
LINES = {
    "plain": lambda x: F.conv1d(x, K1),
    "bias": lambda x: F.conv1d(x, K1, B),
    "stride": lambda x: F.conv1d(x, K1, stride=3),
    "stride that ends at the last": lambda x: F.conv1d(x, K1, stride=4),
    "dilation": lambda x: F.conv1d(x, K1, dilation=3),
    "dilation and stride": lambda x: F.conv1d(x, K1, B, 2, 1, 2),
    "dilation to the end": lambda x: F.conv1d(x, K1, dilation=5),
    "sequences": lambda x: F.conv1d(x, K1, B, (2,), (1,), (2,)),
    "padding": lambda x: F.conv1d(x, K1, padding=2),
    "valid": lambda x: F.conv1d(x, K1, padding="valid"),
    "same": lambda x: F.conv1d(x, K1, padding="same"),
    "same with dilation": lambda x: F.conv1d(x, K1, padding="same", dilation=2),
    "same of an even kernel": lambda x: F.conv1d(x, EVEN, padding="same"),
    "kernel of one": lambda x: F.conv1d(x, ONE, B),
    "same of a kernel of one": lambda x: F.conv1d(x, ONE, padding="same"),
    "groups": lambda x: F.conv1d(x, G1, B, groups=2),
    "groups and the rest": lambda x: F.conv1d(x, G1, B, 2, 1, 2, 2),
    "average": lambda x: F.avg_pool1d(x, 3),
    "average with stride": lambda x: F.avg_pool1d(x, 3, 2),
    "average with padding": lambda x: F.avg_pool1d(x, 3, 1, 1),
    "average of sequences": lambda x: F.avg_pool1d(x, (4,), (2,), (2,)),
    "maximum": lambda x: F.max_pool1d(x, 3),
    "maximum with stride": lambda x: F.max_pool1d(x, 3, 2),
    "maximum of sequences": lambda x: F.max_pool1d(x, (2,), (3,)),
    "maximum with a stride of none": lambda x: F.max_pool1d(x, 2, None),
}
IMAGES = {
    "plain": lambda x: F.conv2d(x, K2),
    "bias": lambda x: F.conv2d(x, K2, B),
    "strides": lambda x: F.conv2d(x, K2, B, (3, 2)),
    "dilations": lambda x: F.conv2d(x, K2, dilation=(2, 3)),
    "one of each": lambda x: F.conv2d(x, K2, B, 2, 1, 2),
    "sequences of one": lambda x: F.conv2d(x, K2, B, [2], [1], [2]),
    "paddings": lambda x: F.conv2d(x, K2, padding=(0, 2)),
    "same": lambda x: F.conv2d(x, K2, padding="same", dilation=(3, 1)),
    "groups": lambda x: F.conv2d(x, G2, groups=4, stride=(1, 2)),
    "the whole": lambda x: F.conv2d(x, WHOLE),
    "average": lambda x: F.avg_pool2d(x, 2),
    "average of sizes": lambda x: F.avg_pool2d(x, (3, 2), (2, 1), (1, 0)),
    "maximum": lambda x: F.max_pool2d(x, 2),
    "maximum of sizes": lambda x: F.max_pool2d(x, (3, 2), (2, 3)),
    "maximum without a stride": lambda x: F.max_pool2d(x, (3, 2), []),
    "layers": lambda x: nn.MaxPool2d(2, 1)(nn.AvgPool2d((2, 3))(x)),
}


@pytest.mark.parametrize("name", LINES)
@pytest.mark.filterwarnings("ignore:Using padding='same'")
def test_values_along_a_line_are_torchs(name):
    assert_agrees(LINES[name], LINE)


@pytest.mark.parametrize("name", IMAGES)
def test_values_of_images_are_torchs(name):
    assert_agrees(IMAGES[name], IMAGE)


@pytest.mark.filterwarnings("ignore:Using padding='same'")
def test_an_even_kernel_in_both_axes():
    assert_agrees(lambda x: F.conv2d(x, numbers(2, 4, 2, 4), padding="same"), IMAGE)


def test_a_stride_of_nothing_is_the_kernel():
    expected = F.max_pool2d(IMAGE, (3, 2))
    for empty in (None, [], ()):
        found = F.max_pool2d(exactly(IMAGE), (3, 2), empty).model().polynomial[0]
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-14)


REFUSED = {
    "a kernel too long": (lambda x: F.conv1d(x, numbers(1, 4, 12)), LINE),
    "a dilation too long": (lambda x: F.conv1d(x, K1, dilation=6), LINE),
    "an image as a line": (lambda x: F.conv1d(x, K1), IMAGE),
    "a line as an image": (lambda x: F.conv2d(x, K2), LINE),
    "a line that lacks its channels": (lambda x: F.conv1d(x, K1), X[:, 0]),
    "channels": (lambda x: F.conv1d(x, K1[:, :3]), LINE),
    "groups": (lambda x: F.conv1d(x, K1, groups=2), LINE),
    "groups too many": (lambda x: F.conv1d(x, G1, groups=8), LINE),
    "average of an image as a line": (lambda x: F.avg_pool1d(x, 2), IMAGE),
    "average of a line as an image": (lambda x: F.avg_pool2d(x, 2), LINE),
    "average of what lacks channels": (lambda x: F.avg_pool1d(x, 2), X[:, 0]),
    "ceil_mode": (lambda x: F.avg_pool1d(x, 2, ceil_mode=True), LINE),
    "padding that does not count": (lambda x: F.avg_pool1d(x, 2, padding=1, count_include_pad=False), LINE),
    "divisor": (lambda x: F.avg_pool2d(x, 2, divisor_override=3), IMAGE),
    "divisor of one": (lambda x: F.avg_pool2d(x, 2, divisor_override=1), IMAGE),
    "maximum with ceil_mode": (lambda x: F.max_pool1d(x, 2, ceil_mode=True), LINE),
    "maximum with padding": (lambda x: F.max_pool1d(x, 2, padding=1), LINE),
    "maximum with dilation": (lambda x: F.max_pool1d(x, 2, dilation=2), LINE),
    "maximum with one dilation": (lambda x: F.max_pool2d(x, 2, dilation=(1, 2)), IMAGE),
    "maximum with indices": (lambda x: F.max_pool1d(x, 2, return_indices=True), LINE),
    "maximum of a line as an image": (lambda x: F.max_pool2d(x, 2), LINE),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name):
    use, values = REFUSED[name]
    with pytest.raises(UnknownOperationError):
        use(exactly(values))


def test_a_maximum_without_options():
    found = TABLE[F.max_pool1d](exactly(LINE), 2)
    torch.testing.assert_close(found.model().polynomial[0], F.max_pool1d(LINE, 2), rtol=0, atol=1e-14)


def test_padding_that_is_nothing_need_not_count():
    assert_agrees(lambda x: F.avg_pool1d(x, 2, count_include_pad=False), LINE)
    assert_agrees(lambda x: F.avg_pool2d(x, 2, count_include_pad=False, padding=(0, 0)), IMAGE)
