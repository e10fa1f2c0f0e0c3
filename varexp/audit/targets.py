"""The feature maps f_i of the targets, from their own matrices."""

from collections.abc import Callable
from typing import Protocol

from flint import arb, arb_mat

from varexp.audit.functions import sine
from varexp.audit.kinks import Kink, absolute_matrix, smallest_matrix
from varexp.audit.taylor import Taylor
from varexp.audit.tensors import Tensors


class FeatureMap(Protocol):
    """f_i of a token map; the places where an absolute value vanishes are added to `kinks`."""

    def __call__(self, x: Taylor, kinks: list[Kink]) -> Taylor: ...


def blurred(x: Taylor, own: Tensors) -> Taylor:
    """B(X): the target's matrix on tokens where it has one."""
    return x.after(own["tokens"].matrix()) if "tokens" in own else x


def affine(K: float, own: Tensors) -> FeatureMap:
    """K·B(X)·A + P."""
    inner, pattern = own["inner"].matrix() * arb(K), own["pattern"].matrix()
    return lambda x, kinks: blurred(x, own).times(inner).shifted(pattern)


def filtered(K: float, own: Tensors) -> FeatureMap:
    """K·C X."""
    return lambda x, kinks: blurred(x, own).scaled(arb(K))


def fold(K: float, own: Tensors) -> FeatureMap:
    """K·|B(X) + P|·A."""
    inner, pattern = own["inner"].matrix() * arb(K), own["pattern"].matrix()
    return lambda x, kinks: absolute_matrix(blurred(x, own).shifted(pattern), kinks).times(inner)


def wave(K: float, own: Tensors) -> FeatureMap:
    """sin(K·B(X)·A + P)·A'."""
    inner, pattern, outer = own["inner"].matrix() * arb(K), own["pattern"].matrix(), own["outer"].matrix()
    return lambda x, kinks: sine(blurred(x, own).times(inner).shifted(pattern)).times(outer)


def mix(K: float, own: Tensors) -> FeatureMap:
    """sin(K·(Y − 2·mean over tokens of Y)·A + P)·A' with Y = B(X)."""
    made = wave(K, {name: tensor for name, tensor in own.items() if name != "tokens"})

    def change(x: Taylor, kinks: list[Kink]) -> Taylor:
        y = blurred(x, own)
        count = y.rest.nrows()
        reflect = [[arb(i == j) - arb(2) / count for j in range(count)] for i in range(count)]
        return made(y.after(arb_mat(reflect)), kinks)

    return change


def mcshane(K: float, own: Tensors) -> FeatureMap:
    """min over anchors i of (v_i + K·mean|X − X_i|)."""
    anchors = [part.matrix() for part in own["places"].slices()]
    values = [part.matrix() for part in own["values"].slices()]

    def change(x: Taylor, kinks: list[Kink]) -> Taylor:
        rows, columns = x.rest.nrows(), x.rest.ncols()
        left = arb_mat([[1] * rows] * rows) * (arb(K) / (rows * columns))  # sums over tokens, on every token
        right = arb_mat([[1] * columns] * columns)
        cones = [
            absolute_matrix(x.shifted(-place), kinks).after(left).times(right).shifted(height)
            for place, height in zip(anchors, values, strict=True)
        ]
        return smallest_matrix(cones, kinks)

    return change


TARGETS: dict[str, Callable[[float, Tensors], FeatureMap]] = {
    "affine": affine,
    "filter": filtered,
    "fold": fold,
    "mcshane": mcshane,
    "mix": mix,
    "sine": wave,
}
