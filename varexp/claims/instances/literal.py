"""Definition 3.2 as it is printed, in fractions."""

import random
from collections.abc import Callable
from fractions import Fraction

Kernel = Callable[[Fraction], Fraction]
Image = list[list[Fraction]]


def bernstein(kernel: Kernel, left: int) -> list[Fraction]:
    """Bernstein coefficients on [left, left + 1] of a kernel that is a cubic there: its range lies between them."""
    x = [Fraction(left) + Fraction(i, 3) for i in range(4)]
    p0, p1, p2, p3 = (kernel(v) if v != left + 1 else kernel(Fraction(left + 1)) for v in x)
    return [p0, (-5 * p0 + 18 * p1 - 9 * p2 + 2 * p3) / 6, (2 * p0 - 9 * p1 + 18 * p2 - 5 * p3) / 6, p3]


def literal_layer(kernel: Kernel, image: Image, size: int) -> Image:
    """Def 3.2 in fractions, i and j from 0, border clamped: Σ_{s,t} W(s) X_{⌊i h/h'⌋+s, ⌊j w/w'⌋+t} W(t)."""
    h = len(image)

    def pixel(i: int, s: int) -> int:
        return min(max(i * h // size + s, 0), h - 1)

    steps = (-1, 0, 1, 2)
    return [
        [
            sum(
                (
                    kernel(Fraction(s)) * image[pixel(i, s)][pixel(j, t)] * kernel(Fraction(t))
                    for s in steps
                    for t in steps
                ),
                Fraction(0),
            )
            for j in range(size)
        ]
        for i in range(size)
    ]


def random_image(source: random.Random, size: int) -> Image:
    """Whole numbers from −99 to 99."""
    return [[Fraction(source.randint(-99, 99)) for _ in range(size)] for _ in range(size)]


def separable(U: Image, image: Image) -> Image:
    """U X Uᵀ."""
    rows = [
        [sum((u * x for u, x in zip(line, column, strict=True)), Fraction(0)) for column in zip(*image, strict=True)]
        for line in U
    ]
    return [[sum((u * x for u, x in zip(line, row, strict=True)), Fraction(0)) for line in U] for row in rows]


def largest(a: Image, b: Image) -> Fraction:
    """max |a − b| over the pixels."""
    return max(abs(x - y) for row, other in zip(a, b, strict=True) for x, y in zip(row, other, strict=True))
