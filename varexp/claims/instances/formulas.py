"""The printed formulas of layers in balls and fractions: rows are tokens."""

from collections.abc import Sequence
from fractions import Fraction

from flint import arb

Matrix = list[list[arb]]


def product(a: Matrix, b: Matrix) -> Matrix:
    """A B."""
    columns = list(zip(*b, strict=True))
    return [[_sum([x * y for x, y in zip(row, column, strict=True)]) for column in columns] for row in a]


def transpose(a: Matrix) -> Matrix:
    """Aᵀ."""
    return [list(column) for column in zip(*a, strict=True)]


def plus(a: Matrix, b: Matrix) -> Matrix:
    """A + B, or A with the one row of B added to each of its rows."""
    rows = b * len(a) if len(b) == 1 else b
    return [[x + y for x, y in zip(row, other, strict=True)] for row, other in zip(a, rows, strict=True)]


def times(a: Matrix, b: Matrix) -> Matrix:
    """Entry by entry."""
    return [[x * y for x, y in zip(row, other, strict=True)] for row, other in zip(a, b, strict=True)]


def relu(a: Matrix) -> Matrix:
    """max(0, x) of each entry."""
    return [[x.max(arb(0)) for x in row] for row in a]


def softmax(row: Sequence[arb]) -> list[arb]:
    """B.1: exp(z)/⟨exp(z), 1⟩."""
    weights = [x.exp() for x in row]
    total = _sum(weights)
    return [w / total for w in weights]


def attention(x: Matrix, query: Matrix, key: Matrix, value: Matrix) -> Matrix:
    """B.2, B.3: D^{-1} A X W_V with A = exp(X W_Q W_Kᵀ Xᵀ)."""
    scores = product(product(x, query), transpose(product(x, key)))
    return product(product([softmax(row) for row in scores], x), value)


def feed_forward(x: Matrix, into: Matrix, into_bias: Matrix, out: Matrix, out_bias: Matrix) -> Matrix:
    """B.5: X + W² relu(W¹ X + b¹) + b² on every token, weights as they stand there (hidden x width, width x hidden)."""
    hidden = relu(plus(product(x, transpose(into)), into_bias))
    return plus(x, plus(product(hidden, transpose(out)), out_bias))


def layer_norm(x: Matrix) -> Matrix:
    """C.9: (X_j − μ_j)/σ_j."""
    result = []
    for row in x:
        mean = _sum(row) / len(row)
        deviation = (_sum([(v - mean) ** 2 for v in row]) / len(row)).sqrt()
        result.append([(v - mean) / deviation for v in row])
    return result


def convolution(
    x: Sequence[Sequence[Sequence[Fraction]]], kernels: Sequence[Sequence[Sequence[Sequence[Fraction]]]]
) -> list[list[Fraction]]:
    """B.6 in fractions on an image [i][j][c] with kernels [l][m][n][c]: tokens row by row, zero outside."""
    side = len(x)

    def pixel(i: int, j: int, c: int) -> Fraction:
        return x[i][j][c] if 0 <= i < side and 0 <= j < side else Fraction(0)

    def entry(i: int, j: int, kernel: Sequence[Sequence[Sequence[Fraction]]]) -> Fraction:
        return sum(
            (
                pixel(i + m - 1, j + n - 1, c) * w
                for m, line in enumerate(kernel)
                for n, tap in enumerate(line)
                for c, w in enumerate(tap)
            ),
            Fraction(0),
        )

    return [[entry(i, j, kernel) for kernel in kernels] for i in range(side) for j in range(side)]


def _sum(values: Sequence[arb]) -> arb:
    total = arb(0)
    for value in values:
        total += value
    return total
