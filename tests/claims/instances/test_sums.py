"""Theorem 5.6 on affine chains, and functions that differ on a null set."""

import random
from fractions import Fraction

import numpy as np
import pytest
import torch
from tolerances import ROUNDING, SAMPLING

from varexp.claims.instances.affine import Affine, attaining, random_chain
from varexp.claims.instances.null_set import bump_error, network_error, transformer
from varexp.claims.instances.sums import bounded, random_family, threshold
from varexp.maps.layers import attention, feed_forward
from varexp.theory.bounds import printed, telescoped
from varexp.theory.verdicts import Verdict

ETA = Fraction(15, 100_000)


@pytest.mark.parametrize(
    ("constant", "depth", "error", "bound"),
    [("1.5", 2, "2.5", "2.25"), ("1", 10, "10", "1"), ("0.5", 1, "1", "0.5"), ("0.5", 5, "1.9375", "0.03125")],
)
def test_the_attaining_chain(constant, depth, error, bound):
    chain = attaining(Fraction(constant), depth, Fraction(1))
    assert chain.error == Fraction(error) == telescoped(chain.lipschitz, chain.local)
    assert printed(chain.lipschitz, chain.local) == Fraction(bound)


@pytest.mark.parametrize("depth", [2, 3, 4, 5, 8])
def test_thresholds_are_the_roots_that_numpy_finds(depth):
    low, high = threshold(depth)
    root = max(r.real for r in np.roots([1.0] + [-1.0] * depth) if abs(r.imag) < 1e-9)
    assert float(low) - 1e-10 <= root <= float(high) + 1e-10
    assert {2: 1.618034, 3: 1.839287, 4: 1.927562, 5: 1.965948, 8: 1.996031}[depth] == round(float(high), 6)


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_the_sup_of_a_random_chain_is_not_exceeded_on_a_grid(depth):
    chain = random_chain(random.Random(depth), depth, (0, 4))
    for i in range(33):
        t = y = Fraction(i, 32)
        for f, g in zip(chain.target, chain.model, strict=True):
            t, y = g(t), f(y)
        assert abs(t - y) <= chain.error <= telescoped(chain.lipschitz, chain.local)


def test_a_chain_outside_the_hypothesis_says_nothing():
    assert bounded(random_family((0, 1)), printed, least=Fraction(2)).verdict == Verdict.HYPOTHESIS_NOT_MET


def test_composition():
    assert Affine(Fraction(2), Fraction(1)).after(Affine(Fraction(3), Fraction(4))) == Affine(Fraction(6), Fraction(9))


def test_the_bump_by_hand():
    error, inside = bump_error(ETA, 2)
    assert (error, inside) == (1, 2 * ETA / 3 - ETA**2 / 6)
    assert float(inside) ** 0.5 == pytest.approx(0.0100, abs=5e-5)
    assert bump_error(ETA, 1)[1] == ETA - ETA**2 / 3
    assert float(network_error(ETA, 2)[1]) ** 0.5 == pytest.approx(0.01414, abs=5e-6)


def test_the_transformer_is_one_of_the_papers_layers():
    """The fractions against the package's attention and feed-forward layers, on tokens near and far from each other."""
    eta = 0.25
    into = [torch.tensor(w, dtype=torch.float64) for w in ([[0.0, 1.0]], [[2 / eta, -2 / eta]] * 3 + [[1.0, 0.0]])]
    biases = [torch.tensor(b, dtype=torch.float64) for b in ([0.0], [1.0, 0.0, -1.0, 0.0])]
    out = [torch.tensor(w, dtype=torch.float64) for w in ([[0.0], [-1.0]], [[1.0, -2, 1, -1], [0.0] * 4])]
    zero, none = torch.zeros(2, 1, dtype=torch.float64), torch.zeros(2, dtype=torch.float64)
    value, output = torch.tensor([[1.0], [0.0]], dtype=torch.float64), torch.tensor([[0.0, 1.0]], dtype=torch.float64)
    for pair in ([("0.3", "0.7"), ("0.4", "0.1")], [("0.5", "0.2"), ("0.5", "0.9")]):
        x = torch.tensor([[float(v) for v in token] for token in pair], dtype=torch.float64)
        x = feed_forward(x, into[0], biases[0], out[0], none)
        x = attention(x, zero, zero, value, output, residual=True)
        x = feed_forward(x, into[1], biases[1], out[1], none)
        exact = transformer([tuple(map(Fraction, token)) for token in pair], Fraction(eta))
        assert x.flatten().tolist() == pytest.approx([float(v) for token in exact for v in token], abs=ROUNDING)


def test_the_norm_over_the_square_by_sampling():
    eta, source = Fraction(1, 5), np.random.default_rng(0)
    y = source.random((4000, 2))
    sampled = np.mean([(1 - abs(a - b) / float(eta)) ** 2 * (abs(a - b) < eta) * 2 for a, b in y])
    assert sampled == pytest.approx(float(network_error(eta, 2)[1]), abs=SAMPLING)
