"""Softmax, and averages with its weights: what is averaged is divided by the normaliser afterwards.

softmax(x) = p e^v / Σ p e^v for v = x − x_0 − (any function of the row), p = softmax(x_0): exact, and with the row's
mean Σ p (x − x_0) taken off, the normaliser is 1 + O(r²). p itself is off by a relative error.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from varexp.evidence.enclosure.expression import MOST_TERMS, Affine, full
from varexp.evidence.enclosure.matrices import TINY, Matrix, identity
from varexp.evidence.enclosure.nonlinear import compose, contract, multiply, reciprocal, within
from varexp.evidence.enclosure.ring import broadcast, ring
from varexp.evidence.enclosure.taylor import TaylorModel
from varexp.evidence.enclosure.terms import Term
from varexp.maps.constants import UNIT, gamma


@dataclass(frozen=True, eq=False)
class Weights:
    """Nonnegative `parts` (cells, ..., rows, n) and one over their sum, `inverse` (cells, ..., rows, 1)."""

    parts: TaylorModel
    inverse: TaylorModel

    @classmethod
    def of(cls, x: TaylorModel) -> "Weights":
        """Softmax along the last axis."""
        k, n = x.ring.order, x.R.shape[-1]
        centre = x.P[0]
        below = centre - centre.amax(dim=-1, keepdim=True)
        weights = below.exp()
        p = weights / weights.sum(dim=-1, keepdim=True)
        off = (gamma(n + 16) + 4 * UNIT * below.abs()) * p  # exp within 4 units, its argument rounded once
        u, G = x.P - torch.stack([(p * part).sum(dim=-1, keepdim=True) for part in x.P]), x.G
        u[0] = 0.0
        if len(G):
            G = G - (p * G).sum(dim=-1, keepdim=True)
        centred = TaylorModel(x.ring, u, G, x.R, x.size, x.owner)
        A, rest, D = centred.spread()
        rounding = (2 * UNIT * D).add_(TINY)  # of the subtraction; the mean is the same number for the whole row
        R, D = (x.R + rounding).mul_(1 + 8 * UNIT), D.add_(rounding).mul_(1 + 8 * UNIT)
        E = x.ring.exponential(u)
        kept = ring(1, k).exponential(A).sum(dim=0)
        top = D.exp().mul_(1 + 16 * UNIT)
        count = (k + 2) * (x.ring.most + 4) + 24
        up = 1 + gamma(count)
        error = (top - kept).sub_(rest if k else 0.0).clamp_min_(0)  # what was lost
        error.add_((D * gamma(2 * count)).add_(4 * UNIT).mul_(top))  # e^D − 1 <= D e^D; the constant coefficient is 1
        error.add_(R if k else 0.0).mul_(p).add_((off * top).mul_(1 + 16 * UNIT)).mul_(up).add_(TINY)
        size = top.mul_(p).mul_((1 + 16 * UNIT) * up).add_(TINY)
        parts = TaylorModel(x.ring, E.mul_(p), p * G if k else G[:0], error, size, x.owner)
        norm = parts.summed(-1).map(lambda t: t.unsqueeze(-1))
        # Jensen: Σ p e^v >= e^{Σ p v} for Σ p = 1, and the mean of v is 0 but for remainders and rounding
        mean = (p + off).mul_((D * gamma(n + 8)).add_(R)).add_(off.mul_(D)).sum(dim=-1, keepdim=True)
        least = (1 - mean * (1 + gamma(2 * n + 16))) * (1 - 8 * UNIT)
        return cls(parts, compose(norm, reciprocal(norm, least)))

    def model(self) -> TaylorModel:
        """The weights themselves."""
        return within(multiply(self.parts, self.inverse), 0.0, 1.0)

    def average(self, models: Sequence[TaylorModel], constants: Sequence[Matrix]) -> TaylorModel:
        """weights @ [models, constants], side by side, in the hull of their rows.

        Everything is averaged around a middle of its rows, which the weights leave as it is.
        """
        parts, middles, spreads = [], [], []
        for model in models:
            middle = model.P[0].mean(dim=-2, keepdim=True)
            centred = model.shifted(-middle)
            parts.append(contract(self.parts, centred))
            middles.append(middle)
            _, _, D = centred.spread()
            spreads.append((centred.P[0].abs() + D).amax(dim=-2, keepdim=True) * (1 + 4 * UNIT))
        for constant in constants:
            middle = constant.value.mean(dim=-2, keepdim=True)
            around = constant + Matrix(middle).rows(constant.value.shape[-2]) * -1.0
            parts.append(self.parts.right(around))
            middles.append(middle)
            error = 0.0 if around.error is None else around.error
            spreads.append((around.value.abs() + error).amax(dim=-2, keepdim=True) * (1 + 4 * UNIT))
        joined = TaylorModel.joined(parts, lambda each: torch.cat(each, dim=-1))
        spread, middle = (_beside(each, joined.R) for each in (spreads, middles))
        return within(multiply(joined, self.inverse), -spread, spread).shifted(middle)


class Softmax(Affine):
    """Weights as an expression: they are divided by their sum only where they are not averaged with."""

    def __init__(self, x: TaylorModel) -> None:
        super().__init__(x.ring, x.R.shape, [])
        self.weights = Weights.of(x)

    @property
    def terms(self) -> tuple[Term, ...]:
        return (Term(self.model()),)

    def _evaluate(self) -> TaylorModel:
        return self.weights.model()

    def matmul(self, other: Affine) -> Affine:
        """Weights (Σ_t model_t right_t + C) = [weights model_1, ..., weights C] [right_1; ...; 1]."""
        b = other if len(other.terms) <= MOST_TERMS else Affine.of(other.model())
        models, rights = [], []
        for term in (t.pushed() for t in b.terms):
            model = term.model.map(lambda x: x.mT) if term.flipped else term.model
            models.append(model if term.left is None else model.left(term.left))
            rights.append(term.full_right() * term.factor)
        constants = [] if b.constant is None else [full(b.constant, b.shape)]
        if not models and not constants:
            return super().matmul(other)
        average = self.weights.average(models, constants)
        shape = (*broadcast(self.shape[:-2], other.shape[:-2]), self.shape[-2], other.shape[-1])
        rights += [identity(other.shape[-1]) for _ in constants]
        return Affine(self.ring, shape, [Term(average, None, _stacked(rights))])


def _beside(parts: Sequence[Tensor], like: Tensor) -> Tensor:
    """Single rows side by side, for every cell."""
    batch = like.shape[:-2]
    return torch.cat([part.expand(*batch, *part.shape[-2:]) for part in parts], dim=-1)


def _stacked(parts: Sequence[Matrix]) -> Matrix:
    """One above the other."""
    batch = broadcast(*(part.value.shape[:-2] for part in parts))

    def stacked(each: list[Tensor]) -> Tensor:
        return torch.cat([x.expand(*batch, *x.shape[-2:]) for x in each], dim=-2)

    value = stacked([part.value for part in parts])
    if all(part.error is None for part in parts):
        return Matrix(value)
    errors = [torch.zeros_like(part.value) if part.error is None else part.error for part in parts]
    return Matrix(value, stacked(errors))
