"""What a file of tensors is not free to choose: scale maps, orthogonal matrices and the basis of the words.

They are given in float64; here they are compared with what they are said to be, up to rounding.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from flint import arb, arb_mat

from varexp.audit.tensors import Tensors

ROUNDING = 1e-12
ORTHOGONAL = ("inner", "outer")


def complaints(row: Mapping[str, Any], tensors: Tensors) -> Iterator[str]:
    """What is not as it is said to be, each by its name."""
    sides = row["sides"]
    for index in range(row["depth"]):
        prefix = f"target.{index}."
        if not close(tensors[f"{prefix}scale_map"].matrix(), scale_map(sides[index], sides[index + 1])):
            yield f"{prefix}scale_map is not the cosine interpolant"
        for name in (f"{prefix}{part}" for part in ORTHOGONAL):
            if name in tensors and not orthonormal(tensors[name].matrix(), 1):
                yield f"{name} is not orthogonal"
    basis = tensors["domain.basis"]
    if not orthonormal(arb_mat([part.numbers for part in basis.slices()]), math.prod(basis.shape[1:])):
        yield "domain.basis is not orthonormal in rms"


def scale_map(side_in: int, side_out: int) -> arb_mat:
    """g as U⊗U: entry (i, j) of U is (1 + 2 Σ_k cos(π k (2i+1)/2m) cos(π k (2j+1)/2n))/n, 0 < k < min(n, m)."""

    def entry(i: int, j: int) -> arb:
        angles = [(k * arb(2 * i + 1) / (2 * side_out), k * arb(2 * j + 1) / (2 * side_in)) for k in range(1, count)]
        return (1 + 2 * sum((a.cos_pi() * b.cos_pi() for a, b in angles), arb(0))) / side_in

    count = min(side_in, side_out)
    lines = [[entry(i, j) for j in range(side_in)] for i in range(side_out)]
    return arb_mat([[a * b for a in first for b in second] for first in lines for second in lines])


def close(a: arb_mat, b: arb_mat) -> bool:
    """Whether two matrices have one shape and are equal up to rounding."""
    if (a.nrows(), a.ncols()) != (b.nrows(), b.ncols()):
        return False
    return all(abs(difference) < ROUNDING for difference in (a - b).entries())


def orthonormal(rows: arb_mat, square: int) -> bool:
    """Whether the rows of a matrix are orthogonal to each other and have a square norm, up to rounding."""
    count = rows.nrows()
    identity = arb_mat([[int(i == j) for j in range(count)] for i in range(count)])
    return close(rows * rows.transpose() * (arb(1) / square), identity)
