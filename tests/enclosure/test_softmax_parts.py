"""What an average with softmax weights is put together from: each bound by hand, or against what it is said to be."""

import math

import pytest
import torch
from random_models import Points, random_model, violations

from varexp.enclosure.aliasing import Interpolant
from varexp.enclosure.basis import ring
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.rounding import gamma
from varexp.enclosure.softmax import (
    add_remainders,
    assemble,
    average,
    bound_change,
    bound_weights,
    divide_sums,
    propagate_score_symbols,
    propagate_value_symbols,
    times_reciprocal,
)
from varexp.enclosure.softmax_sums import Scores, bound_values
from varexp.enclosure.symbols import Symbol

P = torch.tensor([[[0.5, 0.3, 0.2]]], dtype=torch.float64)


def tensor(*rows):
    return torch.tensor(rows, dtype=torch.float64)


def model(polynomial, generators=(), remainder=0.0):
    """Of one cell: polynomials (coefficients, rows, columns), generators (symbols, rows, columns)."""
    polynomial = tensor(*polynomial)[:, None]
    G = tensor(*generators)[:, None] if generators else polynomial[:0]
    R = torch.zeros_like(polynomial[0]) + torch.as_tensor(remainder, dtype=torch.float64)
    magnitude = (polynomial.abs().sum(dim=0) + G.abs().sum(dim=0) + R) * (1 + gamma(16))
    return ChebyshevModel(ring(1, len(polynomial) - 1), polynomial, G, R, magnitude, tuple(Symbol() for _ in G))


def close(found, *expected):
    return torch.allclose(found.flatten(), tensor(*expected).flatten(), rtol=1e-10, atol=0)


@pytest.mark.parametrize("level", [[0.25, 0.1, -0.05], [-0.3, 0.0, 0.2]])
def test_weights_are_at_most_what_scores_and_level_make_of_them(level):
    """p_j e^{u_j(t)} e^{|δ_j| + max|δ|}, largest over t, where u_j = S_j − c_j − ℓ; |u_j + ℓ_0| may reach its sum."""
    shifts = [[0.0, 0.0, 0.0], [0.5, 0.2, -0.4], [0.3, 0.1, 0.3]]
    off = [0.1, 0.02, 0.3]
    exponents = tensor(*shifts)[:, None, None]
    log_p = torch.log(P * 1.6)
    exponents[0] = log_p
    x = model([[row] for row in shifts], remainder=tensor(off))
    known = tensor(*level).reshape(3, 1, 1, 1)
    scores = Scores(log_p, P, exponents.clone(), torch.full((1, 1, 1), 1 / 1.6, dtype=torch.float64))
    rounding, most = bound_weights(x, scores, known)
    for j in range(3):
        varying = [shifts[k][j] - level[k] for k in (1, 2)]
        p, slack, eta = float(P[0, 0, j]), off[j] + max(off), sum(map(abs, varying))
        for t in (-1.0, -0.2, 0.4, 1.0):
            weight = p * math.exp(varying[0] * t + varying[1] * (2 * t * t - 1) - level[0])
            assert weight * math.exp(slack) <= float(most[0, 0, j])
        exact = p * math.exp(eta + slack - level[0])
        assert exact <= float(most[0, 0, j]) <= exact * (1 + 1e-12)
        allowed = gamma(3) * (eta - math.log(1.6 * p) + sum(map(abs, level))) + gamma(6)
        assert float(rounding[0, 0, j]) >= allowed


def test_the_rounding_of_weights_is_relative_to_their_exponents():
    log_p = tensor([[0.0, -500.0, 0.0]])
    x, level = model([[[0.0] * 3], [[0.0, 0.0, 100.0]]]), tensor(0.0, 300.0).reshape(2, 1, 1, 1)
    exponents = torch.stack([log_p, tensor([[0.0, 0.0, 100.0]])])
    rounding, _ = bound_weights(x, Scores(log_p, P, exponents, torch.ones(1, 1, 1).double()), level)
    for j, size in enumerate((600.0, 1100.0, 500.0)):
        assert size * gamma(2) <= float(rounding[0, 0, j]) <= size * gamma(64)


def test_a_level_that_scores_cancel_is_rounded_all_the_same():
    """u = 1000·T_1 − (−1000 + 1000·T_1)."""
    x, level = model([[[0.0] * 3], [[1000.0] * 3]]), tensor(-1000.0, 1000.0).reshape(2, 1, 1, 1)
    exponents = torch.stack([tensor([[0.0] * 3]), tensor([[1000.0] * 3])])
    rounding, _ = bound_weights(x, Scores(exponents[0].clone(), P, exponents, torch.ones(1, 1, 1).double()), level)
    assert bool((rounding >= 2000 * gamma(2)).all())


def test_an_exponent_that_is_rounded_makes_no_weight_too_small():
    """For large exponents the rounding of e^u exceeds a rounding of the bound."""
    x, level = model([[[0.0] * 3], [[30.0] * 3]]), torch.zeros(2, 1, 1, 1, dtype=torch.float64)
    exponents = tensor([[[-20.0] * 3]], [[[30.0] * 3]])
    rounding, most = bound_weights(x, Scores(exponents[0], P, exponents, torch.ones(1, 1, 1).double()), level)
    assert bool((most >= math.exp(10.0) * (1 + 1.9 * rounding)).all())


def test_weights_are_bounded_with_the_reciprocal_of_their_sum():
    """ζ = 1 + |1/z − 1|: 1.1 ± 0.05 and 0.9 ± 0.05 are both within 0.15 of 1."""
    for centre in (1.1, 0.9):
        reciprocal = model([[[centre]], [[0.03]], [[0.0]]], remainder=0.02)
        assert close(times_reciprocal(P.clone(), reciprocal), 0.575, 0.345, 0.23)


def test_weights_change_by_what_level_and_bound_say():
    """most·e^{ℓ_0 + |ℓ_0|} − p."""
    most, none = tensor([[0.6, 0.35, 0.21]]), torch.zeros(1, 1, 3, dtype=torch.float64)
    up, down = (tensor(*level).reshape(2, 1, 1, 1) for level in ([0.2, 0.9], [-0.2, 5.0]))
    e = math.exp(0.4)
    assert close(bound_change(P, none, most.clone(), up), 0.6 * e - 0.5, 0.35 * e - 0.3, 0.21 * e - 0.2)
    assert close(bound_change(P, none, most.clone(), down), 0.1, 0.05, 0.01)
    rounded = bound_change(P, none + 1e-3, most.clone(), down)
    assert bool((rounded >= tensor([[0.1, 0.05, 0.01]]) + 1.99e-3 * P).all())
    assert bool((bound_change(P, none, P.clone(), down * 0) >= gamma(6) * P).all())


VALUES = model([[[1.0], [-2.0], [4.0]], [[0.5], [-0.25], [0.0]]], remainder=tensor([0.1], [0.2], [0.4]))
SYMBOLIC = [[[0.2, -0.4, 0.6]], [[-0.1, 0.0, 0.2]]]


def test_symbols_of_scores_move_the_average_towards_their_values():
    """Σ p_j G_j (V_j0 − a_0); what is left out: Σ p_j Σ_s|G_js| (|V_j − V_j0| + |a − a_0|)."""
    x, a = model([[[0.0] * 3], [[0.0] * 3]], SYMBOLIC), model([[[0.7]], [[0.1]]])
    remainder = torch.full((1, 1, 1), 0.01, dtype=torch.float64)
    deviation = torch.full((1, 1, 1), 0.3, dtype=torch.float64)
    generators = propagate_score_symbols(x, bound_values(VALUES), P, a, deviation, remainder)
    weighted = [[0.1, -0.12, 0.12], [-0.05, 0.0, 0.04]]
    moved = [sum(w * (v - 0.7) for w, v in zip(row, (1.0, -2.0, 4.0), strict=True)) for row in weighted]
    assert close(generators, *moved)
    sizes = [0.5 * 0.3, 0.3 * 0.4, 0.2 * 0.8]
    assert close(remainder, 0.01 + 0.5 * sizes[0] + 0.25 * sizes[1] + 0.3 * sum(sizes))


@pytest.mark.parametrize("before", [0, 2])
def test_symbols_of_values_are_averaged_and_join_those_of_scores(before):
    v = model([[[0.0], [0.0], [0.0]], [[0.0], [0.0], [0.0]]], [[[0.3], [-0.2], [0.1]], [[0.0], [0.5], [-0.5]]])
    change, remainder = tensor([[0.01, 0.02, 0.04]]), torch.full((1, 1, 1), 0.1, dtype=torch.float64)
    generators = tensor(1.0, -3.0).reshape(2, 1, 1, 1)[:before]
    found = propagate_value_symbols(v, P, change, generators, remainder)
    averaged = [0.5 * 0.3 - 0.3 * 0.2 + 0.2 * 0.1, 0.3 * 0.5 - 0.2 * 0.5]
    assert close(found, *(g + own for g, own in zip([1.0, -3.0] if before else [0.0, 0.0], averaged, strict=True)))
    assert close(remainder, 0.1 + 0.01 * 0.3 + 0.02 * 0.7 + 0.04 * 0.6)


def test_remainders_of_values_are_averaged_but_exceed_none():
    v, nothing = bound_values(VALUES), torch.zeros(1, 1, 3, dtype=torch.float64)
    for most, expected in ((P, 0.5 * 0.1 + 0.3 * 0.2 + 0.2 * 0.4), (3 * P, 0.4)):
        remainder = torch.full((1, 1, 1), 0.01, dtype=torch.float64)
        add_remainders(v, most, nothing, torch.ones(1, 1, 1).double(), remainder)
        assert close(remainder, 0.01 + expected)
    moved, remainder = tensor([[0.01, 0.02, 0.03]]), torch.zeros(1, 1, 1, dtype=torch.float64)
    add_remainders(v, 0 * P, moved, torch.full((1, 1, 1), 0.7, dtype=torch.float64), remainder)
    assert close(remainder, 0.01 * 1.5 + 0.02 * 2.25 + 0.03 * 4.0 + 0.06 * 0.7)


@pytest.mark.parametrize("column", [0, 1])
def test_the_noise_of_sums_is_relative_to_the_values(column):
    """Values of size 5 or 0.1, of which all sums are 0: their quotient by z = 1 is off by twice the noise."""
    v = bound_values(model([[[5.0, 0.1]] * 3, [[0.0, 0.0]] * 3]))
    sums = torch.zeros(2, 1, 1, 3, dtype=torch.float64)
    sums[0, ..., -1] = 1.0
    none, rounding = torch.zeros(1, 1, 3, dtype=torch.float64), tensor([[1e-6, 2e-6, 3e-6]])
    a, reciprocal = divide_sums(Interpolant(sums, none, none), P, rounding, v, ring(1, 1))
    noise = 2 * (0.5e-6 + 0.6e-6 + 0.6e-6)
    assert float(a.remainder[..., column]) >= noise * (5.0, 0.1)[column]
    assert float(a.remainder[..., column]) <= 20 * noise * (5.0, 0.1)[column]
    assert float(reciprocal.remainder) >= noise


def test_a_quotient_of_sums_contains_and_is_no_larger_than_it_says():
    """Σ = 2 − t and z = 1 + t/4, each off by 0.01 or 0.02 of the interpolation and by 0.03 above the order."""
    sums = torch.zeros(2, 1, 1, 2, dtype=torch.float64)
    sums[:, 0, 0, 0], sums[:, 0, 0, 1] = torch.tensor([2.0, -1.0]), torch.tensor([1.0, 0.25])
    above, error = tensor([[0.03, 0.03]]), tensor([[0.01, 0.02]])
    nothing = torch.zeros(1, 1, 1, dtype=torch.float64)
    v = bound_values(model([[[3.0]], [[0.0]]]))
    a, reciprocal = divide_sums(Interpolant(sums, above, error), nothing, nothing, v, ring(1, 1))
    for t in (-1.0, -0.3, 0.5, 1.0):
        for up, down in ((0.04, -0.05), (-0.04, 0.05), (0.04, 0.05)):
            z = 1 + t / 4 + down
            for found, exact in ((a, (2 - t + up) / z), (reciprocal, 1 / z)):
                value = float(found.polynomial[0]) + t * float(found.polynomial[1])
                assert abs(exact - value) <= float(found.remainder)
                assert abs(exact) <= float(found.magnitude)


def test_the_size_of_a_sum_counts_what_it_is_off_by():
    sums, off = tensor([[[2.0, 1.0]]], [[[0.0, 0.0]]]), tensor([[0.05, 0.0]])
    v, nothing = bound_values(model([[[3.0]], [[0.0]]])), torch.zeros(1, 1, 1, dtype=torch.float64)
    a, _ = divide_sums(Interpolant(sums, 0 * off, off), nothing, nothing, v, ring(1, 1))
    assert 2.05 <= float(a.magnitude) <= 2.06


@pytest.mark.parametrize("whose", ["scores", "values"])
def test_a_rounding_is_allowed_for_each_symbol(whose):
    many, none = [[[0.001] * 3]] * 300, model([[[0.0] * 3], [[0.0] * 3]])
    x = model([[[0.0] * 3], [[0.0] * 3]], many) if whose == "scores" else none
    values = model([[[1.0]] * 3, [[0.0]] * 3], [[[0.001]] * 3] * 300 if whose == "values" else ())
    generators = torch.full((300, 1, 1, 1), 0.001, dtype=torch.float64)
    remainder, largest = tensor([[0.05]]), tensor([[1.0]])
    found = assemble(x, bound_values(values), model([[[0.9]], [[0.0]]]), generators, remainder, largest)
    assert float(found.remainder) >= 0.05 * (1 + gamma(300))
    assert len(found.symbols) == 300


def test_an_average_stays_within_its_values_and_its_size_counts_everything():
    x = model([[[0.0] * 3], [[0.0] * 3]], SYMBOLIC)
    v, a = bound_values(VALUES), model([[[0.7]], [[0.1]]])
    generators, remainder = tensor(0.2, -0.3).reshape(2, 1, 1, 1), torch.full((1, 1, 1), 0.05, dtype=torch.float64)
    found = assemble(x, v, a, generators, remainder.clone(), torch.full((1, 1, 1), 0.8, dtype=torch.float64))
    assert found.symbols == x.symbols
    assert close(found.magnitude, 0.8 + 0.05 + 0.5)
    assert float(found.remainder) >= 0.05 * (1 + gamma(6))
    wide = assemble(x, v, a, generators, remainder + 100, torch.full((1, 1, 1), 0.8, dtype=torch.float64))
    assert float(wide.magnitude) <= 10


@pytest.mark.parametrize("shares", [(2, 0), (0, 2), (2, 2), (0, 0)])
def test_averages_of_uncertain_values_are_contained_whoever_has_symbols(shares):
    """Scores and values with symbols and large remainders, the weights far from equal."""
    shared = tuple(Symbol() for _ in range(2))
    for seed in range(3):
        x = random_model(seed, 1, 3, shared[: shares[0]], 0.4, shape=(4, 3, 5))
        v = random_model(seed + 7, 1, 3, shared[: shares[1]], 0.4, shape=(4, 5, 2))
        x.polynomial[0] *= 2
        x.magnitude = 3 * x.magnitude
        points = Points(seed + 1, 1, shared)
        exact = torch.softmax(points.values(x), dim=-1) @ points.values(v)
        middle = torch.zeros(1, 2, dtype=torch.float64)
        assert violations(average(x, v, middle), points, exact) == 0
        assert violations(average(x, v, middle + 3.0), points, exact) == 0
