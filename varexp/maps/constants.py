"""Lipschitz constants as intervals: what float64 matrices really have, rounded outwards."""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.maps.norms import NormName, check_norm

Kind = Literal["exact", "upper"]
UNIT = 2.0**-53  # unit roundoff of float64


@dataclass(frozen=True)
class Constant:
    """A Lipschitz constant in [lower, upper].

    `kind` exact: the map has this constant. `kind` upper: the map has at most this constant, and the interval encloses
    the declared number, not the best one.
    """

    lower: float
    upper: float
    kind: Kind = "exact"

    def __post_init__(self) -> None:
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


def enclose_operator_norm(
    matrix: Float[Tensor, "rows columns"], norm: NormName, off_by: Float[Tensor, "rows columns"] | None = None
) -> Constant:
    """Operator norm of a float64 matrix as an interval that rounding cannot leave.

    `off_by` bounds, entry by entry, how far the matrix is from the one meant (see `product_rounding`).

    max: row sums by fsum, which is correctly rounded. rms, frobenius: with a computed A ≈ U S V^T,
    σ_max <= ‖U‖ ‖V‖ max S + ‖A − U S V^T‖_F, where ‖U‖² <= 1 + ‖U^T U − I‖_F; and σ_max >= ‖A v‖/‖v‖ for v = V_1.
    Each product of inner length k is off by at most γ_k |·||·| (Higham 2002, 3.13), which is added.
    """
    if check_norm(norm) == "max":
        best = max(math.fsum(abs(entry) for entry in row) for row in matrix.tolist())
        missed = 0.0 if off_by is None else float(off_by.sum(dim=1).max()) * (1 + gamma(off_by.shape[1] + 2))
        return Constant(max(0.0, math.nextafter(best - missed, 0)), math.nextafter(best + missed, math.inf))
    rows, columns = matrix.shape
    lower, upper = _singular_value_bounds(matrix)
    if off_by is not None:
        missed = float(off_by.norm()) * (1 + gamma(off_by.numel() + 2))
        lower, upper = max(lower - missed, 0.0), (upper + missed) * (1 + 2 * UNIT)
    scale = math.sqrt(columns / rows) if norm == "rms" else 1.0
    slack = 0.0 if scale == 1.0 else 4 * UNIT
    return Constant(lower * scale * (1 - slack), upper * scale * (1 + slack))


def product_rounding(
    left: Float[Tensor, "rows inner"], right: Float[Tensor, "inner columns"]
) -> Float[Tensor, "rows columns"]:
    """Entrywise bound on the rounding error of `left @ right`: γ_k |left||right|."""
    return gamma(left.shape[1] + 2) * (left.abs() @ right.abs())


def _singular_value_bounds(matrix: Tensor) -> tuple[float, float]:
    identity = torch.eye(len(matrix), dtype=matrix.dtype)
    if matrix.shape == identity.shape and torch.equal(matrix, identity):
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


def gamma(k: int) -> float:
    """γ_k = k u/(1 − k u), a little rounded up: the relative error of k roundings in float64."""
    return k * UNIT / (1 - k * UNIT) * (1 + 4 * UNIT)
