"""Averages with softmax weights.

Scores are S_j + δ_j and values V_j + ε_j: S and V are polynomials of t, δ and ε their symbols and remainders. Let
W = softmax(S), w = softmax(S + δ) and a = Σ W_j V_j. Since Σ W_j (V_j − a) = 0, the average is

(1) Σ w_j (V_j + ε_j) = a + Σ κ_j δ_j (V_j − a) + Σ w_j ε_j,    κ_j = W_j (e^{δ_j} − 1)/(δ_j Σ_l W_l e^{δ_l}).

The polynomial part. Let S_j0 be the constant coefficients of S, p = softmax(S_0), c_j = S_j0 + Σ_l p_l (S_l − S_l0), of
which the sum is the same for all j, ℓ any function of t for each row, and u_j = S_j − c_j − ℓ. Then

(2) W_j = p_j e^{u_j}/z,    z = Σ p_l e^{u_l},    a = (Σ p_j e^{u_j} V_j)/z.

The two sums are interpolated. For ℓ near log Σ p_l e^{S_l − c_l}, z is close to 1, and 1/z is enclosed well.

(3) On an ellipse |Σ p_j e^{u_j} V_j| <= Σ p_j e^{|S_j − c_j|} · e^{|ℓ|} · max|V|, each |·| by the reach of the ellipse:
this is the M of `aliasing`.

The weights. Let η_j bound |u_j + ℓ_0|, rest_j bound |δ_j|, and ζ bound 1/z. Then e^{|δ|} bounds (e^δ − 1)/δ and 1/Σ W_l
e^{δ_l} <= e^{max rest}, so that

(4) W_j, w_j, κ_j <= most_j = p_j e^{η_j + rest_j + max rest − ℓ_0} ζ.

(5) |w_j − p_j|, |κ_j − p_j| <= change_j = most_j e^{ℓ_0 + |ℓ_0|} − p_j. For x = η_j + |ℓ_0| + rest_j + max rest
both w_j and κ_j lie between p_j e^{−x}(2 − ζ) and p_j e^x ζ, and 1 − e^{−x}(2 − ζ) <= e^x ζ − 1.

The contributions of symbols and remainders, by (1):

(6) symbols of scores, δ_j = Σ_s G_js y_s: with constant coefficients V_j0 and a_0, the generator is
Σ_j p_j G_js (V_j0 − a_0). It leaves out at most Σ_j |G_js| (p_j (|V_j − V_j0| + |a − a_0|) + change_j (|V_j| + |a|)).

(7) symbols of values: the generator is Σ_j p_j G_js; it leaves out at most Σ_j change_j |G_js|.

(8) remainders of values: at most min(Σ_j most_j R_j, max_j R_j).

(9) remainders r_j of scores: at most Σ_j most_j r_j (|V_j| + |a|).

An average lies in the hull of the values. All values are measured from a middle, which the weights leave as it is.
"""

import torch
from torch import Tensor

from varexp.enclosure.aliasing import Interpolant
from varexp.enclosure.basis import Ring
from varexp.enclosure.combining import align_pair
from varexp.enclosure.libm import exp
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.nonlinear import clip_to_range
from varexp.enclosure.powers import inverse
from varexp.enclosure.products import multiply
from varexp.enclosure.rounding import TINY, UNIT, gamma
from varexp.enclosure.softmax_sums import Scores, Values, bound_values, dot, interpolate_sums, normalise_scores


def average(x: ChebyshevModel, values: ChebyshevModel, middle: Tensor) -> ChebyshevModel:
    """softmax(x) @ values, along the last axis of x.

    Args:
        x: scores (cells, ..., rows, n).
        values: (cells, ..., n, columns).
        middle: (..., 1, columns), exact; near the middle of the values, which makes the result sharper.
    """
    x, shifted = align_pair(x, values.add_tensor(-middle).drop_row_symbols())
    v, scores = bound_values(shifted), normalise_scores(x)
    sums, level = interpolate_sums(scores, v, x.ring)
    rounding, most = bound_weights(x, scores, level)
    a, reciprocal = divide_sums(sums, most, rounding, v, x.ring)
    most = times_reciprocal(most, reciprocal)
    deviation = a.deviation(a.uncertainty())
    largest = torch.minimum(deviation + a.polynomial[0].abs(), v.farthest)  # |a|
    moved, remainder, generators = most * x.remainder, a.remainder.clone(), a.polynomial[:0]
    if x.symbols or v.model.symbols:
        change = bound_change(scores.p, rounding, most, level)
        if x.symbols:
            moved.addcmul_(change, x.generators.abs().sum(dim=0))
            generators = propagate_score_symbols(x, v, scores.p, a, deviation, remainder)
        if v.model.symbols:
            generators = propagate_value_symbols(v.model, scores.p, change, generators, remainder)
    add_remainders(v, most, moved, largest, remainder)
    return assemble(x, v, a, generators, remainder, largest).add_tensor(middle)


def bound_weights(x: ChebyshevModel, scores: Scores, level: Tensor) -> tuple[Tensor, Tensor]:
    """The relative rounding error of a computed p_j e^{u_j}, and (4) without ζ, both (..., rows, n)."""
    ring, n = x.ring, x.remainder.shape[-1]
    u = scores.exponents.sub_(level)  # the last use of the exponents
    levels = level.abs().sum(dim=0)
    eta = u[1:].abs_().sum(dim=0).add_(levels, alpha=4 * UNIT).mul_(1 + gamma(len(u) + 4))  # |u_j + ℓ_0|
    # an exponent is a sum of at most len(ring) numbers whose absolute values add up to η − log p + levels; the
    # rest are the roundings of p, of the exponential and of the sums over n
    rounding = (eta - scores.log_p).add_(levels).mul_(gamma(len(ring) + 16)).add_(gamma(2 * n + len(ring) + 64))
    rest = x.uncertainty()
    most = exp((eta + rest).add_(rest.amax(dim=-1, keepdim=True) - level[0]).mul_(1 + 8 * UNIT).add_(scores.log_p))
    most.mul_(scores.scale).addcmul_(most, rounding, value=2.0).add_(TINY)
    return rounding, most


def divide_sums(
    sums: Interpolant, most: Tensor, rounding: Tensor, v: Values, ring: Ring
) -> tuple[ChebyshevModel, ChebyshevModel]:
    """The models of a and of 1/z, by (2). `sums` holds Σ p_j e^{u_j} V_j and, as its last column, z."""
    size_of_columns = torch.cat([v.farthest, torch.ones_like(v.farthest[..., :1])], dim=-1)
    noise = 2 * dot(most, rounding) * size_of_columns
    remainder = sums.remainder(ring, noise, sums.variation())
    magnitude = sums.polynomial.abs().sum(dim=0).add_(remainder).mul_(1 + gamma(len(sums.polynomial)))
    both = ChebyshevModel(ring, sums.polynomial, sums.polynomial[:0], remainder, magnitude)
    reciprocal = inverse(both.rearrange(lambda t: t[..., -1:]))
    return multiply(both.rearrange(lambda t: t[..., :-1]), reciprocal), reciprocal


def times_reciprocal(most: Tensor, reciprocal: ChebyshevModel) -> Tensor:
    """(4) with ζ = 1 + |1/z − 1|; overwrites `most`."""
    deviation = reciprocal.deviation(reciprocal.uncertainty())
    return most.mul_((reciprocal.polynomial[0] - 1).abs_().add_(deviation).add_(1 + 32 * UNIT))


def bound_change(p: Tensor, rounding: Tensor, most: Tensor, level: Tensor) -> Tensor:
    """(5), with an allowance for the rounding of p."""
    n, off = p.shape[-1], rounding * p
    change = (most * exp(level[0] + level[0].abs())).mul_(1 + gamma(2 * n + 64)).sub_(p).add_(off, alpha=2.0)
    return change.add_(p, alpha=gamma(2 * n + 32))


def propagate_score_symbols(
    x: ChebyshevModel, v: Values, p: Tensor, a: ChebyshevModel, deviation: Tensor, remainder: Tensor
) -> Tensor:
    """The generators of (6). The rest of (6), except its part with change_j, is added to `remainder` in place."""
    weighted = p * x.generators
    generators = weighted @ v.model.polynomial[0] - weighted.sum(dim=-1, keepdim=True) * a.polynomial[0]
    weighted = p * x.generators.abs().sum(dim=0)
    remainder.add_(weighted @ v.variation).add_(weighted.sum(dim=-1, keepdim=True) * deviation)
    return generators


def propagate_value_symbols(
    v: ChebyshevModel, p: Tensor, change: Tensor, generators: Tensor, remainder: Tensor
) -> Tensor:
    """The sum of these generators and those of (7). The rest of (7) is added to `remainder` in place."""
    remainder.add_(change @ v.generators.abs().sum(dim=0))
    return p @ v.generators + generators if len(generators) else p @ v.generators


def add_remainders(v: Values, most: Tensor, moved: Tensor, largest: Tensor, remainder: Tensor) -> None:
    """Add (8) and (9) to `remainder` in place; `moved` holds most_j r_j + Σ_s change_j |G_js|, from (9) and (6)."""
    of_values = v.model.remainder
    remainder.add_(torch.minimum(most @ of_values, of_values.amax(dim=-2, keepdim=True)))
    remainder.add_(moved @ v.reach).add_(moved.sum(dim=-1, keepdim=True) * largest)


def assemble(
    x: ChebyshevModel, v: Values, a: ChebyshevModel, generators: Tensor, remainder: Tensor, largest: Tensor
) -> ChebyshevModel:
    """The model of the average, within the hull of the values; overwrites `remainder`."""
    n, symbols = x.remainder.shape[-1], x.symbols + v.model.symbols
    remainder.mul_(1 + gamma(2 * n + 4 * len(symbols) + 64)).add_(TINY)
    magnitude = (largest + remainder).add_(generators.abs().sum(dim=0)).mul_(1 + gamma(16))
    result = ChebyshevModel(x.ring, a.polynomial, generators, remainder, magnitude, x.symbols or v.model.symbols)
    return clip_to_range(result, -v.farthest, v.farthest)
