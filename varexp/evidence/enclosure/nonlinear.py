"""Products and compositions of Taylor models."""

import torch
from torch import Tensor

from varexp.evidence.enclosure.matrices import TINY
from varexp.evidence.enclosure.ring import Ring, broadcast, ring
from varexp.evidence.enclosure.taylor import Expansion, TaylorModel, _owner, same_symbols
from varexp.maps.constants import UNIT, gamma

SMALL = 8  # a contraction over at most so many entries is done for all pairs of monomials at once


def multiply(a: TaylorModel, b: TaylorModel) -> TaylorModel:
    """a·b entrywise, with broadcasting."""
    a, b = same_symbols(a, b)
    P = a.ring.multiply(a.P, b.P)
    G = _symbols(a.P[0] * b.G if len(b.G) else None, a.G * b.P[0] if len(a.G) else None, P)
    return _finish(a, b, P, G, torch.mul, 1)


def contract(a: TaylorModel, b: TaylorModel) -> TaylorModel:
    """a @ b over the last axis of a and the last but one of b."""
    a, b = same_symbols(a, b)
    inner = a.R.shape[-1]
    P = _small_contraction(a.ring, a.P, b.P) if inner <= SMALL else _large_contraction(a.ring, a.P, b.P)
    left = _matmul_many(a.P[0], b.G) if len(b.G) else None
    G = _symbols(left, a.G @ b.P[0] if len(a.G) else None, P)
    return _finish(a, b, P, G, torch.matmul, inner)


def _symbols(one: Tensor | None, two: Tensor | None, P: Tensor) -> Tensor:
    """Σ_s (a_0 b_s + a_s b_0) y_s, none for both."""
    if one is not None and two is not None:
        return one + two
    if one is not None:
        return one
    return P[:0] if two is None else two


def _finish(a: TaylorModel, b: TaylorModel, P: Tensor, G: Tensor, op, inner: int) -> TaylorModel:  # type: ignore[no-untyped-def]
    """Everything that P and G leave out: products of degree above the order, of symbols, of remainders; rounding.

    By degrees, with tail_j = Σ_{d>=j} B_d + rest_b: a_0·R_b + Σ_{d>=1} A_d·tail_{k+1−d} + |G_a|·tail_1 + R_a·tail_0.
    """
    k = a.ring.order
    A, B, rest = a.degrees(), b.degrees(), b.rest()
    tails = [rest]  # tail_{k+1}, then downwards
    for d in range(k, -1, -1):
        tails.append(tails[-1] + B[d])
    R = op(A[0], b.R).add_(op(a.R, tails[k + 1]))
    for d in range(1, k + 1):
        R.add_(op(A[d], tails[d]))
    if len(a.G):
        R.add_(op(a.G.abs().sum(dim=0), tails[k]))
    # the constant has `inner` products to add up; what has more comes with at least one factor of a higher degree
    count = inner * (a.ring.most + 4) + len(a.ring) + max(len(a.G), len(b.G)) + 8
    size = op(a.size, b.size).mul_(1 + gamma(inner + 4)).add_(TINY)
    constant = op(A[0], B[0])
    R.add_((size - constant).clamp_min_(0).mul_(gamma(count))).add_(constant.mul_(gamma(inner + 4)))
    R.mul_(1 + gamma(count + 4 * k + 16)).add_(TINY)
    return TaylorModel(a.ring, P, G, R, size, _owner(a, b))


def _small_contraction(shape: Ring, a: Tensor, b: Tensor) -> Tensor:
    """For each output monomial one product over (pair of factors, contracted entries)."""
    pairs: list[list[tuple[int, int]]] = [[] for _ in shape.powers]
    for i, degree in enumerate(shape.degrees):
        for j, e in enumerate(shape.shift(i, 0, shape.order - degree).tolist()):
            pairs[e].append((i, j))
    batch = broadcast(a.shape[1:-2], b.shape[1:-2])
    out = a.new_empty(len(shape), *batch, a.shape[-2], b.shape[-1])
    for e, found in enumerate(pairs):
        left = torch.cat([a[i] for i, _ in found], dim=-1)
        right = torch.cat([b[j] for _, j in found], dim=-2)
        torch.matmul(left, right, out=out[e])
    return out


def _large_contraction(shape: Ring, a: Tensor, b: Tensor) -> Tensor:
    """For each monomial of a one product with all the monomials of b that it may meet, side by side."""
    columns = b.shape[-1]
    beside = _beside(b)  # ..., inner, monomials*columns
    out = None
    for i, degree in enumerate(shape.degrees):
        count = shape.start[shape.order - degree + 1]
        part = (a[i] @ beside[..., : count * columns]).unflatten(-1, (count, columns))
        if out is None:
            out = part  # the constant meets every monomial
        else:
            out.index_add_(-2, shape.shift(i, 0, shape.order - degree), part)
    assert out is not None
    return out.movedim(-2, 0).contiguous()


def _beside(b: Tensor) -> Tensor:
    return b.movedim(0, -2).flatten(-2)


def _matmul_many(a: Tensor, many: Tensor) -> Tensor:
    """a @ many[s] for every s, as one product."""
    return (a @ _beside(many)).unflatten(-1, (len(many), many.shape[-1])).movedim(-2, 0)


def compose(x: TaylorModel, f: Expansion) -> TaylorModel:
    """f∘x around the centre P_0 of every cell.

    With u = x − P_0, |u| <= D: f(P_0 + u) = Σ_m a_m u^m + O(beyond(D)·D^{k+1}). The truncated powers are a polynomial;
    Σ_m |a_m| (D^m − what of (Σ_d A_d)^m was kept) bounds the rest, a_1 times symbols and remainder apart.
    """
    k = x.ring.order
    A, rest, D = x.spread()
    shape = D.shape
    coefficients = [c.expand(shape) for c in f.coefficients]
    magnitudes = [c.abs() for c in coefficients]
    u = x.P.clone()
    u[0] = 0.0
    P = x.ring.horner(coefficients, u)
    kept = ring(1, k).horner([torch.zeros_like(D), *magnitudes[1:]], A).sum(dim=0)
    everything, off = torch.zeros_like(D), torch.zeros_like(D)
    for m in range(k, 0, -1):
        everything.add_(magnitudes[m]).mul_(D)
        off.add_(f.errors[m]).mul_(D)
    last = f.beyond(D) * D
    for _ in range(k):
        last.mul_(D)
    off.add_(f.errors[0]).add_(last)
    size = everything + magnitudes[0] + off
    count = (k + 2) * (x.ring.most + 4) + 16
    if k == 0:
        return TaylorModel(x.ring, P, x.G[:0], off.mul_(1 + gamma(count)).add_(TINY), size)
    lost = (everything - kept).sub_(magnitudes[1] * rest).clamp_min_(0)
    # the constant coefficient is a_0 itself, not a sum; D and the sums were rounded relative to themselves
    R = (magnitudes[1] * x.R).add_(lost).add_(off).add_(everything.add_(last).mul_(gamma(2 * count)))
    G = coefficients[1] * x.G
    return TaylorModel(x.ring, P, G, R.mul_(1 + gamma(count)).add_(TINY), size.mul_(1 + gamma(count)), x.owner)


def within(x: TaylorModel, low: Tensor | float, high: Tensor | float) -> TaylorModel:
    """Where a remainder is wider than the function's range, or undefined, the range itself takes its place."""
    low, high = (torch.as_tensor(end, dtype=torch.float64) for end in (low, high))
    middle = low + (high - low) / 2
    half = torch.maximum(high - middle, middle - low) * (1 + 4 * UNIT)
    wide = ~(half >= x.R)
    if not bool(wide.any()):
        return x
    P = x.P.masked_fill(wide, 0.0)
    P[0] = torch.where(wide, middle, P[0])
    size = torch.maximum(low.abs(), high.abs()) * (1 + 4 * UNIT) + half
    R, size = torch.where(wide, half, x.R), torch.where(wide, size * (1 + 4 * UNIT), x.size)
    return TaylorModel(x.ring, P, x.G.masked_fill(wide, 0.0), R, size, x.owner)


def strip(x: TaylorModel, slope: Tensor, half: Tensor) -> TaylorModel:
    """slope·x + half ± half: a piecewise linear function between two parallel lines."""
    size = slope.abs() * x.size + 2 * half
    R = (slope.abs() * x.R + half + 4 * UNIT * size) * (1 + 16 * UNIT) + TINY
    P = slope * x.P
    P[0] += half
    return TaylorModel(x.ring, P, slope * x.G, R, size * (1 + 16 * UNIT), x.owner)


def reciprocal(x: TaylorModel, least: Tensor | None = None) -> Expansion:
    """1/x where x keeps away from 0, else nothing (not a number, which ends as an infinite bound).

    `least` is a lower bound of x that is known otherwise.
    """
    k, c = x.ring.order, x.P[0]
    inverse = 1 / c
    coefficients = [(-1) ** m * inverse ** (m + 1) for m in range(k + 1)]
    errors = [gamma(m + 4) * a.abs() + TINY for m, a in enumerate(coefficients)]

    def beyond(D: Tensor) -> Tensor:
        away = (c.abs() - D) * (1 - 8 * UNIT)
        away = away if least is None else torch.maximum(away, least)
        away = torch.where(away > 0, away, torch.nan)
        return away ** (-(k + 2)) * (1 + gamma(k + 8))

    return Expansion(coefficients, errors, beyond)
