"""Matrices that are known up to a bound on each entry: what merging float64 weights leaves behind.

Every pass over some cells merges the same weights. Within `shared_matrices` a tensor is one Matrix, and what is made of
matrices is made once.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import torch
from torch import Tensor

from varexp.enclosure.rounding import TINY, UNIT, gamma

MOST_DERIVED = 512  # matrices that are remembered with one, or tensors: beyond, what comes is not here to stay

_shared: dict[Hashable, tuple[Tensor, "Matrix"]] | None = None


@contextmanager
def shared_matrices() -> Iterator[None]:
    """Tensors that become matrices in here must not change before the end, unless by torch's operations in place."""
    global _shared
    before = _shared
    _shared = {} if before is None else before
    try:
        yield
    finally:
        _shared = before
        if before is None:  # with what was made of them
            identity.cache_clear()
            row.cache_clear()


def exact(tensor: Tensor) -> "Matrix":
    """Exactly this tensor (..., rows, columns), as it is now: what is done to it in place later does not count."""
    tensor = tensor.detach()
    if _shared is None or tensor.is_inference():
        return Matrix(tensor.clone())
    key = (tensor.data_ptr(), tensor.shape, tensor.stride(), tensor.dtype, tensor._version)
    if key not in _shared:
        if len(_shared) == MOST_DERIVED:
            return Matrix(tensor.clone())
        _shared[key] = tensor, Matrix(tensor.clone())  # holds the tensor, so that no other takes its place
    return _shared[key][1]


@dataclass(frozen=True, eq=False)
class Matrix:
    """An exact matrix (..., rows, columns) within `error` of `value`, entry by entry; None: exactly `value`."""

    value: Tensor
    error: Tensor | None = None
    _derived: dict[Hashable, "Matrix"] = field(default_factory=dict, init=False, repr=False)

    def once(self, name: Hashable, make: Callable[..., "Matrix"], *others: Any) -> "Matrix":
        """make(self, *others), which depends on nothing else, made once."""
        key = (name, *others)
        if key not in self._derived:
            if len(self._derived) == MOST_DERIVED:
                self._derived.clear()
            self._derived[key] = make(self, *others)
        return self._derived[key]

    @cached_property
    def size(self) -> Tensor:
        """|value|."""
        return self.value.abs()

    def __matmul__(self, other: "Matrix") -> "Matrix":
        """The product; its own rounding, γ_k|A||B|, enters the error (and not only u|AB|)."""
        return self.once("@", _product, other)

    def __add__(self, other: "Matrix") -> "Matrix":
        """The sum. Where the result is 0 no rounding happened: structural zeros stay exact."""
        return self.once("+", _sum, other)

    def __mul__(self, factor: float) -> "Matrix":
        return self if factor == 1.0 else self.once("*", _multiple, factor)

    @cached_property
    def mT(self) -> "Matrix":  # noqa: N802
        """Transposed; the same object every time, and its transpose is this one."""
        transposed = Matrix(self.value.mT, None if self.error is None else self.error.mT)
        transposed.__dict__["mT"] = self
        return transposed

    @cached_property
    def vanishes(self) -> bool:
        """Exactly 0."""
        return not bool(self.value.any()) and (self.error is None or not bool(self.error.any()))

    def map(self, f: Callable[[Tensor], Tensor], name: Hashable) -> "Matrix":
        """A rearrangement or repetition of entries, which its name tells from others."""
        return self.once(name, lambda m: Matrix(f(m.value), None if m.error is None else f(m.error)))

    def columns(self, count: int) -> "Matrix":
        """A single column repeated."""
        return self.map(lambda x: x.expand(*x.shape[:-1], count), ("columns", count))

    def rows(self, count: int) -> "Matrix":
        """A single row repeated."""
        return self.map(lambda x: x.expand(*x.shape[:-2], count, x.shape[-1]), ("rows", count))


@lru_cache(maxsize=256)
def identity(size: int) -> Matrix:
    return Matrix(torch.eye(size, dtype=torch.float64))


@lru_cache(maxsize=256)
def row(size: int, entry: float = 1.0, error: float = 0.0) -> Matrix:
    """A row of equal entries, each off by `error` at most."""
    value = torch.full((1, size), entry, dtype=torch.float64)
    return Matrix(value, torch.full_like(value, error) if error else None)


def _product(a: Matrix, b: Matrix) -> Matrix:
    error = gamma(a.value.shape[-1] + 4) * (a.size @ b.size)
    if b.error is not None:
        error = error + a.size @ b.error
    if a.error is not None:
        full = b.size if b.error is None else b.size + b.error
        error = error + a.error @ full
    return Matrix(a.value @ b.value, _upwards(error + TINY, a.value.shape[-1]))


def _sum(a: Matrix, b: Matrix) -> Matrix:
    value = a.value + b.value
    error = UNIT * value.abs() * (1 + 4 * UNIT)
    for part in (a.error, b.error):
        if part is not None:
            error = error + part
    return Matrix(value, _upwards(error, 4))


def _multiple(a: Matrix, factor: float) -> Matrix:
    if factor == -1.0:
        return Matrix(-a.value, a.error)
    value = a.value * factor
    error = UNIT * value.abs() * (1 + 4 * UNIT) + TINY * (a.value != 0)
    if a.error is not None:
        error = error + abs(factor) * a.error
    return Matrix(value, _upwards(error, 4))


def _upwards(error: Tensor, terms: int) -> Tensor:
    """The bound itself was computed in float64: what it may have lost, underflow included."""
    return torch.where(error > 0, error * (1 + gamma(4 * terms + 16)) + TINY, error)
