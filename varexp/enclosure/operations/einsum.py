"""einsum, as products of matrices: the label of the first axis, which counts cells, stays first in the result."""

import string
from typing import Any

from torch import Tensor

from varexp.enclosure.operands import as_weights
from varexp.enclosure.operations.arithmetic import matmul
from varexp.enclosure.operations.axes import permute, reshape
from varexp.enclosure.operations.reductions import sum_
from varexp.enclosure.protocol import Enclosure, rule
from varexp.enclosure.refusals import UnknownOperationError


@rule("einsum")
def einsum(equation: str, *operands: Any) -> Enclosure:
    """Two operands at a time, those that depend on the point first."""
    if len(operands) == 1 and not isinstance(operands[0], Tensor | Enclosure):
        operands = tuple(operands[0])
    labels, output = _parsed(equation, operands)
    cells = _label_of_cells(labels, output, operands)
    order = sorted(range(len(operands)), key=lambda i: not isinstance(operands[i], Enclosure))  # no two constants meet
    (total, have), *rest = [(operands[i], labels[i]) for i in order]
    for i, (operand, own) in enumerate(rest, start=1):
        needed = set(output).union(*(part for _, part in rest[i:]))
        total, have = _contracted(total, have, operand, own, needed, cells)
    return _permuted(*_summed(total, have, set(output)), output)


def _parsed(equation: str, operands: tuple[Any, ...]) -> tuple[list[str], str]:
    """The labels of every operand and of the result, with letters in the place of `...`."""
    text = equation.replace(" ", "")
    left, arrow, output = text.partition("->")
    parts = left.split(",")
    free = [c for c in string.ascii_letters if c not in text]
    if len(parts) != len(operands) or not arrow:
        raise UnknownOperationError(f"einsum needs labels for {len(operands)} operands and a result, got {equation!r}")
    longest = ""
    for i, (part, operand) in enumerate(zip(parts, operands, strict=True)):
        if "..." in part:
            count = operand.ndim - len(part.replace("...", ""))
            letters = "".join(free[-count:]) if count > 0 else ""
            longest = max(longest, letters, key=len)
            parts[i] = part.replace("...", letters)
    output = output.replace("...", longest)
    for part, operand in zip(parts, operands, strict=True):
        if len(part) != operand.ndim or len(set(part)) != len(part):
            raise UnknownOperationError(f"einsum needs one label for each axis, none twice in an operand: {equation!r}")
    sizes: dict[str, int] = {}
    for part, operand in zip(parts, operands, strict=True):
        for label, size in zip(part, operand.shape, strict=True):
            if not sizes.setdefault(label, size) == size:
                raise UnknownOperationError(
                    f"einsum of axes {label!r} of {sizes[label]} and {size} entries: expand them"
                )
    return parts, output


def _label_of_cells(labels: list[str], output: str, operands: tuple[Any, ...]) -> str:
    firsts = {part[0] for part, x in zip(labels, operands, strict=True) if isinstance(x, Enclosure)}
    constants = [part for part, x in zip(labels, operands, strict=True) if not isinstance(x, Enclosure)]
    cells = next(iter(firsts))
    placed = all(part.find(cells) == 0 for part, x in zip(labels, operands, strict=True) if isinstance(x, Enclosure))
    if len(firsts) > 1 or not placed or output[:1] != cells or any(cells in part for part in constants):
        raise UnknownOperationError(
            "einsum of enclosures keeps the first axis, which counts cells: its label is the first of every operand "
            "that depends on the point and of the result, and of no constant"
        )
    return cells


def _contracted(a: Any, left: str, b: Any, right: str, needed: set[str], cells: str) -> tuple[Any, str]:
    """The product of two operands, summed over the labels that nothing else needs."""
    a, left = _summed(a, left, needed | set(right))
    b, right = _summed(b, right, needed | set(left))
    shared = [c for c in left if c in right and c != cells]
    batch = [c for c in shared if c in needed]
    inner = [c for c in shared if c not in needed]
    of_a = [c for c in left if c not in shared and c != cells]
    of_b = [c for c in right if c not in shared and c != cells]
    sizes = dict(zip(right, b.shape, strict=True)) | dict(zip(left, a.shape, strict=True))
    x = _as_matrices(a, left, cells, batch, of_a, inner, sizes)
    y = _as_matrices(b, right, cells, batch, inner, of_b, sizes)
    product = matmul(x, y)
    shape = [sizes[c] for c in (*batch, *of_a, *of_b)]
    return reshape(product, product.shape[0], *shape), "".join((cells, *batch, *of_a, *of_b))


def _as_matrices(
    x: Any, labels: str, cells: str, batch: list[str], rows: list[str], columns: list[str], sizes: dict[str, int]
) -> Any:
    """An operand as (cells, batch, rows, columns), or a constant without cells."""
    order = [*([cells] if cells in labels else []), *batch, *rows, *columns]
    counts = []
    for group in (batch, rows, columns):
        count = 1
        for c in group:
            count *= sizes[c]
        counts.append(count)
    moved = _permuted(x, labels, "".join(order))
    if isinstance(x, Enclosure):
        return reshape(moved, moved.shape[0], *counts)
    return as_weights(moved, "einsum").reshape(*counts)


def _permuted(x: Any, labels: str, order: str) -> Any:
    if set(labels) != set(order):
        raise UnknownOperationError(f"the result of einsum has labels {order!r}, its operands give {labels!r}")
    places = [labels.index(c) for c in order]
    return permute(x, *places) if isinstance(x, Enclosure) else x.permute(places)


def _summed(x: Any, labels: str, needed: set[str]) -> tuple[Any, str]:
    """An operand summed over labels that nothing needs."""
    lost = [i for i, c in enumerate(labels) if c not in needed]
    if not lost:
        return x, labels
    total = sum_(x, lost) if isinstance(x, Enclosure) else x.sum(dim=lost)
    return total, "".join(c for c in labels if c in needed)
