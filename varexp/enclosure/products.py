"""Products of Chebyshev models, entry by entry and of matrices.

Let a = Σ A_e T_e + Σ a_s y_s + r_a with |r_a| <= R_a, and b likewise. The product of the polynomials is formed by
interpolation at order + 1 nodes, and the generators of the product are a_0 b_s + a_s b_0. The remainder takes the rest.
With A_d = Σ |A_e| over the e of degree d (B_d likewise), k the order, λ = Ring.product_loss, and
tail_j = λ Σ_{d>=j} B_d + uncertainty_b, the rest is at most

(1) A_0 R_b + Σ_{d>=1} A_d tail_{k+1−d} + Σ|a_s| tail_1 + R_a (Σ_d B_d + uncertainty_b):

* of a product A_e T_e · B_f T_f with degrees d + j <= k nothing is lost, of any other at most λ|A_e||B_f|;
* A_e T_e with e ≠ 0 meets the whole uncertainty of b, and A_0 its remainder alone;
* a symbol meets all of b but the constant (λ >= 1), and the remainder of a meets all of b.

(2) Rounding is relative to M = magnitude_a·magnitude_b. A product by `op` at a node, of constants or of generators is
off by at most γ of the inner length times M; `noise` times an error at the nodes bounds that of the interpolant.
The varying part, M − A_0 B_0, passes evaluation and transform as well: γ of all these lengths, times the transform's
weight.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from varexp.enclosure.basis import Grid, apply_matrix
from varexp.enclosure.combining import align_pair
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.rounding import TINY, gamma

Product = Callable[[Tensor, Tensor], Tensor]


def multiply(a: ChebyshevModel, b: ChebyshevModel) -> ChebyshevModel:
    """a·b entry by entry, with broadcasting."""
    a, b = align_pair(a, b)
    of_b = a.polynomial[0] * b.generators if len(b.generators) else None
    of_a = a.generators * b.polynomial[0] if len(a.generators) else None
    return _product(a, b, _add_generators(of_b, of_a, a, b, torch.mul), torch.mul, 1)


def contract(a: ChebyshevModel, b: ChebyshevModel) -> ChebyshevModel:
    """a @ b, over the last axis of a and the last but one of b."""
    a, b = align_pair(a, b.drop_row_symbols())
    of_b = _matmul_each(a.polynomial[0], b.generators) if len(b.generators) else None
    of_a = a.generators @ b.polynomial[0] if len(a.generators) else None
    return _product(a, b, _add_generators(of_b, of_a, a, b, torch.matmul), torch.matmul, a.remainder.shape[-1])


def _add_generators(
    of_b: Tensor | None, of_a: Tensor | None, a: ChebyshevModel, b: ChebyshevModel, op: Product
) -> Tensor:
    """The generators a_0 b_s + a_s b_0 of the product; an empty tensor if there are none."""
    if of_b is not None and of_a is not None:
        return of_b + of_a
    if of_b is not None:
        return of_b
    return op(a.polynomial[0], b.polynomial[0])[None][:0] if of_a is None else of_a


def _matmul_each(a: Tensor, matrices: Tensor) -> Tensor:
    """a @ matrices[s] for every s, as one product."""
    side_by_side = matrices.movedim(0, -2).flatten(-2)
    return (a @ side_by_side).unflatten(-1, (len(matrices), matrices.shape[-1])).movedim(-2, 0)


def _product(a: ChebyshevModel, b: ChebyshevModel, generators: Tensor, op: Product, inner: int) -> ChebyshevModel:
    """The product by `op`, whose sums have `inner` summands, with these generators."""
    grid = a.ring.grid()
    polynomial = _product_polynomial(a, b, grid, op)
    A, B = a.degree_sums(), b.degree_sums()
    remainder = _truncation(a, b, A, B, op)
    magnitude = op(a.magnitude, b.magnitude).mul_(1 + gamma(inner + 4)).add_(TINY)
    # (2): the varying part passes two evaluations at nodes, the product by `op` and the transform
    count = inner + len(grid) + 2 * len(a.ring) + max(len(a.generators), len(b.generators)) + 16
    noise = grid.weight if grid.truncates else grid.lebesgue  # truncation may undo cancellation between coefficients
    remainder.add_(magnitude, alpha=(2 * noise + 4) * gamma(inner + 8))
    remainder.add_((magnitude - op(A[0], B[0])).clamp_min_(0), alpha=(grid.weight + 4) * gamma(count))
    remainder.mul_(1 + gamma(inner + 6 * a.ring.order + 32)).add_(TINY)
    magnitude.mul_(1 + grid.weight * gamma(count))
    return ChebyshevModel(a.ring, polynomial, generators, remainder, magnitude, a.symbols or b.symbols)


def _truncation(a: ChebyshevModel, b: ChebyshevModel, A: Tensor, B: Tensor, op: Product) -> Tensor:
    """(1), for the degree sums A of a and B of b."""
    order, uncertainty = a.ring.order, b.uncertainty()
    tails = [uncertainty]  # tail_{order+1}, then downwards to tail_1
    for degree in range(order, 0, -1):
        tails.append(torch.add(tails[-1], B[degree], alpha=a.ring.product_loss))
    bound = op(A[0], b.remainder).add_(op(a.remainder, uncertainty + B.sum(dim=0)))
    for degree in range(1, order + 1):
        bound.add_(op(A[degree], tails[degree]))
    if len(a.generators):
        bound.add_(op(a.generators.abs().sum(dim=0), tails[order]))
    return bound


def _product_polynomial(a: ChebyshevModel, b: ChebyshevModel, grid: Grid, op: Product) -> Tensor:
    """The product of the polynomials, interpolated and truncated.

    The product of the constants is subtracted before the transform, whose rounding is then relative to the rest.
    """
    constant = op(a.polynomial[0], b.polynomial[0])
    values = op(grid.at_nodes(a.polynomial), grid.at_nodes(b.polynomial)).sub_(constant)
    polynomial = apply_matrix(grid.interpolation, values)
    polynomial[0].add_(constant)
    return polynomial
