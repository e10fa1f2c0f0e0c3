"""Matrices that are known up to a bound on each entry, such as products and sums of float64 weights.

Every pass over some cells forms the same products of weights. Within `shared_matrices` tensors of equal content become
one Matrix, and each product of matrices is formed once. This affects speed alone.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import torch
from torch import Tensor

from varexp.enclosure.basis import broadcast_shapes
from varexp.enclosure.rounding import TINY, UNIT, gamma, tiny_where

MOST_REMEMBERED = 512  # so many tensors, and so many matrices made from one, are remembered at most

_shared: dict[Hashable, "Matrix"] | None = None


@contextmanager
def shared_matrices() -> Iterator[None]:
    """Remember the matrix of each content until the outermost of these contexts ends."""
    global _shared
    before = _shared
    _shared = {} if before is None else before
    try:
        yield
    finally:
        _shared = before
        if before is None:  # their products with the weights of this context are remembered in them
            identity.cache_clear()
            constant_row.cache_clear()


def as_matrix(tensor: Tensor) -> "Matrix":
    """The exact matrix (..., rows, columns) of a tensor's present values, which later changes do not reach."""
    own = tensor.detach().to(torch.float64).clone()
    if _shared is None:
        return Matrix(own)
    key = (own.shape, own.numpy().tobytes())
    if key not in _shared:
        if len(_shared) == MOST_REMEMBERED:
            return Matrix(own)
        _shared[key] = Matrix(own)
    return _shared[key]


@dataclass(frozen=True, eq=False)
class Matrix:
    """A matrix (..., rows, columns) that differs from `value` by at most `error`, entry by entry; None stands for 0."""

    value: Tensor
    error: Tensor | None = None
    _derived: dict[Hashable, "Matrix"] = field(default_factory=dict, init=False, repr=False)

    def derive_once(self, name: Hashable, make: Callable[..., "Matrix"], *arguments: Any) -> "Matrix":
        """make(self, *arguments), remembered by the name and the arguments; `make` may depend on nothing else."""
        key = (name, *arguments)
        if key not in self._derived:
            if len(self._derived) == MOST_REMEMBERED:
                self._derived.clear()
            self._derived[key] = make(self, *arguments)
        return self._derived[key]

    @cached_property
    def absolute(self) -> Tensor:
        """|value|."""
        return self.value.abs()

    def __matmul__(self, other: "Matrix") -> "Matrix":
        """The product; its own rounding, γ_k|A||B| (Higham 2002, 3.13), enters the error."""
        return self.derive_once("@", _product, other)

    def __add__(self, other: "Matrix") -> "Matrix":
        """The sum. An entry whose sum is 0 was not rounded: structural zeros stay exact."""
        return self.derive_once("+", _sum, other)

    def __mul__(self, factor: float) -> "Matrix":
        return self if factor == 1.0 else self.derive_once("*", _multiple, factor)

    @cached_property
    def mT(self) -> "Matrix":  # noqa: N802
        """The transpose. It is the same object every time, and its own transpose is this matrix."""
        transposed = Matrix(self.value.mT, None if self.error is None else self.error.mT)
        transposed.__dict__["mT"] = self
        return transposed

    @cached_property
    def is_zero(self) -> bool:
        """Whether every entry is exactly 0."""
        return not bool(self.value.any()) and (self.error is None or not bool(self.error.any()))

    def rearrange(self, f: Callable[[Tensor], Tensor], name: Hashable) -> "Matrix":
        """Entries moved or repeated by `f`; two different rearrangements have different names."""
        return self.derive_once(name, lambda m: Matrix(f(m.value), None if m.error is None else f(m.error)))

    def repeat_column(self, count: int) -> "Matrix":
        """A single column, repeated."""
        return self.rearrange(lambda x: x.expand(*x.shape[:-1], count), ("columns", count))

    def repeat_row(self, count: int) -> "Matrix":
        """A single row, repeated."""
        return self.rearrange(lambda x: x.expand(*x.shape[:-2], count, x.shape[-1]), ("rows", count))


@lru_cache(maxsize=256)
def identity(count: int) -> Matrix:
    """The identity matrix with so many rows."""
    return Matrix(torch.eye(count, dtype=torch.float64))


@lru_cache(maxsize=256)
def constant_row(count: int, entry: float = 1.0, error: float = 0.0) -> Matrix:
    """A row of equal entries, each with an error of at most `error`."""
    value = torch.full((1, count), entry, dtype=torch.float64)
    return Matrix(value, torch.full_like(value, error) if error else None)


def stack_rows(parts: Sequence[Matrix]) -> Matrix:
    """Matrices one above the other, with equal batch axes after broadcasting."""
    return parts[0].derive_once("above", lambda *matrices: _stack_rows(matrices), *parts[1:])


def _stack_rows(parts: Sequence[Matrix]) -> Matrix:
    batch = broadcast_shapes(*(part.value.shape[:-2] for part in parts))

    def stack(tensors: list[Tensor]) -> Tensor:
        return torch.cat([x.expand(*batch, *x.shape[-2:]) for x in tensors], dim=-2)

    value = stack([part.value for part in parts])
    if all(part.error is None for part in parts):
        return Matrix(value)
    errors = [torch.zeros_like(part.value) if part.error is None else part.error for part in parts]
    return Matrix(value, stack(errors))


def _product(a: Matrix, b: Matrix) -> Matrix:
    error = gamma(a.value.shape[-1] + 4) * (a.absolute @ b.absolute)
    if b.error is not None:
        error = error + a.absolute @ b.error
    if a.error is not None:
        largest = b.absolute if b.error is None else b.absolute + b.error
        error = error + a.error @ largest
    return Matrix(a.value @ b.value, _round_up(error + TINY, a.value.shape[-1]))


def _sum(a: Matrix, b: Matrix) -> Matrix:
    value = a.value + b.value
    error = UNIT * value.abs() * (1 + 4 * UNIT)
    for part in (a.error, b.error):
        if part is not None:
            error = error + part
    return Matrix(value, _round_up(error, 4))


def _multiple(a: Matrix, factor: float) -> Matrix:
    if factor == -1.0:
        return Matrix(-a.value, a.error)
    value = a.value * factor
    error = UNIT * value.abs() * (1 + 4 * UNIT) + tiny_where(a.value != 0)
    if a.error is not None:
        error = error + abs(factor) * a.error + tiny_where(a.error > 0)
    return Matrix(value, _round_up(error, 4))


def _round_up(error: Tensor, terms: int) -> Tensor:
    """A bound of `terms` summands that was itself computed in float64, enlarged by the rounding in it."""
    return torch.where(error > 0, error * (1 + gamma(4 * terms + 16)) + TINY, error)
