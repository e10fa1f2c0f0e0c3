"""Matrices that are known up to a bound on each entry: what merging float64 weights leaves behind."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from varexp.maps.constants import UNIT, gamma

TINY = 1e-290  # above whatever underflow loses in one operation, and below whatever matters


@dataclass(frozen=True, eq=False)
class Matrix:
    """An exact matrix (..., rows, columns) within `error` of `value`, entry by entry; None: exactly `value`."""

    value: Tensor
    error: Tensor | None = None

    def __matmul__(self, other: "Matrix") -> "Matrix":
        """The product; its own rounding, γ_k|A||B|, enters the error (and not only u|AB|)."""
        size, other_size = self.value.abs(), other.value.abs()
        error = gamma(self.value.shape[-1] + 4) * (size @ other_size)
        if other.error is not None:
            error = error + size @ other.error
        if self.error is not None:
            full = other_size if other.error is None else other_size + other.error
            error = error + self.error @ full
        return Matrix(self.value @ other.value, _upwards(error + TINY, self.value.shape[-1]))

    def __add__(self, other: "Matrix") -> "Matrix":
        """The sum. Where the result is 0 no rounding happened: structural zeros stay exact."""
        value = self.value + other.value
        error = UNIT * value.abs() * (1 + 4 * UNIT)
        for part in (self.error, other.error):
            if part is not None:
                error = error + part
        return Matrix(value, _upwards(error, 4))

    def __mul__(self, factor: float) -> "Matrix":
        if factor == 1.0:
            return self
        if factor == -1.0:
            return Matrix(-self.value, self.error)
        value = self.value * factor
        error = UNIT * value.abs() * (1 + 4 * UNIT) + TINY * (self.value != 0)
        if self.error is not None:
            error = error + abs(factor) * self.error
        return Matrix(value, _upwards(error, 4))

    @cached_property
    def mT(self) -> "Matrix":  # noqa: N802
        """Transposed; the same object every time, and its transpose is this one."""
        transposed = Matrix(self.value.mT, None if self.error is None else self.error.mT)
        transposed.__dict__["mT"] = self
        return transposed

    @property
    def vanishes(self) -> bool:
        """Exactly 0."""
        return not bool(self.value.any()) and (self.error is None or not bool(self.error.any()))

    def map(self, f: Callable[[Tensor], Tensor]) -> "Matrix":
        """A rearrangement or repetition of entries."""
        return Matrix(f(self.value), None if self.error is None else f(self.error))

    def columns(self, count: int) -> "Matrix":
        """A single column repeated."""
        return self.map(lambda x: x.expand(*x.shape[:-1], count))

    def rows(self, count: int) -> "Matrix":
        """A single row repeated."""
        return self.map(lambda x: x.expand(*x.shape[:-2], count, x.shape[-1]))


def identity(size: int) -> Matrix:
    return Matrix(torch.eye(size, dtype=torch.float64))


def _upwards(error: Tensor, terms: int) -> Tensor:
    """The bound itself was computed in float64: what it may have lost, underflow included."""
    return torch.where(error > 0, error * (1 + gamma(4 * terms + 16)) + TINY, error)
