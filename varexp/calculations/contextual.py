"""contextual: how far one attention layer keeps token ids apart (Definition 4.3, Lemma 4.4), in theory and in floats.

All sequences of `length` different tokens of a larger vocabulary 1, …, |V|. Ids: x_k + Σ_m softmax(s x_k x_m)_m v x_m.
Arms: `ks`, weights of Kajitsuka and Sato's proof; `data`, scores as small as the same proof allows for these tokens;
`trained`, the best s and v of a grid, by separation over the largest id. Separations are the smallest difference of two
ids that Definition 4.3 wants apart: in balls of python-flint, and as torch gives it in each precision.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cmp_to_key

import torch
from flint import arb, ctx
from torch import Tensor

from varexp.calculations.base import Calculation, Row, register
from varexp.claims.instances.contextual import BITS, Constants, attention_ids, ball, pairs_of
from varexp.errors import bad_value

EPSILON = Fraction(1, 2)  # separateness: norms and distances of tokens 1, 2, … are at least 1
PRECISIONS = {"float64": torch.float64, "float32": torch.float32, "bfloat16": torch.bfloat16}
SCORES = [10 ** (-3 + 5 * i / 200) for i in range(201)]  # s and v that the search tries
VALUES = [-4.0 + i / 8 for i in range(65)]


@register("contextual")
@dataclass(frozen=True)
class Contextual(Calculation):
    """Sizes of vocabularies, lengths of sequences."""

    words: list[int] = field(default_factory=lambda: [2, 3])
    length: list[int] = field(default_factory=lambda: [2])

    def rows(self) -> Iterator[Row]:
        for words in self.words:
            if not 2 <= words <= 8:
                raise bad_value("words", words, "a whole number from 2 to 8")
        for length in self.length:
            for words in self.words:
                if length < words:
                    yield from _rows(words, length)


def _rows(words: int, length: int) -> Iterator[Row]:
    sequences = [[token[0] for token in row] for row in pairs_of(range(1, words + 1), length)]
    with ctx.workprec(BITS):
        data = Constants(EPSILON, words + EPSILON, EPSILON, words, length, 1)
        projections = [ball(x) for x in range(1, words + 1)]
        alpha, of_data = data.alpha(), data.scale_of(projections)
        score, value = search(sequences)
        arms = {
            "ks": (data.scale_ks(), alpha, data.log_delta_ks()),
            "data": (of_data, alpha, data.log_delta_of(of_data, projections)),
            "trained": (arb(score), arb(value), None),
        }
        for arm, (s, v, log_delta) in arms.items():
            found = {name: in_floats(sequences, float(s), float(v), kind) for name, kind in PRECISIONS.items()}
            yield {
                "arm": arm,
                "words": words,
                "length": length,
                "sequences": len(sequences),
                "scale": float(s),
                "value": float(v),
                "log10_separation": _log10(separation(sequences, s, v)),
                "log10_delta": None if log_delta is None else float(log_delta) / math.log(10),
                "log10_delta_printed": float(data.log_delta_printed()) / math.log(10),
                **{f"separation_{name}": value for name, value in found.items()},
            }


def _log10(x: arb) -> float | None:
    return float(x.log()) / math.log(10) if x > 0 else None


def classes(sequences: Sequence[Sequence[Fraction]]) -> list[tuple[int, int]]:
    """One place (sequence, position) of every pair of a set of tokens and a token of it: their ids are to differ."""
    places: dict[tuple[frozenset[Fraction], Fraction], tuple[int, int]] = {}
    for i, row in enumerate(sequences):
        for k, token in enumerate(row):
            places.setdefault((frozenset(row), token), (i, k))
    return list(places.values())


def separation(sequences: Sequence[Sequence[Fraction]], score: arb, value: arb) -> arb:
    """The smallest difference of two ids that are to differ; ids are sorted, so that neighbours are enough."""
    ids = attention_ids([[(x,) for x in row] for row in sequences], [[score]], [[value]])
    ordered = sorted((ids[i][k][0] for i, k in classes(sequences)), key=cmp_to_key(_order))
    smallest = ordered[1] - ordered[0]
    for a, b in itertools.pairwise(ordered[1:]):
        smallest = smallest.min(b - a)
    return smallest


def _order(a: arb, b: arb) -> int:
    return -1 if a < b else 1


def ids_in_torch(sequences: Sequence[Sequence[Fraction]], score: float, value: float, dtype: torch.dtype) -> Tensor:
    """The ids of one place of every class, by attention in torch."""
    x = torch.tensor([[float(token) for token in row] for row in sequences], dtype=dtype)
    weights = (score * x[:, :, None] * x[:, None, :]).softmax(dim=-1)
    ids = x + value * (weights @ x[..., None])[..., 0]
    rows, columns = zip(*classes(sequences), strict=True)
    return ids[list(rows), list(columns)]


def in_floats(sequences: Sequence[Sequence[Fraction]], score: float, value: float, dtype: torch.dtype) -> float:
    """The smallest difference of two ids as torch computes them; 0 where two coincide."""
    return float(ids_in_torch(sequences, score, value, dtype).double().sort().values.diff().min())


def search(sequences: Sequence[Sequence[Fraction]]) -> tuple[float, float]:
    """The s and v of a grid that keep ids farthest apart, relative to the largest id."""
    best, found = -1.0, (SCORES[0], VALUES[0])
    for score, value in itertools.product(SCORES, VALUES):
        ids = ids_in_torch(sequences, score, value, torch.float64)
        apart = float(ids.sort().values.diff().min() / ids.abs().max())
        if apart > best:
            best, found = apart, (score, value)
    return found
