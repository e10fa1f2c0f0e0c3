"""Taylor models of matrices: on u in [-1, 1] every entry is a polynomial of u plus a ball.

The coefficients are thin balls, and all that a polynomial of the fixed degree cannot hold is in `rest`, so that sums
and products enclose the exact ones. One order alone is interval arithmetic at a point.
"""

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import NamedTuple

from flint import arb, arb_mat

UNIT_BALL = arb(0, 1)


class Taylor(NamedTuple):
    """The matrix Σ_k orders[k]·u^k + rest."""

    orders: list[arb_mat]
    rest: arb_mat

    def of_orders(self, change: Callable[[arb_mat], arb_mat]) -> "Taylor":
        """The image under a linear map of matrices."""
        return Taylor([change(order) for order in self.orders], change(self.rest))

    def after(self, matrix: arb_mat) -> "Taylor":
        """matrix·X."""
        return self.of_orders(lambda order: matrix * order)

    def times(self, matrix: arb_mat) -> "Taylor":
        """X·matrix."""
        return self.of_orders(lambda order: order * matrix)

    def scaled(self, number: arb) -> "Taylor":
        """number·X."""
        return self.of_orders(lambda order: order * number)

    def shifted(self, matrix: arb_mat) -> "Taylor":
        """X + matrix."""
        return Taylor([self.orders[0] + matrix, *self.orders[1:]], self.rest)

    def transposed(self) -> "Taylor":
        """The transpose of X."""
        return self.of_orders(lambda order: order.transpose())

    def plus(self, other: "Taylor") -> "Taylor":
        """X + other."""
        orders = [a + b for a, b in zip(self.orders, other.orders, strict=True)]
        return Taylor(orders, self.rest + other.rest)

    def minus(self, other: "Taylor") -> "Taylor":
        """X − other."""
        return self.plus(other.scaled(arb(-1)))

    def split(self, column: int) -> tuple["Taylor", "Taylor"]:
        """The columns before a column, and the others."""
        left, right = (
            self.of_orders(lambda order, part=part: arb_mat([line[part] for line in order.tolist()]))  # type: ignore[misc]
            for part in (slice(column), slice(column, None))
        )
        return left, right

    def tails(self) -> list[arb_mat]:
        """Balls that hold Σ_{j >= k} orders[j]·u^(j−k) for k = 1, …, n, the last being 0."""
        balls = [order * UNIT_BALL for order in self.orders[1:]]
        zero = arb_mat(self.rest.nrows(), self.rest.ncols())
        return list(accumulate(reversed(balls), lambda a, b: a + b, initial=zero))[::-1]

    def reach(self) -> arb_mat:
        """Balls that hold all values."""
        return self.orders[0] + self.tails()[0] + self.rest

    def product(self, other: "Taylor") -> "Taylor":
        """X·other; the orders that do not fit are in `rest`."""
        n, tails = len(self.orders), other.tails()
        orders = []
        for k in range(n):
            found = self.orders[0] * other.orders[k]
            for i in range(1, k + 1):
                found += self.orders[i] * other.orders[k - i]
            orders.append(found)
        own = self.orders[0] + self.tails()[0]
        rest = own * other.rest + self.rest * other.reach()
        for i in range(1, n):
            rest += self.orders[i] * tails[n - i - 1]
        return Taylor(orders, rest)

    def columns(self) -> list[tuple[list[arb], arb]]:
        """Every entry, row by row: its coefficients and its ball."""
        coefficients = zip(*(order.entries() for order in self.orders), strict=True)
        return [(list(c), ball) for c, ball in zip(coefficients, self.rest.entries(), strict=True)]

    def entrywise(self, change: Callable[[list[arb], arb], tuple[list[arb], arb]]) -> "Taylor":
        """Every entry changed by a function of its coefficients and its ball."""
        return matrix_of([change(*entry) for entry in self.columns()], self.rest.nrows(), self.rest.ncols())


def matrix_of(entries: Sequence[tuple[list[arb], arb]], rows: int, columns: int) -> Taylor:
    """The matrix with these entries, row by row."""
    orders = zip(*(coefficients for coefficients, _ in entries), strict=True)
    made = [arb_mat(rows, columns, list(order)) for order in orders]
    return Taylor(made, arb_mat(rows, columns, [ball for _, ball in entries]))
