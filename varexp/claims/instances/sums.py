"""Checks of Theorem 5.6: how the errors of n blocks add up, on chains of affine maps in fractions."""

import random
from collections.abc import Callable, Sequence
from fractions import Fraction

from flint import arb

from varexp.claims.evidence import Comparison, Evidence, Instance, at_most, below, equal, evidence
from varexp.claims.instances.affine import Affine, Chain, attaining, random_chain
from varexp.claims.instances.literal import separable
from varexp.maps.interpolation import resize_matrix
from varexp.theory.bounds import printed, telescoped

SEED = 0
SMALL = Fraction(1, 100)
Factor = Fraction | int


Bound = Callable[[Sequence[Fraction], Sequence[Fraction]], Fraction]


def bounded(chains: Sequence[Chain], bound: Bound, scale: Factor = 1, least: Fraction | None = None) -> Evidence:
    """error <= scale·bound(L, local errors) for every chain; hypothesis max L > least."""
    instances = []
    for chain in chains:
        conclusion = at_most("error <= bound", chain.error, scale * bound(chain.lipschitz, chain.local))
        hypotheses = () if least is None else (below(f"{least} < K_2", least, max(chain.lipschitz)),)
        what = f"{len(chain.target)} stages, K_2 = {float(max(chain.lipschitz)):g}"
        instances.append(Instance(what, (conclusion,), hypotheses))
    return Evidence(tuple(instances), seed=SEED)


def family(constants: Sequence[str], depths: Sequence[int]) -> list[Chain]:
    return [attaining(Fraction(c), depth, SMALL) for c in constants for depth in depths]


def random_family(slope: tuple[int, int]) -> list[Chain]:
    source = random.Random(SEED)
    return [random_chain(source, depth, slope) for depth in (1, 2, 3, 5, 8) for _ in range(20)]


def shifted_power(shift: int) -> Bound:
    def bound(lipschitz: Sequence[Fraction], local: Sequence[Fraction]) -> Fraction:
        return max(lipschitz) ** (len(local) + shift) * max(local)

    return bound


ABOVE_2 = [*family(("2.001", "2.5", "3", "10"), (1, 2, 3, 4, 8)), *random_family((3, 5))]
BELOW_2 = family(("1.5",), (2, 10)) + family(("1",), (10,)) + family(("0.5",), (1, 5)) + family(("1.9",), (5, 10))


def constant_of_g(product: bool = False, slope: Fraction = Fraction(3)) -> Evidence:
    """f = 10x, g = slope·x − 0.01, Φ = slope·x, τ = f, two stages: K_2 = Lip(g) against Lip(f∘g)."""
    f, g, phi = Affine(Fraction(10)), Affine(slope, -SMALL), Affine(slope)
    chain = Chain((f.after(g),) * 2, (f.after(phi),) * 2)
    constant = f.lipschitz * g.lipschitz if product else g.lipschitz
    bound = constant**2 * (f.lipschitz * SMALL)
    return evidence(
        f"f = τ = 10x, g = {slope}x − 0.01, Φ = {slope}x, n = 2", at_most("error <= K_2^2 K_1 ε_1", chain.error, bound)
    )


def visited(on_target: bool, steep: Fraction = Fraction(10**6)) -> Evidence:
    """F_1 = 3x, T_1 = 3x + 0.01, F_2 = 3y, T_2 = 3y + steep·relu(y − 3), at x = 1."""
    x = Fraction(1)
    t_1 = 3 * x + SMALL
    error = abs(3 * t_1 + steep * max(t_1 - 3, Fraction(0)) - 9 * x)
    eps_2 = Fraction(0) if on_target else steep * max(t_1 - 3, Fraction(0))  # on F_1(D) = [0, 3], or on T_1(D)
    local = [SMALL, eps_2]
    conclusions = [
        at_most("error at x = 1 <= K_2^2 max(e_j)", error, printed([Fraction(3)] * 2, local)),
        *([] if on_target else [at_most("error <= the telescoped bound", error, telescoped([Fraction(3)] * 2, local))]),
    ]
    return evidence("two stages on [0, 1], the second steep beyond 3", *conclusions, error=float(error))


def any_index(indices: Sequence[int] | None = None) -> Evidence:
    """K_2^n (K_1 ε_1 + ε_2) at one stage i, where only stage 1 errs."""
    chain = Chain((Affine(Fraction(3)),) * 2, (Affine(Fraction(3), SMALL), Affine(Fraction(3))))
    conclusions = [
        at_most(f"error <= K_2^n local_{i + 1}", chain.error, 9 * chain.local[i]) for i in indices or range(2)
    ]
    return evidence("F_i = 3x, T_1 = 3x + 0.01, T_2 = 3x", *conclusions)


def threshold(depth: int, width: Fraction = Fraction(1, 10**12)) -> tuple[Fraction, Fraction]:
    """Where Σ_{j<n} L^j = L^n for L >= 1, between two fractions: the n-bonacci constant, by bisection."""
    low, high = Fraction(1), Fraction(2)
    while high - low > width:
        middle = Fraction(round((low + high) / 2 * 10**15), 10**15)
        if sum(middle**j for j in range(depth)) <= middle**depth:
            high = middle
        else:
            low = middle
    return low, high


def tribonacci() -> arb:
    """The real root of x³ = x² + x + 1."""
    inner = 3 * arb(33).sqrt()
    return (1 + (19 + inner).root(3) + (19 - inner).root(3)) / 3


CLOSED: dict[int, Callable[[], arb]] = {2: lambda: (1 + arb(5).sqrt()) / 2, 3: tribonacci}


def thresholds(off: Fraction = Fraction(0), depths: Sequence[int] = (2, 3, 4, 5, 8)) -> Evidence:
    """Below the n-bonacci constant plus `off` the formula fails on the attaining chain, above it holds.

    For two and three blocks the constants are known in closed form, (1 + √5)/2 and the tribonacci constant.
    """
    instances, numbers = [], {}
    for depth in depths:
        low, high = threshold(depth)
        numbers[f"n = {depth}"] = f"{float(high):.6f}"
        under, over = (attaining(end + off, depth, SMALL) for end in (low, high))
        conclusions: list[Comparison] = [
            below("just below: bound < error", printed(under.lipschitz, under.local), under.error),
            at_most("just above: error <= bound", over.error, printed(over.lipschitz, over.local)),
        ]
        if depth in CLOSED:
            closed = CLOSED[depth]()
            conclusions += [
                below("low < closed form", low + off, closed),
                below("closed form < high", closed, high + off),
            ]
        instances.append(Instance(f"n = {depth}, L in [{float(low):.12f}, {float(high):.12f}]", tuple(conclusions)))
    return Evidence(tuple(instances), numbers)


def never_attained(constants: Sequence[str] = ("2", "3", "10")) -> Evidence:
    instances = []
    for chain in family(constants, (1, 2, 4, 8)):
        strict = below("error < printed bound", chain.error, printed(chain.lipschitz, chain.local))
        instances.append(Instance(f"L = {chain.lipschitz[0]}, n = {len(chain.target)}", (strict,)))
    return Evidence(tuple(instances))


def attained_on_images(scale: Factor = 1, sizes: Sequence[int] = (2, 4, 8, 16)) -> Evidence:
    """1 -> 2 -> 4 -> 8 -> 16 with nearest Φ_i, f_i = 3X, g_i = Φ_i + 0.001, τ_i = 3X − 0.002, at every pixel."""
    K, eps_1, eps_2 = Fraction(3), Fraction(1, 1000), Fraction(2, 1000)
    t = y = [[Fraction(7, 10)]]
    for size in sizes:
        U = [[Fraction(w) for w in row] for row in resize_matrix("nearest", size // 2, size).tolist()]
        y = [[K * (v + eps_1) for v in row] for row in separable(U, y)]
        t = [[K * v - eps_2 for v in row] for row in separable(U, t)]
    errors = {abs(a - b) for row, other in zip(t, y, strict=True) for a, b in zip(row, other, strict=True)}
    bound = scale * telescoped([K] * len(sizes), [K * eps_1 + eps_2] * len(sizes))
    conclusions = [equal("error = telescoped bound, every pixel", error, bound) for error in sorted(errors)]
    return evidence(
        f"literal residual blocks, nearest, 1x1 to {sizes[-1]}x{sizes[-1]}", *conclusions, error=float(max(errors))
    )
