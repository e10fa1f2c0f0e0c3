"""One summand of an affine expression over Chebyshev models."""

from dataclasses import dataclass, replace

from varexp.enclosure.matrices import Matrix, identity
from varexp.enclosure.model import ChebyshevModel


@dataclass(frozen=True, eq=False)
class Term:
    """factor · left · model · right, the model transposed if `flipped`; None is the identity."""

    model: ChebyshevModel
    left: Matrix | None = None
    right: Matrix | None = None
    flipped: bool = False
    factor: float = 1.0

    def transpose(self) -> "Term":
        left = None if self.right is None else self.right.mT
        right = None if self.left is None else self.left.mT
        return Term(self.model, left, right, not self.flipped, self.factor)

    def pushed(self) -> "Term":
        """The same with the matrix on the model's own rows (tokens) applied, once for all terms that share it."""
        if self.flipped:
            return self if self.right is None else self.transpose().pushed().transpose()
        if self.left is None:
            return self
        key = ("left", id(self.left))
        if key not in self.model.derived:
            self.model.derived[key] = (self.left, self.model.left(self.left))  # holds the matrix: its id stays taken
        return replace(self, model=self.model.derived[key][1], left=None)

    def value(self) -> ChebyshevModel:
        """Evaluated."""
        term = self.pushed()
        x = term.model.map(lambda t: t.mT) if term.flipped else term.model
        if term.right is not None:
            x = x.right(term.right)
        if term.left is not None:
            x = x.left(term.left)
        return x.scaled(term.factor)

    def columns_in(self) -> int:
        return self.model.R.shape[-2 if self.flipped else -1]

    def rows_in(self) -> int:
        return self.model.R.shape[-1 if self.flipped else -2]

    def times(self, factor: float) -> "Term":
        """Factors other than ±1 are multiplied as matrices, which keeps account of the rounding."""
        if abs(factor) == 1.0 or (abs(self.factor) == 1.0 and self.right is None):
            return replace(self, factor=self.factor * factor)
        return replace(self, right=self.full_right() * factor)

    def full_right(self) -> Matrix:
        return identity(self.columns_in()) if self.right is None else self.right

    def full_left(self) -> Matrix:
        return identity(self.rows_in()) if self.left is None else self.left

    def merged(self, other: "Term") -> "Term | None":
        """Both as one term where that is possible."""
        if self.model is not other.model or self.flipped != other.flipped:
            return None
        if self.left is other.left:
            right = self.full_right() * self.factor + other.full_right() * other.factor
            return replace(self, right=right, factor=1.0)
        if self.right is other.right:
            left = self.full_left() * self.factor + other.full_left() * other.factor
            return replace(self, left=left, factor=1.0)
        return None

    @property
    def vanishes(self) -> bool:
        return any(m is not None and m.vanishes for m in (self.left, self.right))
