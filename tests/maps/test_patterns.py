"""maps/patterns.py: orthogonality, orthonormal modes, smoothness, seeds by name."""

import scipy.fft
import torch
from tolerances import ROUNDING

from varexp.maps.patterns import (
    cosine_matrix,
    cosine_modes,
    frequencies,
    generator,
    orthogonal,
    seed_of,
    smooth_pattern,
)


def test_orthogonal():
    for size in (1, 2, 5):
        q = orthogonal(size, generator("test", size))
        torch.testing.assert_close(q @ q.T, torch.eye(size, dtype=torch.float64))


def test_modes_against_scipy():
    expected = scipy.fft.idct(torch.eye(5, dtype=torch.float64).numpy(), type=2, norm="ortho", axis=1) * 5**0.5
    torch.testing.assert_close(cosine_matrix(5), torch.from_numpy(expected), atol=ROUNDING, rtol=0)
    modes = cosine_modes(4)
    torch.testing.assert_close(modes @ modes.T / 16, torch.eye(16, dtype=torch.float64))
    assert torch.equal(modes[0], torch.ones(16, dtype=torch.float64))


def test_smoothness_damps_high_frequencies():
    modes = torch.kron(cosine_matrix(8), cosine_matrix(8))

    def high_share(smoothness):
        pattern = smooth_pattern(8, 2, smoothness, generator("p"), rms=0.7)
        assert abs(float(pattern.square().mean().sqrt()) - 0.7) < ROUNDING
        power = (modes @ pattern / 64).square().sum(dim=1)
        return float(power[frequencies(8) > 4].sum() / power.sum())

    assert high_share(0.0) > 10 * high_share(2.0) > 10 * high_share(4.0)


def test_seeds_depend_on_names_alone():
    assert seed_of("a", 1) == seed_of("a", 1)
    assert len({seed_of(*names) for names in [("a", 1), ("a", 2), ("b", 1), ("a1",), (1, "a")]}) == 5
