"""The released maps in ball arithmetic: words, blocks (Def 3.9), interpolations, targets."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from flint import arb, arb_mat, arb_series, ctx

from varexp.audit.functions import ball, exponential, inverse, multiplied, padded, tangent
from varexp.audit.kinks import Kink, rectified
from varexp.audit.targets import TARGETS
from varexp.audit.taylor import Taylor, constant, matrix_of
from varexp.audit.tensors import Tensors

Kinks = list[Kink]
Map = Callable[[Taylor, Kinks], Taylor]


class UnknownMapError(ValueError):
    """A row is about a map that this code does not have."""


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

    def difference(self, middle: float, radius: float, n: int) -> tuple[Taylor, Kinks]:
        """Model less target for θ = middle + radius·u in n orders, and the kinks on the way."""
        ctx.cap = n
        kinks: Kinks = []
        model = target = self.word(arb(middle), arb(radius), n)
        for stage in self.stages:
            model = stage.block(model.after(stage.interpolate), kinks)
            target = stage.feature_map(target.after(stage.scale), kinks)
        return model.minus(target), kinks

    def word(self, middle: arb, radius: arb, n: int) -> Taylor:
        """The word, as its Taylor polynomial; what is left of cos and sin is at most radius^n/n!."""
        angle = arb_series([middle, radius])
        waves = [padded(angle.cos(), n), padded(angle.sin(), n)]
        orders = [self.basis[0] * a + self.basis[1] * b for a, b in zip(*waves, strict=True)]
        left = ball(radius**n / math.factorial(n)) if radius != 0 else arb(0)
        return Taylor(orders, self.basis[0] * left + self.basis[1] * left)


def build(row: Mapping[str, Any], tensors: Tensors) -> Network:
    """The network of a row from its settings and its tensors. UnknownMapError for a map that is not known here."""
    stages = [_stage(row, tensors, index) for index in range(row["depth"])]
    return Network([part.matrix() for part in tensors["domain.basis"].slices()], stages)


def _stage(row: Mapping[str, Any], tensors: Tensors, index: int) -> Stage:
    if row["target"] not in TARGETS:
        raise UnknownMapError(f"no target {row['target']!r} here: there are {', '.join(TARGETS)}")
    own = _under(tensors, f"target.{index}.")
    feature_map = TARGETS[row["target"]](row["K"], own)
    model = _under(tensors, f"stages.{index}.")
    block = Block(row, _under(model, "block."))
    return Stage(model["interpolation"].matrix(), block, own["scale_map"].matrix(), feature_map)


def _under(tensors: Tensors, prefix: str) -> Tensors:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


class Block:
    """In, positions, softmax attention, a feed-forward layer, Out; products of two weights are multiplied beforehand."""

    def __init__(self, row: Mapping[str, Any], weights: Tensors) -> None:
        if row["activation"] not in ("tanh", "relu"):
            raise UnknownMapError(f"no activation {row['activation']!r} here")
        self.row, self.bias = row, {name: weights[name].matrix() for name in weights if name.endswith("bias")}
        matrix = {name: weights[name].matrix() for name in weights if name not in self.bias}
        scale = arb(1 / weights["input_scale"].numbers[0])  # the model's own rounded number
        self.embed = matrix["embed"].transpose() * scale
        self.positions = matrix.get("positions")
        self.scores, self.values = _heads(row, weights)
        self.into, self.out = matrix["ffn_into"].transpose(), matrix["ffn_out"].transpose()
        self.readout = matrix["readout"].transpose()
        self.output_scale = arb(weights["output_scale"].numbers[0])

    def __call__(self, x: Taylor, kinks: Kinks) -> Taylor:
        """τ of a token map."""
        z = _biased(x.times(self.embed), self.bias["embed_bias"])
        z = z if self.positions is None else z.shifted(self.positions)
        z = self.fed_forward(self.attended(z), kinks)
        return _biased(z.times(self.readout), self.bias["readout_bias"]).scaled(self.output_scale)

    def attended(self, z: Taylor) -> Taylor:
        """z + Σ over heads of softmax(z S zᵀ)·z V, with S = W_Q W_Kᵀ/√size and V = W_V W_O."""
        across = z.transposed()
        parts = [
            averaged(z.times(scores).product(across), z.times(values))
            for scores, values in zip(self.scores, self.values, strict=True)
        ]
        found = [z, *parts] if self.row["attention_residual"] else parts
        return _sum(found)

    def fed_forward(self, z: Taylor, kinks: Kinks) -> Taylor:
        """z + W_2·activation(W_1 z + b_1) + b_2."""
        hidden = _biased(z.times(self.into), self.bias["ffn_into_bias"])
        if self.row["activation"] == "relu":
            hidden = hidden.entrywise(lambda coefficients, rest: rectified(coefficients, rest, kinks))
        else:
            hidden = hidden.entrywise(tangent)
        result = _biased(hidden.times(self.out), self.bias["ffn_out_bias"])
        return z.plus(result) if self.row["ffn_residual"] else result


def _heads(row: Mapping[str, Any], weights: Tensors) -> tuple[list[arb_mat], list[arb_mat]]:
    """For every head W_Q W_Kᵀ, divided by the root of its size where scores are scaled, and W_V W_O."""
    count, size = row["heads"], row["head_size"]
    scale = arb(1 / math.sqrt(size)) if row["scaled"] else arb(1)  # the model's own rounded number
    table = {name: weights[name].matrix().tolist() for name in ("query", "key", "value", "output")}
    scores, values = [], []
    for columns in (slice(head * size, (head + 1) * size) for head in range(count)):
        query, key, value = (arb_mat([line[columns] for line in table[name]]) for name in ("query", "key", "value"))
        scores.append(query * key.transpose() * scale)
        values.append(value * arb_mat(table["output"][columns]))
    return scores, values


def averaged(scores: Taylor, values: Taylor) -> Taylor:
    """softmax(scores)·values. A number that each row's scores are lowered by changes nothing but the size of numbers."""
    tops = [max(line, key=float).mid() for line in scores.orders[0].tolist()]
    lowered = scores.shifted(arb_mat([[-top] * scores.rest.ncols() for top in tops]))
    powers = lowered.entrywise(exponential)
    ones = constant(arb_mat([[1]] * powers.rest.ncols()), 1)
    shares = [inverse(*entry) for entry in powers.times(ones.orders[0]).columns()]
    sums = powers.product(values).columns()
    width = values.rest.ncols()
    entries = [multiplied(entry, shares[place // width]) for place, entry in enumerate(sums)]
    return matrix_of(entries, len(shares), width)


def _biased(x: Taylor, bias: arb_mat) -> Taylor:
    return x.shifted(arb_mat([bias.entries()] * x.rest.nrows()))


def _sum(parts: Sequence[Taylor]) -> Taylor:
    found = parts[0]
    for part in parts[1:]:
        found = found.plus(part)
    return found
