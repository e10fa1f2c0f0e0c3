"""The noise of rounding is of the size of what was rounded."""

import pytest
import torch

from varexp.rounding_noise import rounding_noise

ONE = torch.ones(1, 1, dtype=torch.float64)
HUGE = torch.tensor([[1e8, -1e8]], dtype=torch.float64)


@pytest.mark.parametrize(
    ("f", "size"),
    [
        (torch.sin, 1.0),
        (lambda x: (x + 1e10) - 1e10, 1e10),
        (lambda x: x @ HUGE @ torch.ones(2, 1, dtype=torch.float64), 1e8),
        (lambda x: (x * 1e-310) * 1e305, 1e-3),
        (lambda x: torch.relu(x)[:, :1].expand(1, 1), 1.0),
    ],
)
def test_it_is_of_the_size_of_what_is_rounded(f, size):
    noise = float(rounding_noise(f, ONE, f(ONE)))
    assert 1e-17 * size < noise < 1e-14 * size


def test_what_is_no_number_has_no_noise():
    assert float(rounding_noise(lambda x: x * torch.nan, ONE, ONE * torch.nan)) == 0.0
