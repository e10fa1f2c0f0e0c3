"""Polynomials in the Chebyshev basis: T_e of bounded total degree in variables that each run over [-1, 1].

T_e(t) = Π T_{e_v}(t_v) is at most 1 in absolute value. Products and functions are formed by interpolation at Chebyshev
nodes; `products` and `aliasing` bound what interpolation loses.
"""

import itertools
import math
from fractions import Fraction
from functools import lru_cache, reduce

import numpy as np
import torch
from flint import arb, fmpq
from jaxtyping import Float
from torch import Tensor

from varexp.enclosure.tabulated import tabulate

# A range is read off Bernstein coefficients on so many parts of the cell per variable (1 in more variables). More parts
# make a range sharper and slower; it is an enclosure on any number of parts.
PIECES = {1: 4, 2: 2, 3: 1}


@lru_cache(maxsize=4096)  # slow enough to be worth remembering
def broadcast_shapes(*shapes: tuple[int, ...]) -> torch.Size:
    """The shape that tensors of these shapes broadcast to (torch's own function imports sympy first)."""
    return torch.Size(np.broadcast_shapes(*shapes))


class Grid:
    """The zeros of T_count along every variable, and the maps between values there and coefficients.

    `evaluation` (nodes, coefficients) maps coefficients to values. `interpolation` (coefficients, nodes) maps values to
    the coefficients within the ring. `truncates` says whether the interpolant has other coefficients as well; in one
    variable at order + 1 nodes it has none. An error of at most 1 in every value adds up to at most `weight` in the
    absolute sum of all coefficients, and to at most `lebesgue` in the interpolant.
    """

    def __init__(self, ring: "Ring", count: int) -> None:
        if count <= ring.order:
            raise ValueError(f"polynomials of order {ring.order} need more nodes than that, got {count}")
        self.count, self.variables = count, ring.variables
        one = _chebyshev_at_nodes(count)
        inside = [reduce(np.multiply.outer, [one[a] for a in e], np.ones(())).reshape(-1) for e in ring.powers]
        weights = np.array([2.0 ** sum(a > 0 for a in e) for e in ring.powers])[:, None] / count**self.variables
        self.evaluation = torch.from_numpy(np.stack(inside, axis=1))
        self._evaluation_without_constant = self.evaluation[:, 1:].contiguous()
        self.interpolation = torch.from_numpy(np.stack(inside) * weights)
        self._transform = torch.from_numpy(one * np.where(np.arange(count) > 0, 2.0, 1.0)[:, None] / count)
        self._inside = torch.tensor([sum(a * count**i for i, a in enumerate(reversed(e))) for e in ring.powers])
        self.truncates = count**self.variables > len(ring)
        self.weight = float(self._transform.abs().sum()) ** self.variables * (1 + 1e-9)
        self.lebesgue = lebesgue_bound(count) ** self.variables

    def __len__(self) -> int:
        return self.count**self.variables

    def at_nodes(self, polynomial: Tensor) -> Tensor:
        """Values (nodes, ...) of polynomials; the constant is added last, so that it is rounded once."""
        return apply_matrix(self._evaluation_without_constant, polynomial[1:]).add_(polynomial[0])

    def interpolate(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """The interpolant's coefficients within the ring, and the absolute sum of its other coefficients.

        The value at the first node is subtracted before the transform, whose rounding is then relative to differences
        of values, and added to the constant coefficient afterwards.

        Args:
            values: (nodes, ...); overwritten.
        """
        first = values[0].clone()
        x = values.sub_(first)
        for axis in range(self.variables):
            leading = (self.count**axis,) if axis else ()
            x = self._transform @ x.reshape(*leading, self.count, -1)
        x = x.reshape(values.shape)
        if self.variables == 1:
            polynomial, outside = x[: len(self._inside)], x[len(self._inside) :]
        else:
            polynomial, outside = x[self._inside], x.index_fill_(0, self._inside, 0.0)
        polynomial[0].add_(first)
        return polynomial, outside.abs_().sum(dim=0)


def _chebyshev_at_nodes(count: int) -> np.ndarray:
    """T_degree (degrees, nodes) at the zeros of T_count, each rounded once."""
    turns = [fmpq(degree * (2 * node + 1), 2 * count) for degree in range(count) for node in range(count)]
    return tabulate(lambda turn: arb.cos_pi(arb(turn)), turns).reshape(count, count).numpy()


def lebesgue_bound(count: int) -> float:
    """Λ = 1 + (2/π) log N: an interpolant at N nodes of one variable is at most Λ times its largest value there
    (Rivlin 1990, thm 1.2)."""
    return 1 + 2 / math.pi * math.log(count)


def apply_matrix(matrix: Tensor, x: Tensor) -> Tensor:
    """Multiply the first axis of x by a matrix from the left."""
    return (matrix @ x.reshape(len(x), math.prod(x.shape[1:]))).reshape(len(matrix), *x.shape[1:])


class Ring:
    """The polynomials Σ P_e T_e of total degree <= order. Coefficients lie along the first axis of a tensor, sorted by
    degree; `powers` lists the exponents e."""

    def __init__(self, variables: int, order: int) -> None:
        if variables < 0 or order < 0:
            raise ValueError(f"a ring needs variables >= 0 and order >= 0, got {variables} and {order}")
        self.variables, self.order = variables, order
        exponents = itertools.product(range(order + 1), repeat=variables)
        self.powers = sorted((e for e in exponents if sum(e) <= order), key=sum)
        self.degrees = [sum(e) for e in self.powers]
        self.degree_starts = [sum(d < j for d in self.degrees) for j in range(order + 2)]
        # T_e T_f is the mean of 2^variables terms T_g with g_v = |e_v ± f_v|. Interpolation at order + 1 nodes puts
        # ±T_h or 0 in the place of a term (Trefethen 2013, thm 4.2), so that it loses at most 2 of each. It loses at
        # most 1 of two of these terms, or 0 of one (ALGEBRA.md).
        self.product_loss = 2 - 2.0 ** (1 - variables)
        self.values_at_middle = torch.tensor(
            [math.prod((0.0 if a % 2 else (-1.0) ** (a // 2)) for a in e) for e in self.powers], dtype=torch.float64
        )  # T_e(0)
        self._grids: dict[int, Grid] = {}

    def __len__(self) -> int:
        return len(self.powers)

    def grid(self, count: int | None = None) -> Grid:
        """The grid of `count` nodes along every variable; order + 1 by default, which determine a polynomial of the
        ring."""
        count = self.order + 1 if count is None else count
        if count not in self._grids:
            self._grids[count] = Grid(self, count)
        return self._grids[count]

    def sum_by_degree(self, absolute: Tensor) -> Tensor:
        """Sums (order + 1, ...) over the coefficients of each degree."""
        if self.variables == 1:
            return absolute
        parts = [absolute[a:b].sum(dim=0) for a, b in itertools.pairwise(self.degree_starts)]
        return torch.stack(parts)

    def bernstein_of_products(self) -> Float[Tensor, "products bernstein"]:
        """The matrix from coefficients of all products T_e T_f to Bernstein coefficients of degree 2·order.

        The range of a polynomial over a box lies between its least and its largest Bernstein coefficient there
        (Farouki 2012). The cell is cut into PIECES parts along every variable first.
        """
        return _bernstein(self.variables, self.order, 2)

    def bernstein_of_polynomials(self) -> Float[Tensor, "coefficients bernstein"]:
        """The matrix from coefficients to Bernstein coefficients of degree `order`, in the same way."""
        return _bernstein(self.variables, self.order, 1)


@lru_cache(maxsize=64)
def ring(variables: int, order: int) -> Ring:
    """The ring of these sizes, made once."""
    return Ring(variables, order)


@lru_cache(maxsize=64)
def _bernstein(variables: int, order: int, factors: int) -> Tensor:
    powers = ring(variables, order).powers
    products = [(e, f) for e in powers for f in powers] if factors == 2 else [(e, (0,) * variables) for e in powers]
    pieces = PIECES.get(variables, 1)
    edges = [Fraction(2 * i - pieces, pieces) for i in range(pieces + 1)]
    degree = factors * order
    intervals = list(itertools.pairwise(edges))
    table = {ends: [_bernstein_of_chebyshev(m, degree, *ends) for m in range(degree + 1)] for ends in intervals}
    blocks = []
    for box in itertools.product(intervals, repeat=variables):
        rows = []
        for e, f in products:  # T_e T_f = (T_{e+f} + T_{|e−f|})/2
            pairs = zip(box, e, f, strict=True)
            axes = [(table[ends][a + b] + table[ends][abs(a - b)]) / 2 for ends, a, b in pairs]
            rows.append(reduce(torch.kron, axes, torch.ones(1, dtype=torch.float64)))
        blocks.append(torch.stack(rows))
    return torch.cat(blocks, dim=1)


@lru_cache(maxsize=256)
def chebyshev_in_powers(degree: int) -> tuple[int, ...]:
    """The coefficients of T_degree by powers of t, constant first."""
    if degree < 2:
        return ((1,), (0, 1))[degree]
    twice, last = [0, *(2 * a for a in chebyshev_in_powers(degree - 1))], chebyshev_in_powers(degree - 2)
    return tuple(a - b for a, b in itertools.zip_longest(twice, last, fillvalue=0))


def substitute_affine(polynomial: tuple[int, ...], left: Fraction, width: Fraction) -> list[Fraction]:
    """The coefficients by powers of s of the polynomial at t = left + width·s."""
    out = [Fraction(0)] * len(polynomial)
    for power, a in enumerate(polynomial):
        for j in range(power + 1):
            out[j] += a * math.comb(power, j) * width**j * left ** (power - j)
    return out


def _bernstein_of_chebyshev(m: int, degree: int, left: Fraction, right: Fraction) -> Tensor:
    """The Bernstein coefficients of T_m over [left, right], correctly rounded."""
    monomial = substitute_affine(chebyshev_in_powers(m), left, right - left)
    values = [
        sum((Fraction(math.comb(i, j), math.comb(degree, j)) * monomial[j] for j in range(min(i, m) + 1)), Fraction())
        for i in range(degree + 1)
    ]
    return torch.tensor([float(value) for value in values], dtype=torch.float64)
