"""What torch functions see of a Chebyshev model: affine expressions over models, merged before anything is rounded.

An `Enclosure` is Σ factor·left·model·right + constant. Linear maps only change left, right and constant, so that
products of weight matrices are formed before absolute values are taken; a nonlinear operation evaluates the sum. A
product of two expressions keeps the outer matrices of its factors: (X A)(B X) is X (A B) X.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from varexp.enclosure.basis import Ring, broadcast
from varexp.enclosure.combining import joined, total
from varexp.enclosure.matrices import Matrix
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.nonlinear import contract
from varexp.enclosure.terms import Term

MOST_TERMS = 2  # a factor of a product with more models is evaluated first


class Affine:
    """The expression behind an Enclosure: terms and a constant (at least two axes), of a logical shape with cells."""

    def __init__(self, ring: Ring, shape: Sequence[int], terms: Iterable[Term], constant: Matrix | None = None) -> None:
        self.ring, self.shape = ring, torch.Size(shape)
        self._terms, self._constant = tuple(terms), constant
        self._model: ChebyshevModel | None = None

    @classmethod
    def of(cls, model: ChebyshevModel) -> "Affine":
        result = cls(model.ring, model.R.shape, [Term(model)])
        result._model = model
        return result

    @property
    def terms(self) -> tuple[Term, ...]:
        """Once evaluated, an expression is its value."""
        return self._terms if self._model is None else (Term(self._model),)

    @property
    def constant(self) -> Matrix | None:
        return self._constant if self._model is None else None

    def model(self) -> ChebyshevModel:
        """The Chebyshev model of the whole expression."""
        if self._model is None:
            self._model = self._evaluate()
        return self._model

    def _evaluate(self) -> ChebyshevModel:
        if not self._terms:
            zero = torch.zeros(self.shape, dtype=torch.float64)
            exact = ChebyshevModel.constant(self.ring, zero)
            if self._constant is None:
                return exact
            return exact.shifted(self._constant.value, self._constant.error)
        result = total([term.value() for term in self._terms])
        if self._constant is not None:
            fresh = len(self._terms) > 1 or self._terms[0].right is not None
            result = result.shifted(self._constant.value, self._constant.error, in_place=fresh)
        if result.R.shape != self.shape:
            result = result.map(
                lambda t: t.expand(len(t), *self.shape) if t.dim() > len(self.shape) else t.expand(self.shape),
                rows_stay=True,
            )
        return result

    # ---- linear maps ---------------------------------------------------------------------------------------------

    def _like(self, shape: Sequence[int], terms: Iterable[Term], constant: Matrix | None) -> "Affine":
        return Affine(self.ring, shape, [term for term in terms if not term.vanishes], constant)

    def right(self, matrix: Matrix) -> "Affine":
        """self @ matrix."""
        terms = [replace(t, right=matrix if t.right is None else t.right @ matrix) for t in self.terms]
        batch = broadcast(self.shape[1:-2], matrix.value.shape[:-2])
        shape = (self.shape[0], *batch, *self.shape[-2:-1][: len(self.shape) - 2], matrix.value.shape[-1])
        constant = self.constant
        return self._like(shape, terms, None if constant is None else full(constant, self.shape) @ matrix)

    def left(self, matrix: Matrix) -> "Affine":
        """matrix @ self."""
        terms = [replace(t, left=matrix if t.left is None else matrix @ t.left) for t in self.terms]
        constant = self.constant
        if constant is not None:
            constant = matrix @ full(constant, self.shape)
        return self._like((*self.shape[:-2], matrix.value.shape[-2], self.shape[-1]), terms, constant)

    def transpose(self) -> "Affine":
        shape = (*self.shape[:-2], self.shape[-1], self.shape[-2])
        constant = None if self.constant is None else full(self.constant, self.shape).mT
        return Affine(self.ring, shape, [t.transpose() for t in self.terms], constant)

    def times(self, factor: float) -> "Affine":
        constant = None if self.constant is None else self.constant * factor
        return self._like(self.shape, [t.times(factor) for t in self.terms], constant)

    def widened(self, shape: torch.Size) -> "Affine":
        """Broadcast to a shape of the same rank: single rows and columns repeated by matrices, the rest left open."""
        terms = self.terms
        if len(shape) > 2 and self.shape[-2] == 1 < shape[-2]:
            terms = tuple(replace(t, left=t.full_left().rows(shape[-2])) for t in terms)
        if self.shape[-1] == 1 < shape[-1]:
            terms = tuple(replace(t, right=t.full_right().columns(shape[-1])) for t in terms)
        return Affine(self.ring, shape, terms, self.constant)

    def plus(self, other: "Affine") -> "Affine":
        shape = broadcast(self.shape, other.shape)
        a, b = self.widened(shape), other.widened(shape)
        terms = list(a.terms)
        for term in b.terms:
            for i, own in enumerate(terms):
                merged = own.merged(term)
                if merged is not None:
                    terms[i] = merged
                    break
            else:
                terms.append(term)
        return self._like(shape, terms, _sum(a.constant, b.constant))

    def shifted(self, constant: Matrix) -> "Affine":
        shape = broadcast(self.shape, constant.value.shape)
        return Affine(self.ring, shape, self.widened(shape).terms, _sum(self.constant, constant))

    # ---- products ------------------------------------------------------------------------------------------------

    def matmul(self, other: "Affine") -> "Affine":
        """Σ_t (self·left_t) model_t right_t + self·constant over the terms of the other factor."""
        a = self if len(self.terms) <= MOST_TERMS else Affine.of(self.model())
        b = other if len(other.terms) <= MOST_TERMS else Affine.of(other.model())
        batch = broadcast(self.shape[:-2], other.shape[:-2])
        shape = torch.Size((*batch, self.shape[-2], other.shape[-1]))
        constant = None if b.constant is None else full(b.constant, other.shape)
        out = Affine(self.ring, shape, [])
        for t in (term.pushed() for term in b.terms):
            first = (a if t.left is None else a.right(t.left)).model()
            first = first.scaled(t.factor)
            second = t.model.map(lambda x: x.mT) if t.flipped else t.model
            alone = constant is not None and constant.value.shape[:-2].numel() == 1 and len(a.terms) == 1
            rest = None
            if alone and t.right is None:
                assert constant is not None
                first, second, constant, rest = _with_constant(first, second, a, constant)
            product = contract(first, second)
            if rest is not None:
                product = product.shifted(rest.value, rest.error, in_place=True)
            out = out.plus(Affine(self.ring, shape, [Term(product, None, t.right)]))
        if constant is not None:
            left = a.right(constant)
            out = out.plus(Affine(self.ring, shape, left.terms, left.constant))
        return out


def _with_constant(
    first: ChebyshevModel, second: ChebyshevModel, a: Affine, constant: Matrix
) -> tuple[ChebyshevModel, ChebyshevModel, None, Matrix | None]:
    """first @ second + a @ constant as one product, but for a matrix: [first, model_a] @ [second; W] + C."""
    (term,) = a.terms
    term = term.pushed()
    model = term.model.map(lambda x: x.mT) if term.flipped else term.model
    if term.left is not None:
        model = model.left(term.left)
    W = (constant if term.right is None else term.right @ constant) * term.factor
    batch = second.R.shape[1:-2]
    exact = ChebyshevModel.exactly(
        a.ring, W.map(lambda t: t.expand(*batch, *t.shape[-2:]), ("expanded", *batch)), a.shape[0]
    )
    rest = None if a.constant is None else full(a.constant, a.shape) @ constant
    columns = joined([first, model], lambda parts: torch.cat(parts, dim=-1), rows_stay=True)
    return columns, joined([second, exact], lambda parts: torch.cat(parts, dim=-2)), None, rest


def full(constant: Matrix, shape: torch.Size) -> Matrix:
    """Rows and columns as many as the shape has."""
    if len(shape) > 2 and constant.value.shape[-2] == 1 < shape[-2]:
        constant = constant.rows(shape[-2])
    return constant.columns(shape[-1]) if constant.value.shape[-1] == 1 < shape[-1] else constant


def _sum(a: Matrix | None, b: Matrix | None) -> Matrix | None:
    if a is None or b is None:
        return b if a is None else a
    return a + b


def rearranged(x: Affine, f: Callable[[Tensor], Tensor]) -> Affine:
    """Evaluated, then entries rearranged by `f`, which knows axes by their distance from the last."""
    return Affine.of(x.model().map(f))


def evaluated(f: Callable[..., ChebyshevModel], *xs: Affine, **options: Any) -> Affine:
    """A nonlinear operation on values."""
    return Affine.of(f(*(x.model() for x in xs), **options))
