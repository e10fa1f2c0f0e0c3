"""Tokenwise separateness and contextual mappings (Defs 4.2, 4.3) decided on any finite set of sequences, and the
attention of Lemma 4.4 with explicit weights, evaluated in balls. Separations are compared by their logarithms."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce

from flint import arb, arb_mat, ctx

from varexp.claims.evidence import Comparison, Evidence, Instance, below

Token = tuple[Fraction, ...]
Sequences = Sequence[Sequence[Token]]
BITS = 8000  # of the balls: separations are as small as e^-2700


def tokens(*rows: Sequence[Sequence[str | int]]) -> list[list[Token]]:
    """Sequences of tokens from numbers as one writes them."""
    return [[tuple(Fraction(x) for x in token) for token in row] for row in rows]


def pairs_of(values: Sequence[str | int], length: int = 2) -> list[list[Token]]:
    """All sequences of `length` different scalar tokens."""
    return [[(Fraction(x),) for x in chosen] for chosen in itertools.permutations(values, length)]


def vocabulary(sequences: Sequences) -> list[Token]:
    """V, Def 4.1."""
    return sorted({token for row in sequences for token in row})


def separateness(
    sequences: Sequences, gamma_min: Fraction, gamma_max: Fraction, delta: Fraction, distinct: bool = True
) -> list[Comparison]:
    """(γ_min, γ_max, δ)-separateness, Def 4.2, in squares; `distinct`: no token twice in a sequence (Lemma 4.4)."""
    found = []
    for token in vocabulary(sequences):
        size = _square(token)
        found.append(below(f"(i) γ_min² < ‖{_name(token)}‖²", gamma_min**2, size))
        found.append(below(f"(ii) ‖{_name(token)}‖² < γ_max²", size, gamma_max**2))
    for a, b in itertools.combinations(vocabulary(sequences), 2):
        distance = _square(tuple(x - y for x, y in zip(a, b, strict=True)))
        found.append(below(f"(iii) δ² < ‖{_name(a)} − {_name(b)}‖²", delta**2, distance))
    if distinct:
        for i, row in enumerate(sequences):
            repeats = len(row) - len(set(row))
            found.append(below(f"no token twice in sequence {i + 1}: repeats < 1", repeats, 1))
    return found


def contextual(
    sequences: Sequences, ids: Sequence[Sequence[Sequence[arb]]], gamma: arb | Fraction, log_delta: arb
) -> list[Comparison]:
    """Def 4.3: the largest ‖q(X)_k‖ < γ, and the log of the smallest separation that it asks for > log δ."""
    size = reduce(arb.max, (_norm(token) for row in ids for token in row))
    pairs = _told_apart(sequences, ids)
    smallest = reduce(arb.min, (_norm([x - y for x, y in zip(a, b, strict=True)]) for a, b in pairs))
    if not smallest > 0:
        return [below("1. largest ‖q‖ < γ", size, gamma), below("2. 0 < the smallest separation", 0, smallest)]
    return [
        below("1. largest ‖q‖ < γ", size, gamma),
        below("2. log δ < log of the smallest separation", log_delta, smallest.log()),
    ]


def _told_apart(
    sequences: Sequences, ids: Sequence[Sequence[Sequence[arb]]]
) -> Iterator[tuple[Sequence[arb], Sequence[arb]]]:
    places = [(frozenset(row), token, ids[i][k]) for i, row in enumerate(sequences) for k, token in enumerate(row)]
    for (set_a, a, id_a), (set_b, b, id_b) in itertools.combinations(places, 2):
        if set_a != set_b or a != b:
            yield id_a, id_b


@dataclass(frozen=True)
class Constants:
    """Lemma 4.4's numbers: (γ_min, γ_max, ε)-separated tokens in R^d, |V| of them, sequences of n."""

    gamma_min: Fraction
    gamma_max: Fraction
    epsilon: Fraction
    words: int
    length: int
    dimension: int

    @property
    def gamma(self) -> Fraction:
        """γ_max + ε/4."""
        return self.gamma_max + self.epsilon / 4

    def log_delta_printed(self) -> arb:
        """ln δ as printed (Hu et al.): −5 ε^{-1} |V|^4 d κ γ_max ln n."""
        kappa = self.gamma_max / self.gamma_min
        return -ball(5 / self.epsilon * self.words**4 * self.dimension * kappa * self.gamma_max) * _log_n(self.length)

    def log_delta_ks(self) -> arb:
        """ln δ of Kajitsuka and Sato (2023), Theorem 2."""
        top, low, epsilon = ball(self.gamma_max), ball(self.gamma_min), ball(self.epsilon)
        common = ball(Fraction(self.words + 1) ** 4) * self._two_log() * arb.pi() * self.dimension
        factor = 2 * _log_n(self.length) ** 2 * epsilon**2 * low / (top**2 * common)
        return factor.log() - common * top**2 / (4 * epsilon * low)

    def scale_ks(self) -> arb:
        """c of the same: scores are c (v·x_k)(v·x_m)."""
        words = ball(Fraction(self.words + 1) ** 4)
        return words * arb.pi() * self.dimension / 8 * self._two_log() / (ball(self.epsilon) * ball(self.gamma_min))

    def scale_of(self, projections: Sequence[arb]) -> arb:
        """c from the data: (2 ln n + 3)(1 + 1e-4)/G, G = min |v·(a − b)| · min |v·a|."""
        closest = min((abs(a - b) for a, b in itertools.combinations(projections, 2)), key=float)
        least = min((abs(a) for a in projections), key=float)
        return self._two_log() * ball(Fraction(10001, 10000)) / (closest * least)

    def log_delta_of(self, scale: arb, projections: Sequence[arb]) -> arb:
        """ln of min(ε/2, α (ln n)²/(c p) e^{−2 c p²}), p = max |v·a|, which that c certifies."""
        p = reduce(arb.max, (abs(a) for a in projections))
        bound = self.alpha().log() + 2 * _log_n(self.length).log() - (scale * p).log() - 2 * scale * p**2
        return bound.min((ball(self.epsilon) / 2).log())

    def alpha(self) -> arb:
        """‖W_O u''‖ = ε/(4 γ_max)."""
        return ball(self.epsilon / (4 * self.gamma_max))

    def _two_log(self) -> arb:
        return 2 * _log_n(self.length) + 3


Matrix = list[list[arb]]


def rank_one(v: Sequence[Fraction], factor: arb) -> Matrix:
    """factor · v vᵀ."""
    return [[factor * ball(a * b) for b in v] for a in v]


def attention_ids(sequences: Sequences, scores: Matrix, values: Matrix) -> list[list[list[arb]]]:
    """x_k + Σ_m softmax((xᵀ_k S x_m))_m V x_m with S = W_Qᵀ W_K, V = W_O W_V: residual attention in the column form."""
    result = []
    for row in sequences:
        vectors = [[ball(x) for x in token] for token in row]
        mapped = [_times(values, x) for x in vectors]
        ids = []
        for x in vectors:
            logits = [_inner(x, _times(scores, y)) for y in vectors]
            top = max(logits, key=float)
            weights = [(logit - top).exp() for logit in logits]
            total = _sum(weights)
            mean = [_sum([w * y[i] for w, y in zip(weights, mapped, strict=True)]) / total for i in range(len(x))]
            ids.append([own + other for own, other in zip(x, mean, strict=True)])
        result.append(ids)
    return result


def mapping(
    sequences: Sequences,
    gammas: tuple[Fraction, Fraction, Fraction],
    constants: str = "data",
    v: Sequence[Fraction] = (Fraction(1),),
    shift: float = 0.0,
    full_rank: Fraction = Fraction(0),
) -> Evidence:
    """Lemma 4.4 on a set of sequences, with weights and δ by `constants` (ks or data); `shift` is added to ln δ.

    `full_rank` times a matrix of ones with 2 on its diagonal, which is regular, is added to the weights of rank one.
    """
    with ctx.workprec(BITS):
        gamma_min, gamma_max, epsilon = gammas
        hypotheses = separateness(sequences, gamma_min, gamma_max, epsilon)
        words, length = len(vocabulary(sequences)), len(sequences[0])
        data = Constants(gamma_min, gamma_max, epsilon, words, length, len(v))
        projections = [_dot(v, token) for token in vocabulary(sequences)]
        scale = data.scale_ks() if constants == "ks" else data.scale_of(projections)
        log_delta = data.log_delta_ks() if constants == "ks" else data.log_delta_of(scale, projections)
        weights = [
            [[x + ball(full_rank * (1 + (i == j))) for j, x in enumerate(line)] for i, line in enumerate(matrix)]
            for matrix in (rank_one(v, scale), rank_one(v, data.alpha()))
        ]
        conclusions = contextual(sequences, attention_ids(sequences, *weights), data.gamma, log_delta + shift)
        if full_rank:
            conclusions += [below("0 < |det|", 0, abs(arb_mat(matrix).det())) for matrix in weights]
        what = f"{len(sequences)} sequences of {length} from {words} tokens"
        numbers = {"c": f"{float(scale):.4g}", "max score": f"{float(scale) * max(map(float, projections)) ** 2:.4g}"}
        return Evidence((Instance(what, tuple(conclusions), tuple(hypotheses)),), numbers)


def ball(x: Fraction | int) -> arb:
    """A fraction as a ball."""
    x = Fraction(x)
    return arb(x.numerator) / x.denominator


def _log_n(n: int) -> arb:
    return arb(n).log()


def _dot(v: Sequence[Fraction], token: Token) -> arb:
    return ball(sum((a * b for a, b in zip(v, token, strict=True)), Fraction(0)))


def _inner(a: Sequence[arb], b: Sequence[arb]) -> arb:
    return _sum([x * y for x, y in zip(a, b, strict=True)])


def _times(matrix: Matrix, x: Sequence[arb]) -> list[arb]:
    return [_inner(row, x) for row in matrix]


def _sum(values: Iterator[arb] | Sequence[arb]) -> arb:
    total = arb(0)
    for value in values:
        total += value
    return total


def _norm(x: Sequence[arb]) -> arb:
    return abs(x[0]) if len(x) == 1 else _sum([a * a for a in x]).nonnegative_part().sqrt()


def _square(token: Token) -> Fraction:
    return sum((x * x for x in token), Fraction(0))


def _name(token: Token) -> str:
    return f"{float(token[0]):g}" if len(token) == 1 else "(" + ", ".join(f"{float(x):g}" for x in token) + ")"


def gap(difference: Fraction) -> arb:
    """D(Δ) = Δ/(1 + e^Δ): what a second score at distance Δ takes off the larger one, for n = 2."""
    return ball(difference) / (1 + ball(difference).exp())
