"""constructed: chains of affine maps whose errors add up, against the printed formula, for K on both sides of 2."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from varexp.calculations.base import Calculation, Row, register
from varexp.claims.instances.affine import attaining
from varexp.errors import bad_value


@register("constructed")
@dataclass(frozen=True)
class Constructed(Calculation):
    """F_i = K·x and T_i = K·x + e on [0, 1]: a row for each K and depth, in fractions."""

    K: list[float] = field(default_factory=lambda: [2.1])
    depth: list[int] = field(default_factory=lambda: [1, 2, 3])

    def rows(self) -> Iterator[Row]:
        for name, values in (("K", self.K), ("depth", self.depth)):
            for value in values:
                if not value > 0:
                    raise bad_value(name, value, "above 0")
        for K in self.K:
            for depth in self.depth:
                slope, off = Fraction(str(K)), Fraction(1, 100)
                error, printed = attaining(slope, depth, off).error, slope**depth * off
                yield {
                    "K": K,
                    "depth": depth,
                    "eps_interpolation": 0.0,
                    "eps_block": float(off),
                    "error": float(error),
                    "bound_printed": float(printed),
                    "ratio": float(error / printed),
                    "above": error > printed,
                }
