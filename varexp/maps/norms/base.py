"""The protocol of a norm of token maps, and the registry that finds a norm by its name."""

from abc import abstractmethod
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.enclosure.norms import Norm
from varexp.maps.constants import Constant
from varexp.registry import Registry


class TokenNorm(Norm):
    """A norm of token maps (tokens, channels) of every size.

    It depends on absolute values alone and grows with each (see `Norm`), and the operator norm of a product U⊗V on
    tokens and channels is the product of the operator norms of U and V: the constants of targets rest on both.
    """

    @abstractmethod
    def merged(self, norms: Float[Tensor, "... scales"], tokens: Sequence[int]) -> Float[Tensor, "... scales"]:
        """Norm of the first k token maps merged along space (Rem 3.5), for every k, from the norm of each."""

    @abstractmethod
    def steepest(self, gradient: Float[Tensor, "... tokens channels"]) -> Float[Tensor, "... tokens channels"]:
        """The direction of norm 1 along which a linear functional with this gradient grows fastest; 0 where it is 0."""

    @abstractmethod
    def operator_norm(
        self, matrix: Float[Tensor, "rows columns"], off_by: Float[Tensor, "rows columns"] | None = None
    ) -> Constant:
        """Operator norm of a float64 matrix, this norm on both sides, as an interval that rounding cannot leave.

        `off_by` bounds, entry by entry, how far the matrix is from the one meant (see `product_rounding`).
        """

    def sandwich(
        self, inner: Float[Tensor, "channels channels"], outer: Float[Tensor, "channels channels"]
    ) -> Constant:
        """A bound of the norm of X ↦ (X A) D A' for all diagonal D with entries in [-1, 1], A inner and A' outer.

        By default ‖A‖‖A'‖, since ‖D‖ <= 1 in a norm of absolute values.
        """
        return self.of_channels(inner) * self.of_channels(outer)

    def of_channels(self, matrix: Float[Tensor, "channels channels"]) -> Constant:
        """Operator norm of X ↦ X A on token maps."""
        return self.operator_norm(matrix.T.contiguous())

    def span_radius(self, basis: Float[Tensor, "features tokens channels"]) -> float:
        """An upper bound of ‖Σ c_k B_k‖ over |c|_2 <= 1, for token maps B_k that are orthonormal in rms.

        By default from Cauchy and Schwarz in every entry: |Σ c_k B_k| <= (Σ B_k²)^{1/2}.
        """
        return float(self(basis.square().sum(dim=0).sqrt()))

    def enclosing_ball(
        self, images: Float[Tensor, "points tokens channels"]
    ) -> tuple[Float[Tensor, "tokens channels"], float]:
        """A centre, and a radius that no ball enclosing these images can undercut.

        By default the middle of every entry's range, and half the largest distance from the first image or from the
        one farthest from it.
        """
        low, high = images.amin(dim=0), images.amax(dim=0)
        first = self(images - images[0])
        second = self(images - images[int(first.argmax())])
        return (low + high) / 2, float(torch.maximum(first, second).max()) / 2

    def search_starts(self, starts: int, entries: int) -> int:
        """The number of starts of a search for steep pairs; a smooth norm needs `starts` of them."""
        return starts

    def search_objective(self, difference: Float[Tensor, "starts tokens channels"]) -> Float[Tensor, "starts"]:
        """The value that a search for steep pairs increases at each start: the norm itself, or a part of it."""
        return self(difference)


NORMS: Registry[TokenNorm] = Registry("norm")


def find_norm(norm: str | TokenNorm) -> TokenNorm:
    """The norm of this name, or the norm itself. ValueError for an unknown name."""
    return norm if isinstance(norm, TokenNorm) else NORMS[norm]
