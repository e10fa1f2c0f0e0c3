"""Softmax, and averages with its weights.

For scores S + δ and values V + ε, polynomials and what is added to them, the average is a = Σ W_j V_j for W =
softmax(S), plus Σ w_j ε_j for w = softmax(S + δ), plus Σ W_j (e^{δ_j} − 1)(V_j − a)/Σ W_l e^{δ_l}.

With c the scores' constant coefficients, p = softmax(c) and u = S − c − ℓ for any function ℓ of the row, W_j is
p_j e^{u_j}/z, z = Σ p_l e^{u_l}. For ℓ near log Σ p_l e^{S_l − c_l}, z is close to 1. z and Σ p_j e^{u_j} V_j are
interpolated.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from varexp.enclosure.aliasing import Interpolant, aliasing, enough, nodes, reaches
from varexp.enclosure.basis import Ring, apply, broadcast
from varexp.enclosure.combining import joined, same_symbols
from varexp.enclosure.expression import MOST_TERMS, Affine, full
from varexp.enclosure.functions import inverse
from varexp.enclosure.matrices import Matrix, identity
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.nonlinear import multiply, within
from varexp.enclosure.rounding import TINY, UNIT, gamma
from varexp.enclosure.terms import Term

ELLIPSES = [5, 6, 7, 8, 9]  # of aliasing.ANGLES, those on which exponentials are bounded


def average(x: ChebyshevModel, values: ChebyshevModel, middle: Tensor) -> ChebyshevModel:
    """softmax(x) @ values along the last axis of x (..., rows, n), for values (..., n, columns), in the hull of their
    rows. They are looked at from a middle (..., 1, columns), which the weights leave as it is."""
    x, v = same_symbols(x, values.shifted(-middle).mixed())
    shape, n = x.ring, x.R.shape[-1]
    B = v.P.abs()
    moving = B[1:].sum(dim=0).mul_(1 + gamma(len(B)))
    reach = (moving + B[0]).mul_(1 + 4 * UNIT)
    farthest = (reach + v.rest()).amax(dim=-2, keepdim=True).mul_(1 + 4 * UNIT)

    below = x.P[0] - x.P[0].amax(dim=-1, keepdim=True)
    p = below.exp()
    scale = 1 / p.sum(dim=-1, keepdim=True)
    p.mul_(scale)
    u = x.P - _dot(p, x.P)
    u[0] = below
    found, level = _sums(u, v, shape, scale, B)
    u.sub_(level)
    levels = level.abs().sum(dim=0)
    away = u[1:].abs_().sum(dim=0).add_(levels, alpha=4 * UNIT).mul_(1 + gamma(len(u) + 4))  # |u_j + ℓ_0|
    doubt = (away - below).add_(levels).mul_(gamma(len(shape) + 16)).add_(gamma(2 * n + len(shape) + 64))  # of weights
    off = doubt * p
    rest = x.rest()
    # p_j e^{u_j + 2|δ|} at most
    most = (away + rest).add_(rest.amax(dim=-1, keepdim=True) - level[0]).mul_(1 + 8 * UNIT).add_(below).exp_()
    most.mul_(scale).addcmul_(most, doubt, value=2.0).add_(TINY)

    farthest_and_one = torch.cat([farthest, torch.ones_like(farthest[..., :1])], dim=-1)
    R = found.remainder(shape, 2 * _dot(most, doubt) * farthest_and_one, found.variation())
    size = found.P.abs().sum(dim=0).add_(R).mul_(1 + gamma(len(u)))
    sums = ChebyshevModel(shape, found.P, found.P[:0], R, size)
    reciprocal = inverse(sums.map(lambda t: t[..., -1:]))  # 1/z
    a = multiply(sums.map(lambda t: t[..., :-1]), reciprocal)
    varied = a.spread()[2]
    size = torch.minimum(varied + a.P[0].abs(), farthest)  # of a
    most.mul_((reciprocal.P[0] - 1).abs_().add_(reciprocal.spread()[2]).add_(1 + 32 * UNIT))  # of w_j
    moved, R, G = most * x.R, a.R, a.P[:0]
    if x.symbols or v.symbols:  # |W_j − p_j| and |w_j − p_j| are at most:
        change = (most * (level[0] + level[0].abs()).exp_()).mul_(1 + gamma(2 * n + 64)).sub_(p).add_(off, alpha=2.0)
        change.add_(p, alpha=gamma(2 * n + 32))
    if x.symbols:
        symbols = x.G.abs().sum(dim=0)
        moved.addcmul_(change, symbols)
        weighted = p * x.G
        G = weighted @ v.P[0] - weighted.sum(dim=-1, keepdim=True) * a.P[0]
        weighted = p * symbols
        R.add_(weighted @ moving).add_(weighted.sum(dim=-1, keepdim=True) * varied)
    if v.symbols:
        G = p @ v.G + G if len(G) else p @ v.G
        R.add_(change @ v.G.abs().sum(dim=0))
    R.add_(torch.minimum(most @ v.R, v.R.amax(dim=-2, keepdim=True)))
    R.add_(moved @ reach).add_(moved.sum(dim=-1, keepdim=True) * size)
    R.mul_(1 + gamma(2 * n + 4 * len(x.symbols + v.symbols) + 64)).add_(TINY)
    size = (size + R).add_(G.abs().sum(dim=0)).mul_(1 + gamma(16))
    result = ChebyshevModel(shape, a.P, G, R, size, x.symbols or v.symbols)
    return within(result, -farthest, farthest).shifted(middle)


def _sums(u: Tensor, v: ChebyshevModel, shape: Ring, scale: Tensor, B: Tensor) -> tuple[Interpolant, Tensor]:
    """Interpolants of [Σ p_j e^{u_j} V_j, Σ p_j e^{u_j}], once u is less the level ℓ, and ℓ; here with log p in u.
    Cells are sorted by the nodes that they need. On an ellipse exponentials are at most e^{|u|}."""
    counts = nodes(shape)
    sizes = reaches(shape, u.abs(), True, ELLIPSES).add_(u[0]).exp_().sum(dim=-1, keepdim=True)
    sizes = sizes.mul_(scale * (1 + 1e-9)).nan_to_num_(nan=torch.inf, posinf=torch.inf)  # variables ellipses ... rows 1
    factors, _ = aliasing(shape.variables, counts)
    factors = factors[:, ELLIPSES]
    lost = (factors.reshape(len(counts), 1, len(ELLIPSES), *[1] * (sizes.dim() - 2)) * sizes).amin(dim=2).sum(dim=1)
    which = enough(lost, shape.variables).flatten(1).amax(dim=1)

    batch = broadcast(u.shape[1:-2], v.R.shape[:-2])
    P = u.new_empty(len(u), *batch, u.shape[-2], v.R.shape[-1] + 1)
    level, above = u.new_zeros(*u.shape[:-1], 1), torch.empty_like(P[0])
    for i, count in enumerate(counts):
        cells = (which == i).nonzero()[:, 0]
        if len(cells):
            grid, whole = shape.grid(count), len(cells) == len(which)
            weights = grid.at_nodes(u if whole else u[:, cells]).exp_()
            values = grid.at_nodes(v.P if whole else v.P[:, cells])
            sums = weights @ torch.cat([values, torch.ones_like(values[..., :1])], dim=-1)
            sums.mul_(scale if whole else scale[cells])
            own = apply(grid.coefficients, sums[..., -1:].log().nan_to_num_(0.0, 0.0, 0.0))
            sums.mul_(grid.at_nodes(own).neg_().exp_())
            level[:, cells] = own
            P[:, cells], above[cells] = grid.interpolant(sums)
    far = reaches(shape, B, True, ELLIPSES).add_(B[0]).amax(dim=-2, keepdim=True)
    far = torch.cat([far, torch.ones_like(far[..., :1])], dim=-1)
    sizes.mul_(reaches(shape, level.abs(), True, ELLIPSES).add_(level[0].abs()).exp_())
    chosen = factors[which].reshape(len(which), len(ELLIPSES), *[1] * (sizes.dim() - 3)).movedim(1, 0)
    return Interpolant(P, above, (chosen * sizes * far).amin(dim=1).sum(dim=0)), level


def _dot(a: Tensor, b: Tensor) -> Tensor:
    return torch.linalg.vecdot(a, b).unsqueeze(-1)


class Softmax(Affine):
    """Weights as an expression: what is averaged with them is averaged directly."""

    def __init__(self, x: ChebyshevModel) -> None:
        super().__init__(x.ring, x.R.shape, [])
        self.scores = x

    @property
    def terms(self) -> tuple[Term, ...]:
        return (Term(self.model()),)

    def _evaluate(self) -> ChebyshevModel:
        """The weights themselves: averages of 0 and 1."""
        one = torch.eye(self.shape[-1], dtype=torch.float64)
        x = self.scores if len(self.shape) > 2 else self.scores.map(lambda t: t.unsqueeze(-2))
        exact = ChebyshevModel.constant(self.ring, one.expand(*x.R.shape[:-2], *one.shape))
        weights = within(average(x, exact, one.new_zeros(1, len(one))), 0.0, 1.0)
        return weights if len(self.shape) > 2 else weights.map(lambda t: t.squeeze(-2))

    def matmul(self, other: Affine) -> Affine:
        """Weights (Σ_t model_t right_t + C) = weights [model_1, ..., C] [right_1; ...; 1]."""
        b = other if len(other.terms) <= MOST_TERMS else Affine.of(other.model())
        models, rights = [], []
        for term in (t.pushed() for t in b.terms):
            model = term.model.map(lambda x: x.mT) if term.flipped else term.model
            models.append(model if term.left is None else model.left(term.left))
            rights.append(term.full_right() * term.factor)
        if b.constant is not None:
            models.append(ChebyshevModel.exactly(self.ring, full(b.constant, b.shape), b.shape[0]))
            rights.append(identity(other.shape[-1]))
        if not models:
            return super().matmul(other)
        values = _side_by_side(models)
        mean = average(self.scores, values, values.P[0].mean(dim=-2, keepdim=True)).by_rows()
        shape = (*broadcast(self.shape[:-2], other.shape[:-2]), self.shape[-2], other.shape[-1])
        return Affine(self.ring, shape, [Term(mean, None, _stacked(rights))])


def _side_by_side(models: Sequence[ChebyshevModel]) -> ChebyshevModel:
    batch = broadcast(*(model.R.shape[:-2] for model in models))

    def beside(parts: list[Tensor]) -> Tensor:
        return torch.cat([x.expand(*x.shape[: x.dim() - len(batch) - 2], *batch, *x.shape[-2:]) for x in parts], dim=-1)

    return joined(models, beside)


def _stacked(parts: Sequence[Matrix]) -> Matrix:
    """One above the other."""
    return parts[0].once("above", lambda *matrices: _one_above_the_other(matrices), *parts[1:])


def _one_above_the_other(parts: Sequence[Matrix]) -> Matrix:
    batch = broadcast(*(part.value.shape[:-2] for part in parts))

    def stacked(each: list[Tensor]) -> Tensor:
        return torch.cat([x.expand(*batch, *x.shape[-2:]) for x in each], dim=-2)

    value = stacked([part.value for part in parts])
    if all(part.error is None for part in parts):
        return Matrix(value)
    errors = [torch.zeros_like(part.value) if part.error is None else part.error for part in parts]
    return Matrix(value, stacked(errors))
