"""Affine expressions over Chebyshev models, merged before anything is rounded.

An expression is Σ factor·left·model·right + constant. Linear maps change left, right and constant alone, so that
products of weight matrices are formed before absolute values are taken. A nonlinear operation evaluates the sum. A
product of two expressions keeps the outer matrices of its factors: (X A)(B X) is X (A B) X.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from varexp.enclosure.basis import Ring, broadcast_shapes
from varexp.enclosure.combining import add_all, concatenate_entries
from varexp.enclosure.matrices import Matrix
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.products import contract
from varexp.enclosure.terms import LinearTerm

MOST_TERMS = 2  # a factor of a product is evaluated first if it has more terms; this affects speed and sharpness alone


class AffineExpression:
    """A sum of linear terms and a constant (at least two axes), of shape (cells, *logical)."""

    def __init__(
        self, ring: Ring, shape: Sequence[int], terms: Iterable[LinearTerm], constant: Matrix | None = None
    ) -> None:
        self.ring, self.shape = ring, torch.Size(shape)
        self._terms, self._constant = tuple(terms), constant
        self._model: ChebyshevModel | None = None

    @classmethod
    def of(cls, model: ChebyshevModel) -> "AffineExpression":
        """The expression that is one model."""
        result = cls(model.ring, model.remainder.shape, [LinearTerm(model)])
        result._model = model
        return result

    @property
    def terms(self) -> tuple[LinearTerm, ...]:
        """The linear terms; after an evaluation, the model of the whole expression as one term."""
        return self._terms if self._model is None else (LinearTerm(self._model),)

    @property
    def constant(self) -> Matrix | None:
        """The constant; None stands for 0."""
        return self._constant if self._model is None else None

    def model(self) -> ChebyshevModel:
        """The Chebyshev model of the whole expression."""
        if self._model is None:
            self._model = self._evaluate()
        return self._model

    def _evaluate(self) -> ChebyshevModel:
        if not self._terms:
            zero = ChebyshevModel.constant(self.ring, torch.zeros(self.shape, dtype=torch.float64))
            if self._constant is None:
                return zero
            return zero.add_tensor(self._constant.value, self._constant.error)
        result = add_all([term.evaluate() for term in self._terms])
        if self._constant is not None:
            is_new = len(self._terms) > 1 or self._terms[0].right is not None
            result = result.add_tensor(self._constant.value, self._constant.error, in_place=is_new)
        if result.remainder.shape != self.shape:
            rank = len(self.shape)
            result = result.rearrange(
                lambda t: t.expand(len(t), *self.shape) if t.dim() > rank else t.expand(self.shape), keeps_rows=True
            )
        return result

    # ---- linear maps ---------------------------------------------------------------------------------------------

    def _without_zero_terms(
        self, shape: Sequence[int], terms: Iterable[LinearTerm], constant: Matrix | None
    ) -> "AffineExpression":
        return AffineExpression(self.ring, shape, [term for term in terms if not term.is_zero], constant)

    def right_multiply(self, matrix: Matrix) -> "AffineExpression":
        """self @ matrix."""
        terms = [replace(t, right=matrix if t.right is None else t.right @ matrix) for t in self.terms]
        batch = broadcast_shapes(self.shape[1:-2], matrix.value.shape[:-2])
        shape = (self.shape[0], *batch, *self.shape[-2:-1][: len(self.shape) - 2], matrix.value.shape[-1])
        constant = None if self.constant is None else expand_constant(self.constant, self.shape) @ matrix
        return self._without_zero_terms(shape, terms, constant)

    def left_multiply(self, matrix: Matrix) -> "AffineExpression":
        """matrix @ self."""
        terms = [replace(t, left=matrix if t.left is None else matrix @ t.left) for t in self.terms]
        batch = broadcast_shapes(self.shape[1:-2], matrix.value.shape[:-2])
        shape = (self.shape[0], *batch, matrix.value.shape[-2], self.shape[-1])
        constant = None if self.constant is None else matrix @ expand_constant(self.constant, self.shape)
        return self._without_zero_terms(shape, terms, constant)

    def transpose(self) -> "AffineExpression":
        """The last two axes exchanged."""
        shape = (*self.shape[:-2], self.shape[-1], self.shape[-2])
        constant = None if self.constant is None else expand_constant(self.constant, self.shape).mT
        return AffineExpression(self.ring, shape, [t.transpose() for t in self.terms], constant)

    def scale(self, factor: float) -> "AffineExpression":
        """factor · self."""
        constant = None if self.constant is None else self.constant * factor
        return self._without_zero_terms(self.shape, [t.scale(factor) for t in self.terms], constant)

    def broadcast_to(self, shape: torch.Size) -> "AffineExpression":
        """The expression in a shape of the same rank.

        Matrices repeat a single row or column; other axes are repeated by the evaluation.
        """
        terms = self.terms
        if len(shape) > 2 and self.shape[-2] == 1 < shape[-2]:
            terms = tuple(replace(t, left=t.left_or_identity().repeat_row(shape[-2])) for t in terms)
        if self.shape[-1] == 1 < shape[-1]:
            terms = tuple(replace(t, right=t.right_or_identity().repeat_column(shape[-1])) for t in terms)
        return AffineExpression(self.ring, shape, terms, self.constant)

    def add(self, other: "AffineExpression") -> "AffineExpression":
        """self + other; terms that share a model and a matrix become one."""
        shape = broadcast_shapes(self.shape, other.shape)
        a, b = self.broadcast_to(shape), other.broadcast_to(shape)
        terms = list(a.terms)
        for term in b.terms:
            _add_term(terms, term)
        return self._without_zero_terms(shape, terms, _add_constants(a.constant, b.constant))

    def add_constant(self, constant: Matrix) -> "AffineExpression":
        """self + constant."""
        shape = broadcast_shapes(self.shape, constant.value.shape)
        terms = self.broadcast_to(shape).terms
        return AffineExpression(self.ring, shape, terms, _add_constants(self.constant, constant))

    # ---- products ------------------------------------------------------------------------------------------------

    def with_few_terms(self) -> "AffineExpression":
        """The same expression, evaluated if it has more than MOST_TERMS terms."""
        return self if len(self.terms) <= MOST_TERMS else AffineExpression.of(self.model())

    def matmul(self, other: "AffineExpression") -> "AffineExpression":
        """self @ other = Σ_t (self·left_t) model_t right_t + self·constant, summed over the terms of `other`."""
        a, b = self.with_few_terms(), other.with_few_terms()
        shape = torch.Size((*broadcast_shapes(self.shape[:-2], other.shape[:-2]), self.shape[-2], other.shape[-1]))
        constant = None if b.constant is None else expand_constant(b.constant, other.shape)
        result = AffineExpression(self.ring, shape, [])
        for t in (term.apply_row_matrix() for term in b.terms):
            first = (a if t.left is None else a.right_multiply(t.left)).model().scale(t.factor)
            second = t.oriented_model()
            if constant is not None and t.right is None and _is_one_matrix(constant) and len(a.terms) == 1:
                product = _contract_with_constant(first, second, a, constant)
                constant = None  # it is in the product
            else:
                product = contract(first, second)
            result = result.add(AffineExpression(self.ring, shape, [LinearTerm(product, None, t.right)]))
        if constant is not None:
            times_constant = a.right_multiply(constant)
            result = result.add(AffineExpression(self.ring, shape, times_constant.terms, times_constant.constant))
        return result


def _add_term(terms: list[LinearTerm], term: LinearTerm) -> None:
    """Merge the term with the first that it can be merged with, or append it."""
    for i, present in enumerate(terms):
        merged = present.merge_with(term)
        if merged is not None:
            terms[i] = merged
            return
    terms.append(term)


def _is_one_matrix(constant: Matrix) -> bool:
    return constant.value.shape[:-2].numel() == 1


def _contract_with_constant(
    first: ChebyshevModel, second: ChebyshevModel, a: AffineExpression, constant: Matrix
) -> ChebyshevModel:
    """first @ second + a @ constant as one product, for an expression a = model_a·right + C_a of one term.

    It is [first, model_a] @ [second; right·constant] + C_a·constant.
    """
    (term,) = (t.apply_row_matrix() for t in a.terms)
    model = term.oriented_model()
    if term.left is not None:
        model = model.left_multiply(term.left)
    matrix = (constant if term.right is None else term.right @ constant) * term.factor
    batch = second.remainder.shape[1:-2]
    expanded = matrix.rearrange(lambda t: t.expand(*batch, *t.shape[-2:]), ("expanded", *batch))
    below = ChebyshevModel.of_matrix(a.ring, expanded, a.shape[0])
    columns = concatenate_entries([first, model], lambda parts: torch.cat(parts, dim=-1), keeps_rows=True)
    rows = concatenate_entries([second, below], lambda parts: torch.cat(parts, dim=-2))
    product = contract(columns, rows)
    if a.constant is None:
        return product
    offset = expand_constant(a.constant, a.shape) @ constant
    return product.add_tensor(offset.value, offset.error, in_place=True)


def expand_constant(constant: Matrix, shape: torch.Size) -> Matrix:
    """The constant with as many rows and columns as the shape has."""
    if len(shape) > 2 and constant.value.shape[-2] == 1 < shape[-2]:
        constant = constant.repeat_row(shape[-2])
    return constant.repeat_column(shape[-1]) if constant.value.shape[-1] == 1 < shape[-1] else constant


def _add_constants(a: Matrix | None, b: Matrix | None) -> Matrix | None:
    if a is None or b is None:
        return b if a is None else a
    return a + b


def rearrange_entries(x: AffineExpression, f: Callable[[Tensor], Tensor]) -> AffineExpression:
    """Evaluate the expression and rearrange its entries by `f`, which counts axes from the last."""
    return AffineExpression.of(x.model().rearrange(f))


def apply_to_models(f: Callable[..., ChebyshevModel], *xs: AffineExpression, **options: Any) -> AffineExpression:
    """Evaluate the expressions and apply a nonlinear operation to their models."""
    return AffineExpression.of(f(*(x.model() for x in xs), **options))
