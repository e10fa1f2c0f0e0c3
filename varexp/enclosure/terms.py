"""Linear terms: the summands of an affine expression over Chebyshev models."""

from dataclasses import dataclass, replace

from varexp.enclosure.matrices import Matrix, identity
from varexp.enclosure.model import ChebyshevModel


@dataclass(frozen=True, eq=False)
class LinearTerm:
    """factor · left · model · right, or with the model's transpose if `transposed`; None stands for the identity."""

    model: ChebyshevModel
    left: Matrix | None = None
    right: Matrix | None = None
    transposed: bool = False
    factor: float = 1.0

    def transpose(self) -> "LinearTerm":
        left = None if self.right is None else self.right.mT
        right = None if self.left is None else self.left.mT
        return LinearTerm(self.model, left, right, not self.transposed, self.factor)

    def apply_row_matrix(self) -> "LinearTerm":
        """The same term with the matrix on the model's own rows (tokens) applied to the model.

        The model remembers the product, which many terms share.
        """
        if self.transposed:
            return self if self.right is None else self.transpose().apply_row_matrix().transpose()
        if self.left is None:
            return self
        key = ("left_multiply", self.left)  # a matrix is equal to itself alone
        if key not in self.model.derived:
            self.model.derived[key] = self.model.left_multiply(self.left)
        return replace(self, model=self.model.derived[key], left=None)

    def oriented_model(self) -> ChebyshevModel:
        """The model, or its transpose if the term is transposed."""
        return self.model.transpose() if self.transposed else self.model

    def evaluate(self) -> ChebyshevModel:
        """The model of the term."""
        term = self.apply_row_matrix()
        x = term.oriented_model()
        if term.right is not None:
            x = x.right_multiply(term.right)
        if term.left is not None:
            x = x.left_multiply(term.left)
        return x.scale(term.factor)

    def scale(self, factor: float) -> "LinearTerm":
        """factor · term. A matrix takes over any factor but ±1, since matrices keep account of their rounding."""
        if abs(factor) == 1.0 or (abs(self.factor) == 1.0 and self.right is None):
            return replace(self, factor=self.factor * factor)
        return replace(self, right=self.right_or_identity() * factor)

    def right_or_identity(self) -> Matrix:
        columns = self.model.remainder.shape[-2 if self.transposed else -1]
        return identity(columns) if self.right is None else self.right

    def left_or_identity(self) -> Matrix:
        rows = self.model.remainder.shape[-1 if self.transposed else -2]
        return identity(rows) if self.left is None else self.left

    def merge_with(self, other: "LinearTerm") -> "LinearTerm | None":
        """The sum of both terms as one term; None if they differ in more than one of their matrices."""
        if self.model is not other.model or self.transposed != other.transposed:
            return None
        if self.left is other.left:
            right = self.right_or_identity() * self.factor + other.right_or_identity() * other.factor
            return replace(self, right=right, factor=1.0)
        if self.right is other.right:
            left = self.left_or_identity() * self.factor + other.left_or_identity() * other.factor
            return replace(self, left=left, factor=1.0)
        return None

    @property
    def is_zero(self) -> bool:
        """Whether one of the matrices is exactly 0."""
        return any(m is not None and m.is_zero for m in (self.left, self.right))
