"""claims/instances/affine.py: norms and errors of scalar affine maps by hand, and beside a sum over a fine grid."""

import random
from fractions import Fraction

import pytest

from varexp.claims.evidence import number
from varexp.claims.instances.affine import Affine, Chain, attaining, composed, random_chain


def one(value):
    """A ball as a float, which it holds."""
    ends = number(value)
    assert float(ends.upper - ends.lower) < 1e-12
    return float(ends.lower)


@pytest.mark.parametrize(
    ("slope", "offset", "l1", "l2"),
    [
        (1, 0, 1 / 2, (1 / 3) ** 0.5),
        (2, -1, 1 / 2, (1 / 3) ** 0.5),
        (-1, 1, 1 / 2, (1 / 3) ** 0.5),
        (0, 3, 3, 3),
        (0, 0, 0, 0),
        (-1, -1, 3 / 2, (7 / 3) ** 0.5),
    ],
)
def test_norms_by_hand(slope, offset, l1, l2):
    f = Affine(Fraction(slope), Fraction(offset))
    assert one(f.norm(1)) == pytest.approx(l1, abs=1e-15)
    assert one(f.norm(2)) == pytest.approx(l2, abs=1e-15)


def test_norms_are_those_of_a_fine_grid():
    source = random.Random(0)
    for _ in range(20):
        f = Affine(Fraction(source.randint(-9, 9), 4), Fraction(source.randint(-9, 9), 4))
        values = [float(f(Fraction(2 * i + 1, 4000))) for i in range(2000)]
        assert one(f.norm(1)) == pytest.approx(sum(map(abs, values)) / 2000, abs=1e-3)
        assert one(f.norm(2)) == pytest.approx((sum(v * v for v in values) / 2000) ** 0.5, abs=1e-3)


def test_composition_differences_and_errors_by_hand():
    f, g = Affine(Fraction(2), Fraction(1)), Affine(Fraction(-3), Fraction(5))
    assert composed([f, g]) == Affine(Fraction(-6), Fraction(2))
    assert composed([]) == Affine(Fraction(1))
    assert f.minus(g) == Affine(Fraction(5), Fraction(-4))
    assert f.away(g, Fraction(0), Fraction(1)) == 4
    assert (f.lipschitz, g.lipschitz) == (2, 3)
    chain = Chain((f, g), (Affine(Fraction(2), Fraction(2)), g))
    assert chain.error == 3
    assert chain.local == [1, 0]


def test_errors_that_add_up_and_random_chains_stay_below_their_sum():
    for depth in range(1, 6):
        chain = attaining(Fraction(3, 2), depth, Fraction(1, 8))
        assert chain.error == sum(Fraction(3, 2) ** j for j in range(depth)) / 8
    source = random.Random(1)
    for _ in range(30):
        chain = random_chain(source, 4, (1, 3))
        assert all(1 <= constant <= 3 for constant in chain.lipschitz)
        bound = Fraction(0)
        for constant, local in zip(chain.lipschitz, chain.local, strict=True):
            bound = constant * bound + local
        assert 0 < chain.error <= bound
