"""The trained block of a stage (Def 3.9): In, positions, softmax attention, a feed-forward layer, Out.

The embedded token map is x E + C, and is only met in products with matrices. They are multiplied beforehand, so that
balls pass through few and small matrices.
"""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from flint import arb, arb_mat

from varexp.audit.functions import softmax, tangent
from varexp.audit.kinks import Kink, rectified
from varexp.audit.taylor import Taylor
from varexp.audit.tensors import Tensors


class UnknownMapError(ValueError):
    """A row is about a map that this code does not have."""


class Linear(NamedTuple):
    """x ↦ x·matrix + offset."""

    matrix: arb_mat
    offset: arb_mat

    def __call__(self, x: Taylor) -> Taylor:
        return x.times(self.matrix).shifted(self.offset)

    def then(self, matrix: arb_mat) -> "Linear":
        """This, times a matrix."""
        return Linear(self.matrix * matrix, self.offset * matrix)


class Head(NamedTuple):
    """softmax(scores)·values; scores are x a xᵀ + x b + (x c)ᵀ + d."""

    a: arb_mat
    b: arb_mat
    c: arb_mat
    d: arb_mat
    values: Linear

    def __call__(self, x: Taylor, across: Taylor) -> Taylor:
        scores = x.times(self.a).product(across).plus(x.times(self.b)).plus(x.times(self.c).transposed())
        shares = softmax(scores.shifted(self.d))
        mean = means(self.values.offset)  # taken out of the products: every row of shares has the sum 1
        mixed = shares.product(x).times(self.values.matrix).plus(shares.times(self.values.offset - mean))
        return mixed.shifted(mean)


class Block:
    """Head by head z = x + softmax(…)·x N, and Out of z + W_2·activation(W_1 z + b_1) + b_2."""

    def __init__(self, row: Mapping[str, Any], weights: Tensors, tokens: int) -> None:
        if row["activation"] not in ("tanh", "relu"):
            raise UnknownMapError(f"no activation {row['activation']!r} here")
        matrix = {name: tensor.matrix() for name, tensor in weights.items()}
        self.rectifies, self.output_scale = row["activation"] == "relu", matrix["output_scale"][0, 0]
        scale = arb(1 / weights["input_scale"].numbers[0])  # the model's own rounded number
        offset = repeated(matrix["embed_bias"], tokens)
        offset = offset + matrix["positions"] if "positions" in matrix else offset
        embedded = Linear(matrix["embed"].transpose() * scale, offset)
        into, out, readout = (matrix[name].transpose() for name in ("ffn_into", "ffn_out", "readout"))
        self.hidden = into.ncols()
        through = beside(into, readout * arb(bool(row["ffn_residual"])))
        own = embedded.then(through * arb(bool(row["attention_residual"])))
        biases = beside(matrix["ffn_into_bias"], matrix["ffn_out_bias"] * readout + matrix["readout_bias"])
        self.own = Linear(own.matrix, own.offset + repeated(biases, tokens))
        self.heads, self.out = heads(row, matrix, embedded, through), out * readout

    def __call__(self, x: Taylor, kinks: list[Kink]) -> Taylor:
        """τ of a token map."""
        z, across = self.own(x), x.transposed()
        for head in self.heads:
            z = z.plus(head(x, across))
        before, passed = z.split(self.hidden)
        if self.rectifies:
            after = before.entrywise(lambda coefficients, rest: rectified(coefficients, rest, kinks))
        else:
            after = tangent(before)
        return passed.plus(after.times(self.out)).scaled(self.output_scale)


def heads(row: Mapping[str, Any], matrix: Mapping[str, arb_mat], embedded: Linear, through: arb_mat) -> list[Head]:
    """S = W_Q W_Kᵀ, divided by the root of the head's size where scores are scaled, and N = W_V W_O, for every head."""
    scale = arb(1 / math.sqrt(row["head_size"])) if row["scaled"] else arb(1)  # the model's own rounded number
    table = {name: matrix[name].tolist() for name in ("query", "key", "value", "output")}
    found = []
    for head in range(row["heads"]):
        size = len(table["query"][0]) // row["heads"]
        part = slice(head * size, (head + 1) * size)
        query, key, value = (arb_mat([line[part] for line in table[name]]) for name in ("query", "key", "value"))
        scores = query * key.transpose() * scale
        left, right = embedded.then(scores), embedded.matrix.transpose()
        down = embedded.offset.transpose()
        crossed = (left.offset * right).transpose()
        values = embedded.then(value * arb_mat(table["output"][part]) * through)
        found.append(Head(left.matrix * right, left.matrix * down, crossed, left.offset * down, values))
    return found


def repeated(line: arb_mat, rows: int) -> arb_mat:
    """A matrix of equal rows."""
    return arb_mat([line.entries()] * rows)


def beside(left: arb_mat, right: arb_mat) -> arb_mat:
    """Two matrices side by side."""
    return arb_mat([a + b for a, b in zip(left.tolist(), right.tolist(), strict=True)])


def means(x: arb_mat) -> arb_mat:
    """The mean of every column, rounded to an exact number, in every row."""
    rows = x.nrows()
    ones = arb_mat([[arb(1) / rows] * rows])
    return repeated((ones * x).mid(), rows)
