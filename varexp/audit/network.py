"""The released maps in ball arithmetic: a model beside its target, on a curve of words."""

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from flint import arb, arb_mat, arb_series

from varexp.audit.block import Block, UnknownMapError
from varexp.audit.functions import ball, padded, series_of
from varexp.audit.kinks import Kink
from varexp.audit.targets import TARGETS
from varexp.audit.taylor import Taylor
from varexp.audit.tensors import Tensors

Map = Callable[[Taylor, list[Kink]], Taylor]


class Stage(NamedTuple):
    """One stage of the model and of the target."""

    interpolate: arb_mat
    block: Map
    scale: arb_mat
    feature_map: Map


class Network(NamedTuple):
    """A model beside its target, on the words cos θ·B_1 + sin θ·B_2."""

    basis: list[arb_mat]
    stages: list[Stage]

    def difference(self, middle: arb, radius: arb, n: int) -> tuple[Taylor, list[Kink]]:
        """Model less target for θ = middle + radius·u in n orders, and the kinks on the way."""
        kinks: list[Kink] = []
        with series_of(n):
            model = target = self.word(middle, radius, n)
            for stage in self.stages:
                model = stage.block(model.after(stage.interpolate), kinks)
                target = stage.feature_map(target.after(stage.scale), kinks)
        return model.minus(target), kinks

    def word(self, middle: arb, radius: arb, n: int) -> Taylor:
        """The word, as its Taylor polynomial; what is left of cos and sin is at most radius^n/n!."""
        angle = arb_series([middle, radius])
        waves = [padded(angle.cos(), n), padded(angle.sin(), n)]
        orders = [self.basis[0] * a + self.basis[1] * b for a, b in zip(*waves, strict=True)]
        left = ball(radius**n / math.factorial(n))
        return Taylor(orders, self.basis[0] * left + self.basis[1] * left)


def build(row: Mapping[str, Any], tensors: Tensors) -> Network:
    """The network of a row from its settings and its tensors. UnknownMapError for a map that is not known here."""
    basis = [part.matrix() for part in tensors["domain.basis"].slices()]
    return Network(basis, [_stage(row, tensors, index) for index in range(row["depth"])])


def _stage(row: Mapping[str, Any], tensors: Tensors, index: int) -> Stage:
    if row["target"] not in TARGETS:
        raise UnknownMapError(f"no target {row['target']!r} here: there are {', '.join(TARGETS)}")
    own, model = _under(tensors, f"target.{index}."), _under(tensors, f"stages.{index}.")
    feature_map = TARGETS[row["target"]](row["K"], own)
    interpolate = model["interpolation"].matrix()
    block = Block(row, _under(model, "block."), interpolate.nrows())
    return Stage(interpolate, block, own["scale_map"].matrix(), feature_map)


def _under(tensors: Tensors, prefix: str) -> Tensors:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
