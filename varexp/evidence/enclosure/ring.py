"""Truncated polynomials: monomials of bounded total degree in variables that each run over [-1, 1]."""

import itertools
import math
from fractions import Fraction
from functools import lru_cache, reduce

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

PIECES = {1: 4, 2: 2, 3: 1}  # parts per variable on which the range of a polynomial is read off; more variables: 1


@lru_cache(maxsize=4096)  # slow enough to be worth remembering
def broadcast(*shapes: tuple[int, ...]) -> torch.Size:
    """The shape of what tensors of these shapes make together (torch's own function imports sympy first)."""
    return torch.Size(np.broadcast_shapes(*shapes))


class Ring:
    """Monomials of total degree <= order, sorted by degree. Coefficients lie along the first axis of a tensor."""

    def __init__(self, variables: int, order: int) -> None:
        if variables < 0 or order < 0:
            raise ValueError(f"a ring needs variables >= 0 and order >= 0, got {variables} and {order}")
        self.variables, self.order = variables, order
        exponents = itertools.product(range(order + 1), repeat=variables)
        self.powers = sorted((e for e in exponents if sum(e) <= order), key=sum)
        self.degrees = [sum(e) for e in self.powers]
        self.start = [sum(d < j for d in self.degrees) for j in range(order + 2)]  # first monomial of each degree
        self._position = {e: i for i, e in enumerate(self.powers)}
        self._shifts: dict[tuple[int, int, int], Tensor] = {}
        sums = [tuple(map(sum, zip(e, f, strict=True))) for e in self.powers for f in self.powers]
        self.most = max(sums.count(e) for e in self.powers)  # products that add up to one coefficient, at most

    def __len__(self) -> int:
        return len(self.powers)

    def shift(self, i: int, low: int, high: int) -> Tensor:
        """Where monomial i times each monomial of degree low..high lies."""
        key = (i, low, high)
        if key not in self._shifts:
            others = self.powers[self.start[low] : self.start[high + 1]]
            sums = [tuple(map(sum, zip(self.powers[i], f, strict=True))) for f in others]
            self._shifts[key] = torch.tensor([self._position[e] for e in sums], dtype=torch.long)
        return self._shifts[key]

    def add_product(self, out: Tensor, i: int, a: Tensor, b: Tensor, low: int, high: int) -> None:
        """out += (monomial i with coefficient a) · (the part of b of degree low..high), entrywise, in place."""
        part = b[self.start[low] : self.start[high + 1]]
        if len(part) == 0:
            return
        if self.variables == 1:
            out[i + low : i + high + 1].addcmul_(a, part)
        else:
            out.index_add_(0, self.shift(i, low, high), a * part)

    def multiply(self, a: Tensor, b: Tensor) -> Tensor:
        """The truncated product, entrywise."""
        out = a[0] * b
        b = b.expand(out.shape)
        for i, degree in enumerate(self.degrees[1:], start=1):
            self.add_product(out, i, a[i], b, 0, self.order - degree)
        return out

    def horner(self, coefficients: list[Tensor], u: Tensor) -> Tensor:
        """Σ_m coefficients[m]·u^m truncated, for u without constant term."""
        k = self.order
        out = coefficients[k].expand(u.shape[1:])[None].clone()
        for degree in range(1, k + 1):  # out is known to this degree afterwards
            count = self.start[degree + 1]
            previous, out = out, u.new_empty(count, *u.shape[1:])
            out[0] = coefficients[k - degree]
            torch.mul(previous[0], u[1:count], out=out[1:])
            for i in range(1, len(previous)):
                self.add_product(out, i, previous[i], u, 1, degree - self.degrees[i])
        return out

    def exponential(self, u: Tensor) -> Tensor:
        """exp(u) truncated, for u without constant term: by degrees, d·E_d = Σ_{j=1}^d j·u_j·E_{d−j} (Euler)."""
        out = torch.empty_like(u)
        out[0] = 1.0
        weighted = [u[e] * d for e, d in enumerate(self.degrees)]
        for degree in range(1, self.order + 1):
            own = slice(self.start[degree], self.start[degree + 1])
            torch.mul(u[own], degree, out=out[own])
            for i in range(1, self.start[degree]):
                left = degree - self.degrees[i]
                self.add_product(out, i, weighted[i], out, left, left)
            out[own].div_(degree)
        return out

    def by_degree(self, absolute: Tensor) -> Tensor:
        """Sums over the monomials of each degree."""
        if self.variables == 1:
            return absolute
        parts = [absolute[a:b].sum(dim=0) for a, b in itertools.pairwise(self.start)]
        return torch.stack(parts)

    def range_matrix(self) -> Float[Tensor, "monomials_squared coefficients"]:
        """From the coefficients of all products of two monomials to the Bernstein coefficients of degree 2·order.

        The range of a polynomial over a box lies between its least and its largest Bernstein coefficient there
        (Farouki 2012). The cell is cut into PIECES parts along every variable first.
        """
        return _bernstein(self.variables, self.order, 2)

    def linear_range_matrix(self) -> Float[Tensor, "monomials coefficients"]:
        """The same for a polynomial itself: Bernstein coefficients of degree `order`."""
        return _bernstein(self.variables, self.order, 1)


@lru_cache(maxsize=64)
def ring(variables: int, order: int) -> Ring:
    """The ring of this shape, made once."""
    return Ring(variables, order)


@lru_cache(maxsize=64)
def _bernstein(variables: int, order: int, factors: int) -> Tensor:
    powers = ring(variables, order).powers
    if factors == 2:
        powers = [tuple(map(sum, zip(e, f, strict=True))) for e in powers for f in powers]
    pieces = PIECES.get(variables, 1)
    edges = [Fraction(2 * i - pieces, pieces) for i in range(pieces + 1)]
    boxes = itertools.product(itertools.pairwise(edges), repeat=variables)
    degree = factors * order
    blocks = []
    for box in boxes:
        axes = [torch.stack([_on_interval(a, degree, *ends) for a in range(degree + 1)]) for ends in box]
        one = torch.ones(1, dtype=torch.float64)
        blocks.append(torch.stack([reduce(torch.kron, [axes[v][a] for v, a in enumerate(e)], one) for e in powers]))
    return torch.cat(blocks, dim=1)


def _on_interval(power: int, degree: int, left: Fraction, right: Fraction) -> Tensor:
    """Bernstein coefficients of t^power over [left, right], correctly rounded."""
    width = right - left
    monomial = [math.comb(power, j) * width**j * left ** (power - j) for j in range(power + 1)]  # in s of [0, 1]
    values = [
        sum(
            (Fraction(math.comb(i, j), math.comb(degree, j)) * monomial[j] for j in range(min(i, power) + 1)),
            Fraction(),
        )
        for i in range(degree + 1)
    ]
    return torch.tensor([float(value) for value in values], dtype=torch.float64)
