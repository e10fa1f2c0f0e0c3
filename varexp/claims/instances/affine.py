"""Chains of scalar affine maps in fractions: every sup is attained at an end of an interval, so all of it is exact."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import arb

from varexp.claims.instances.contextual import ball


@dataclass(frozen=True)
class Affine:
    """x -> slope·x + offset, with Lipschitz constant |slope|."""

    slope: Fraction
    offset: Fraction = Fraction(0)

    def __call__(self, x: Fraction) -> Fraction:
        return self.slope * x + self.offset

    @property
    def lipschitz(self) -> Fraction:
        return abs(self.slope)

    def minus(self, other: "Affine") -> "Affine":
        """self − other."""
        return Affine(self.slope - other.slope, self.offset - other.offset)

    def norm(self, alpha: int) -> arb:
        """The norm in L_1 or L_2 on [0, 1], as a ball."""
        a, b = self.slope, self.offset
        if alpha == 2:
            return ball(a * a / 3 + a * b + b * b).sqrt()
        ends = (b, a + b)
        if ends[0] * ends[1] >= 0:
            return ball(abs(ends[0] + ends[1]) / 2)
        return ball((ends[0] ** 2 + ends[1] ** 2) / (2 * abs(a)))  # two triangles

    def after(self, first: "Affine") -> "Affine":
        """self∘first."""
        return Affine(self.slope * first.slope, self(first.offset))

    def away(self, other: "Affine", low: Fraction, high: Fraction) -> Fraction:
        """sup |self − other| between low and high."""
        return max(abs(self(x) - other(x)) for x in (low, high))


def composed(maps: Sequence[Affine]) -> Affine:
    """maps[-1]∘…∘maps[0]; the identity for none."""
    result = Affine(Fraction(1))
    for f in maps:
        result = f.after(result)
    return result


@dataclass(frozen=True)
class Chain:
    """Target stages F_i and model stages T_i on [0, 1]."""

    target: tuple[Affine, ...]
    model: tuple[Affine, ...]

    @property
    def error(self) -> Fraction:
        """sup ‖T_n…T_1 − F_n…F_1‖."""
        return composed(self.model).away(composed(self.target), Fraction(0), Fraction(1))

    @property
    def lipschitz(self) -> list[Fraction]:
        return [f.lipschitz for f in self.target]

    @property
    def local(self) -> list[Fraction]:
        """sup ‖F_i − T_i‖ on what the model visits, t_{i−1}([0, 1])."""
        found = []
        for i, (f, g) in enumerate(zip(self.target, self.model, strict=True)):
            before = composed(self.model[:i])
            found.append(f.away(g, before(Fraction(0)), before(Fraction(1))))
        return found


def attaining(lipschitz: Fraction, depth: int, error: Fraction) -> Chain:
    """F_i = L·x, T_i = L·x + e: the error is Σ_j L^{n−j} e at every x."""
    return Chain((Affine(lipschitz),) * depth, (Affine(lipschitz, error),) * depth)


def drawn(source: random.Random, low: int, high: int) -> Fraction:
    """A fraction between two integers."""
    return Fraction(source.randint(1000 * low, 1000 * high), 1000)


def random_chain(source: random.Random, depth: int, slope: tuple[int, int]) -> Chain:
    """Slopes of either sign with absolute values in `slope`; models that are off by a few hundredths."""
    target, model = [], []
    for _ in range(depth):
        f = Affine(drawn(source, *slope) * source.choice((-1, 1)), drawn(source, -1, 1))
        target.append(f)
        model.append(Affine(f.slope + drawn(source, -1, 1) / 50, f.offset + drawn(source, -1, 1) / 50))
    return Chain(tuple(target), tuple(model))
