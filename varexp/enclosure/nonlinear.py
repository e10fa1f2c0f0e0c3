"""Products and functions of polynomial models, formed by interpolation."""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from varexp.enclosure.aliasing import Interpolant, aliasing, angles, nodes, reaches
from varexp.enclosure.basis import apply
from varexp.enclosure.combining import same_symbols
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.rounding import TINY, UNIT, gamma

BLOCK = 2**16  # values at nodes that are held at once
PICKED = 6  # what it costs to pick an entry, in nodes


def multiply(a: ChebyshevModel, b: ChebyshevModel) -> ChebyshevModel:
    """a·b entrywise, with broadcasting."""
    a, b = same_symbols(a, b)
    G = _symbols(a.P[0] * b.G if len(b.G) else None, a.G * b.P[0] if len(a.G) else None, a, b, torch.mul)
    return _finish(a, b, G, torch.mul, 1)


def contract(a: ChebyshevModel, b: ChebyshevModel) -> ChebyshevModel:
    """a @ b over the last axis of a and the last but one of b."""
    a, b = same_symbols(a, b.mixed())
    left = _matmul_many(a.P[0], b.G) if len(b.G) else None
    G = _symbols(left, a.G @ b.P[0] if len(a.G) else None, a, b, torch.matmul)
    return _finish(a, b, G, torch.matmul, a.R.shape[-1])


def _symbols(one: Tensor | None, two: Tensor | None, a: ChebyshevModel, b: ChebyshevModel, op) -> Tensor:  # type: ignore[no-untyped-def]
    """Σ_s (a_0 b_s + a_s b_0) y_s, none for both."""
    if one is not None and two is not None:
        return one + two
    if one is not None:
        return one
    return op(a.P[0], b.P[0])[None][:0] if two is None else two


def _finish(a: ChebyshevModel, b: ChebyshevModel, G: Tensor, op, inner: int) -> ChebyshevModel:  # type: ignore[no-untyped-def]
    """The product of the polynomials by interpolation; what it and G leave out: products of degree above the order, of
    symbols, of remainders; rounding.

    By degrees, with tail_j = λ Σ_{d>=j} B_d + rest_b: a_0·R_b + Σ_{d>=1} A_d·tail_{k+1−d} + |G_a|·tail_1 + R_a·tail_0,
    where λ = `Ring.lost` bounds what interpolation loses of one product (Trefethen 2013, thm 4.2: aliasing).
    """
    shape = a.ring
    k, grid = shape.order, shape.grid()
    constant = op(a.P[0], b.P[0])  # taken off, so that the transform rounds what varies alone
    P = apply(grid.coefficients, op(grid.at_nodes(a.P), grid.at_nodes(b.P)).sub_(constant))
    P[0].add_(constant)
    A, B, rest = a.degrees(), b.degrees(), b.rest()
    tails = [rest]  # tail_{k+1}, then downwards to tail_1
    for d in range(k, 0, -1):
        tails.append(torch.add(tails[-1], B[d], alpha=shape.lost))
    R = op(A[0], b.R).add_(op(a.R, rest + B.sum(dim=0)))
    for d in range(1, k + 1):
        R.add_(op(A[d], tails[d]))
    if len(a.G):
        R.add_(op(a.G.abs().sum(dim=0), tails[k]))
    size = op(a.size, b.size).mul_(1 + gamma(inner + 4)).add_(TINY)
    count = inner + len(grid) + 2 * len(shape) + max(len(a.G), len(b.G)) + 16
    noise = grid.weight if grid.cuts else grid.lebesgue  # where coefficients are cut off, signs may be lost
    R.add_(size, alpha=(2 * noise + 4) * gamma(inner + 8))
    R.add_((size - op(A[0], B[0])).clamp_min_(0), alpha=(grid.weight + 4) * gamma(count))
    R.mul_(1 + gamma(inner + 6 * k + 32)).add_(TINY)
    return ChebyshevModel(shape, P, G, R, size.mul_(1 + grid.weight * gamma(count)), a.symbols or b.symbols)


def _beside(b: Tensor) -> Tensor:
    return b.movedim(0, -2).flatten(-2)


def _matmul_many(a: Tensor, many: Tensor) -> Tensor:
    """a @ many[s] for every s, as one product."""
    return (a @ _beside(many)).unflatten(-1, (len(many), many.shape[-1])).movedim(-2, 0)


class Function(NamedTuple):
    """What is known of a real function f that is analytic near the real intervals it is used on.

    `off(x, y)` bounds the error of a computed value(x') for |x'| <= x that is at most y in size. `slopes(low, high)`
    encloses f' on [low, high]. `size(c, U, H)` bounds |f(z) − f(c)| for complex z with |z − c| <= U and |Im z| <= H;
    with `round`, for any |z − c| <= U. `room(c, D)` is how large H should be, or with `round` U, for D the reach along
    the real axis: a hint, on which no bound rests. What cannot be bounded is nan.
    """

    value: Callable[[Tensor], Tensor]
    off: Callable[[Tensor, Tensor], Tensor]
    slopes: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
    size: Callable[[Tensor, Tensor, Tensor], Tensor]
    room: Callable[[Tensor, Tensor], Tensor]
    round: bool = False


def compose(x: ChebyshevModel, f: Function) -> ChebyshevModel:
    """f∘x. Of an interpolant of f∘P the coefficients above the order join the remainder; so does what it is off by."""
    shape, c = x.ring, x.P[0]
    _, rest, D = x.spread()
    reach = D + gamma(2 * len(shape) + 8) * x.size
    low, high = f.slopes(c - reach, c + reach)
    steepest, slope = torch.maximum(low.abs(), high.abs()), (low + high) / 2
    found = _interpolated(x, f, D)
    variation = found.variation()
    most = torch.add(variation, found.P[0].abs(), alpha=1.001)
    noise = f.off(c.abs() + reach, most).addcmul_(steepest, (gamma(len(shape) + 8) * D).add_(c.abs(), alpha=8 * UNIT))
    R = found.remainder(shape, noise.add_(most, alpha=8 * UNIT), variation).addcmul_(steepest, x.R)
    if len(x.G):
        R.add_((high - low).mul_(0.5).mul_(rest - x.R))
    R.mul_(1 + 16 * UNIT).add_(TINY)
    size = torch.addcmul(most, slope.abs(), rest).add_(R).mul_(1 + 16 * UNIT)
    return ChebyshevModel(shape, found.P, slope * x.G, R, size, x.symbols)


def _interpolated(x: ChebyshevModel, f: Function, D: Tensor) -> Interpolant:
    """f∘P, entries sorted by the nodes they need: where the largest ellipse that leaves f room is large, few do."""
    shape, shown = x.ring, x.R.shape
    counts = nodes(shape)
    entries, D = x.P.reshape(len(x.P), -1), D.reshape(-1)
    reached = reaches(shape, entries.abs(), cosh=f.round)  # U or H, see Function
    ellipse = (reached <= f.room(entries[0], D)).sum(dim=1).sub_(1).clamp_min_(0)  # variables entries
    reached = reached.gather(1, ellipse[:, None])[:, 0]
    U = reached if f.round else (reached * (1 / angles().tanh())[ellipse]).add_(D).mul_(1 + 8 * UNIT)  # cosh/sinh falls
    factors, enough = aliasing(shape.variables, counts)
    which = enough[ellipse].amax(dim=0) if shape.variables else torch.zeros_like(D, dtype=torch.long)
    lost = f.size(entries[0], U, reached).mul_(factors[which, ellipse]).sum(dim=0)
    lost = torch.where(D > 0, lost, 0.0).nan_to_num_(nan=math.inf, posinf=math.inf)
    P, above = torch.empty_like(entries), torch.empty_like(D)
    first = _first(which, counts)
    grid = shape.grid(counts[first])
    size = BLOCK // len(grid)
    for start in range(0, len(D), size):  # everything, then what needs more once more: picking costs like a few nodes
        part = slice(start, start + size)
        P[:, part], above[part] = grid.interpolant(f.value(grid.at_nodes(entries[:, part])))
    for i in range(first + 1, len(counts)):
        grid = shape.grid(counts[i])
        for some in (which == i).nonzero()[:, 0].split(BLOCK // len(grid)):
            of_some, above_some = grid.interpolant(f.value(grid.at_nodes(entries.index_select(1, some))))
            P.index_copy_(1, some, of_some)
            above.index_copy_(0, some, above_some)
    return Interpolant(P.reshape(x.P.shape), above.reshape(shown), lost.reshape(shown))


def _first(which: Tensor, counts: tuple[int, ...]) -> int:
    """The count that is cheapest to use for all entries to start with."""
    need = which.bincount(minlength=len(counts)).tolist()
    costs = [
        count * sum(need) + sum(n * (more + PICKED) for n, more in zip(need[i + 1 :], counts[i + 1 :], strict=True))
        for i, count in enumerate(counts)
    ]
    return costs.index(min(costs))


def within(x: ChebyshevModel, low: Tensor | float, high: Tensor | float) -> ChebyshevModel:
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
    return ChebyshevModel(x.ring, P, x.G.masked_fill(wide, 0.0), R, size, x.symbols)


def strip(x: ChebyshevModel, slope: Tensor, half: Tensor) -> ChebyshevModel:
    """slope·x + half ± half: a piecewise linear function between two parallel lines."""
    size = slope.abs() * x.size + 2 * half
    R = (slope.abs() * x.R + half + 4 * UNIT * size) * (1 + 16 * UNIT) + TINY
    P = slope * x.P
    P[0] += half
    return ChebyshevModel(x.ring, P, slope * x.G, R, size * (1 + 16 * UNIT), x.symbols)
