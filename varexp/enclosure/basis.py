"""Polynomials in the Chebyshev basis: T_e of bounded total degree in variables that each run over [-1, 1].

T_e(t) = Π T_{e_v}(t_v) is at most 1 in size. Products and functions are formed by interpolation at Chebyshev nodes;
what that loses is bounded where they are used.
"""

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


class Grid:
    """The zeros of T_count along every variable, and the maps between values there and coefficients.

    `values` (nodes, coefficients) evaluates. `coefficients` (coefficients, nodes) interpolates and cuts off what is
    above the order: nothing, in one variable at order + 1 nodes.
    """

    def __init__(self, shape: "Ring", count: int) -> None:
        if count <= shape.order:
            raise ValueError(f"polynomials of order {shape.order} need more nodes than that, got {count}")
        self.count, self.variables = count, shape.variables
        angles = (2 * np.arange(count) + 1) * np.pi / (2 * count)
        one = np.cos(np.arange(count)[:, None] * angles)  # T_degree at the nodes
        inside = [reduce(np.multiply.outer, [one[a] for a in e], np.ones(())).reshape(-1) for e in shape.powers]
        weights = np.array([2.0 ** sum(a > 0 for a in e) for e in shape.powers])[:, None] / count**self.variables
        self.values = torch.from_numpy(np.stack(inside, axis=1))
        self._moving = self.values[:, 1:].contiguous()
        self.coefficients = torch.from_numpy(np.stack(inside) * weights)
        self._along = torch.from_numpy(one * np.where(np.arange(count) > 0, 2.0, 1.0)[:, None] / count)
        self._inside = torch.tensor([sum(a * count**i for i, a in enumerate(reversed(e))) for e in shape.powers])
        self.cuts = count**self.variables > len(shape)
        # what errors of values may add up to in coefficients, and in the interpolant, where nothing is cut off
        self.weight = float(self._along.abs().sum()) ** self.variables * (1 + 1e-9)
        self.lebesgue = lebesgue(count) ** self.variables

    def __len__(self) -> int:
        return self.count**self.variables

    def at_nodes(self, P: Tensor) -> Tensor:
        """Values (nodes, ...) of polynomials; the constant is added last, so that it is rounded once."""
        return apply(self._moving, P[1:]).add_(P[0])

    def interpolant(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Its coefficients within the ring, and the absolute sum of the others; `values` (nodes, ...) are changed.

        The value at one node is taken off on the way, so that the transform rounds what varies alone.
        """
        first = values[0].clone()
        x = values.sub_(first)
        for axis in range(self.variables):
            ahead = (self.count**axis,) if axis else ()
            x = self._along @ x.reshape(*ahead, self.count, -1)
        x = x.reshape(values.shape)
        if self.variables == 1:
            P, others = x[: len(self._inside)], x[len(self._inside) :]
        else:
            P, others = x[self._inside], x.index_fill_(0, self._inside, 0.0)
        P[0].add_(first)
        return P, others.abs_().sum(dim=0)


def lebesgue(count: int) -> float:
    """How much larger than its values at the nodes an interpolant in one variable can be (Rivlin 1990, thm 1.2)."""
    return 1 + 2 / math.pi * math.log(count)


def apply(matrix: Tensor, x: Tensor) -> Tensor:
    """A matrix on the first axis."""
    return (matrix @ x.reshape(len(x), math.prod(x.shape[1:]))).reshape(len(matrix), *x.shape[1:])


class Ring:
    """T_e of total degree <= order, sorted by degree. Coefficients lie along the first axis of a tensor."""

    def __init__(self, variables: int, order: int) -> None:
        if variables < 0 or order < 0:
            raise ValueError(f"a ring needs variables >= 0 and order >= 0, got {variables} and {order}")
        self.variables, self.order = variables, order
        exponents = itertools.product(range(order + 1), repeat=variables)
        self.powers = sorted((e for e in exponents if sum(e) <= order), key=sum)
        self.degrees = [sum(e) for e in self.powers]
        self.start = [sum(d < j for d in self.degrees) for j in range(order + 2)]  # first of each degree
        # T_e T_f is the mean of 2^variables terms, the one of |e − f| is kept; any other is off by 2 at most
        self.lost = 2 - 2.0 ** (1 - variables)
        self.middle = torch.tensor(
            [math.prod((0.0 if a % 2 else (-1.0) ** (a // 2)) for a in e) for e in self.powers], dtype=torch.float64
        )  # T_e(0)
        self._grids: dict[int, Grid] = {}

    def __len__(self) -> int:
        return len(self.powers)

    def grid(self, count: int | None = None) -> Grid:
        """Nodes, `count` along every variable; order + 1 by default, which is enough for what lies in the ring."""
        count = self.order + 1 if count is None else count
        if count not in self._grids:
            self._grids[count] = Grid(self, count)
        return self._grids[count]

    def by_degree(self, absolute: Tensor) -> Tensor:
        """Sums over the coefficients of each degree."""
        if self.variables == 1:
            return absolute
        parts = [absolute[a:b].sum(dim=0) for a, b in itertools.pairwise(self.start)]
        return torch.stack(parts)

    def range_matrix(self) -> Float[Tensor, "products bernstein"]:
        """From the coefficients of all products T_e T_f to the Bernstein coefficients of degree 2·order.

        The range of a polynomial over a box lies between its least and its largest Bernstein coefficient there
        (Farouki 2012). The cell is cut into PIECES parts along every variable first.
        """
        return _bernstein(self.variables, self.order, 2)

    def linear_range_matrix(self) -> Float[Tensor, "coefficients bernstein"]:
        """The same for a polynomial itself: Bernstein coefficients of degree `order`."""
        return _bernstein(self.variables, self.order, 1)


@lru_cache(maxsize=64)
def ring(variables: int, order: int) -> Ring:
    """The ring of this shape, made once."""
    return Ring(variables, order)


@lru_cache(maxsize=64)
def _bernstein(variables: int, order: int, factors: int) -> Tensor:
    powers = ring(variables, order).powers
    products = [(e, f) for e in powers for f in powers] if factors == 2 else [(e, (0,) * variables) for e in powers]
    pieces = PIECES.get(variables, 1)
    edges = [Fraction(2 * i - pieces, pieces) for i in range(pieces + 1)]
    degree = factors * order
    table = {ends: [_on_interval(m, degree, *ends) for m in range(degree + 1)] for ends in itertools.pairwise(edges)}
    blocks = []
    for box in itertools.product(itertools.pairwise(edges), repeat=variables):
        rows = []
        for e, f in products:  # T_e T_f = (T_{e+f} + T_{|e−f|})/2
            pairs = zip(box, e, f, strict=True)
            axes = [(table[ends][a + b] + table[ends][abs(a - b)]) / 2 for ends, a, b in pairs]
            rows.append(reduce(torch.kron, axes, torch.ones(1, dtype=torch.float64)))
        blocks.append(torch.stack(rows))
    return torch.cat(blocks, dim=1)


@lru_cache(maxsize=256)
def chebyshev(degree: int) -> tuple[int, ...]:
    """T_degree by powers of t."""
    if degree < 2:
        return ((1,), (0, 1))[degree]
    twice, last = [0, *(2 * a for a in chebyshev(degree - 1))], chebyshev(degree - 2)
    return tuple(a - b for a, b in itertools.zip_longest(twice, last, fillvalue=0))


def substituted(polynomial: tuple[int, ...], left: Fraction, width: Fraction) -> list[Fraction]:
    """By powers of s, at left + width·s."""
    out = [Fraction(0)] * len(polynomial)
    for power, a in enumerate(polynomial):
        for j in range(power + 1):
            out[j] += a * math.comb(power, j) * width**j * left ** (power - j)
    return out


def _on_interval(m: int, degree: int, left: Fraction, right: Fraction) -> Tensor:
    """Bernstein coefficients of T_m over [left, right], correctly rounded."""
    monomial = substituted(chebyshev(m), left, right - left)
    values = [
        sum((Fraction(math.comb(i, j), math.comb(degree, j)) * monomial[j] for j in range(min(i, m) + 1)), Fraction())
        for i in range(degree + 1)
    ]
    return torch.tensor([float(value) for value in values], dtype=torch.float64)
