"""Lipschitz constants of float64 matrices as intervals, rounded outwards."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.enclosure.rounding import UNIT, gamma
from varexp.errors import bad_value
from varexp.theory.interval import Interval

Kind = Literal["exact", "upper"]
KINDS = get_args(Kind)


@dataclass(frozen=True)
class Constant(Interval):
    """A Lipschitz constant in [lower, upper].

    `kind` exact: the map has this constant. `kind` upper: the map has at most this constant, and the interval encloses
    the declared number, not the best one.
    """

    lower: float
    upper: float
    kind: Kind = "exact"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise bad_value("kind of a constant", self.kind, " or ".join(KINDS))
        if not 0 <= self.lower <= self.upper < math.inf:
            raise ValueError(f"a constant needs 0 <= lower <= upper < inf, got [{self.lower}, {self.upper}]")

    def __mul__(self, other: "Constant | float") -> "Constant":
        """The constant of a composition, ends rounded outwards."""
        factor = other if isinstance(other, Constant) else Constant(other, other)
        kind: Kind = "exact" if self.kind == factor.kind == "exact" else "upper"
        lower, upper = self.lower * factor.lower, self.upper * factor.upper
        if self.lower == self.upper and factor.lower == factor.upper and 1.0 in (self.upper, factor.upper):
            return Constant(lower, upper, kind)  # times 1 is exact
        return Constant(max(0.0, math.nextafter(lower, 0)), math.nextafter(upper, math.inf), kind)


def product_rounding(
    left: Float[Tensor, "rows inner"], right: Float[Tensor, "inner columns"]
) -> Float[Tensor, "rows columns"]:
    """Entrywise bound on the rounding error of `left @ right`: γ_k |left||right|."""
    return gamma(left.shape[1] + 2) * (left.abs() @ right.abs())


def singular_value_bounds(matrix: Float[Tensor, "rows columns"]) -> tuple[float, float]:
    """The largest singular value of a float64 matrix, as two ends that rounding cannot leave.

    With a computed A ≈ U S V^T, σ_max <= ‖U‖ ‖V‖ max S + ‖A − U S V^T‖_F, where ‖U‖² <= 1 + ‖U^T U − I‖_F; and
    σ_max >= ‖A v‖/‖v‖ for v = V_1. Each product of inner length k is off by at most γ_k |·||·| (Higham 2002, 3.13),
    which is added.
    """
    rows, columns = matrix.shape
    if rows == columns and torch.equal(matrix, torch.eye(rows, dtype=matrix.dtype)):
        return 1.0, 1.0
    u, s, vh = torch.linalg.svd(matrix, full_matrices=False)
    inner = gamma(max(matrix.shape) + 2)

    def size(x: Tensor, rounding: Tensor) -> float:  # Frobenius norm of x, whose entries are off by `rounding`
        return float((x.abs() + rounding).norm()) * (1 + gamma(x.numel() + 2))

    def spectral(q: Tensor) -> float:  # of nearly orthonormal columns
        defect = q.T @ q - torch.eye(q.shape[1], dtype=q.dtype)
        return math.sqrt(1 + size(defect, inner * (q.abs().T @ q.abs()) + UNIT)) * (1 + 4 * UNIT)

    residual = size(matrix - (u * s) @ vh, inner * ((u * s).abs() @ vh.abs() + matrix.abs()))
    upper = (spectral(u) * spectral(vh.T) * float(s[0]) + residual) * (1 + 8 * UNIT)
    v = vh[0]
    image = matrix @ v
    missed = size(torch.zeros_like(image), inner * (matrix.abs() @ v.abs()))
    lower = (float(image.norm()) * (1 - inner) - missed) / (float(v.norm()) * (1 + inner)) * (1 - 8 * UNIT)
    return max(lower, 0.0), upper
