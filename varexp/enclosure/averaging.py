"""Softmax weights as an expression, so that a product with them becomes an average."""

from collections.abc import Sequence

import torch
from torch import Tensor

from varexp.enclosure.basis import broadcast_shapes
from varexp.enclosure.combining import concatenate_entries
from varexp.enclosure.expression import AffineExpression, expand_constant
from varexp.enclosure.matrices import identity, stack_rows
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.nonlinear import clip_to_range
from varexp.enclosure.softmax import average
from varexp.enclosure.terms import LinearTerm


class SoftmaxExpression(AffineExpression):
    """softmax(scores) along the last axis. The weights are evaluated only if something other than a product with them
    is asked for."""

    def __init__(self, scores: ChebyshevModel) -> None:
        super().__init__(scores.ring, scores.remainder.shape, [])
        self.scores = scores

    @property
    def terms(self) -> tuple[LinearTerm, ...]:
        return (LinearTerm(self.model()),)

    def _evaluate(self) -> ChebyshevModel:
        """The weights themselves, which are averages of 0 and 1."""
        unit = torch.eye(self.shape[-1], dtype=torch.float64)
        is_row = len(self.shape) == 2
        scores = self.scores.rearrange(lambda t: t.unsqueeze(-2)) if is_row else self.scores
        values = ChebyshevModel.constant(self.ring, unit.expand(*scores.remainder.shape[:-2], *unit.shape))
        weights = clip_to_range(average(scores, values, unit.new_zeros(1, len(unit))), 0.0, 1.0)
        return weights.rearrange(lambda t: t.squeeze(-2)) if is_row else weights

    def matmul(self, other: AffineExpression) -> AffineExpression:
        """weights (Σ_t model_t right_t + C) = (weights [model_1, ..., C]) [right_1; ...; identity]."""
        b = other.with_few_terms()
        models, rights = [], []
        for term in (t.apply_row_matrix() for t in b.terms):
            model = term.oriented_model()
            models.append(model if term.left is None else model.left_multiply(term.left))
            rights.append(term.right_or_identity() * term.factor)
        if b.constant is not None:
            models.append(ChebyshevModel.of_matrix(self.ring, expand_constant(b.constant, b.shape), b.shape[0]))
            rights.append(identity(other.shape[-1]))
        if not models:
            return super().matmul(other)
        values = _concatenate_columns(models)
        mean = average(self.scores, values, values.polynomial[0].mean(dim=-2, keepdim=True))
        shape = (*broadcast_shapes(self.shape[:-2], other.shape[:-2]), self.shape[-2], other.shape[-1])
        term = LinearTerm(mean.remainder_to_row_symbols(), None, stack_rows(rights))
        return AffineExpression(self.ring, shape, [term])


def _concatenate_columns(models: Sequence[ChebyshevModel]) -> ChebyshevModel:
    """The models side by side, with equal batch axes after broadcasting."""
    batch = broadcast_shapes(*(model.remainder.shape[:-2] for model in models))

    def join(tensors: list[Tensor]) -> Tensor:
        own = [x.shape[: x.dim() - len(batch) - 2] for x in tensors]
        return torch.cat([x.expand(*axes, *batch, *x.shape[-2:]) for x, axes in zip(tensors, own, strict=True)], dim=-1)

    return concatenate_entries(models, join)
