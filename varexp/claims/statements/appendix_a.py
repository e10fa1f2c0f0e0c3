"""Appendix A: facts on matrices and vectors, on random integer instances of random sizes."""

import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from typing import Any

from flint import arb, fmpz_mat

from varexp.claims.claim import Claim, Plant, Reading
from varexp.claims.evidence import Comparison, Evidence, Instance, at_most, equal
from varexp.theory.verdicts import Verdict

SEED = 0
Vector = list[int]
Identity = Callable[[Vector, Vector, Vector], tuple[int | Vector, int | Vector]]


def dot(u: Vector, v: Vector) -> int:
    return sum(a * b for a, b in zip(u, v, strict=True))


def hadamard(u: Vector, v: Vector) -> Vector:
    return [a * b for a, b in zip(u, v, strict=True)]


def diagonal(u: Vector) -> list[Vector]:
    return [[a * (i == j) for j in range(len(u))] for i, a in enumerate(u)]


def times(matrix: list[Vector], v: Vector) -> Vector:
    return [dot(row, v) for row in matrix]


def plus(u: Vector, v: Vector) -> Vector:
    return [a + b for a, b in zip(u, v, strict=True)]


INNER: dict[str, Identity] = {
    "⟨u, v⟩ = ⟨v, u⟩": lambda u, v, w: (dot(u, v), dot(v, u)),
    "⟨u, v⟩ = ⟨u∘v, 1⟩": lambda u, v, w: (dot(u, v), dot(hadamard(u, v), [1] * len(u))),
    "⟨u∘v, w⟩ = ⟨u∘v∘w, 1⟩": lambda u, v, w: (
        dot(hadamard(u, v), w),
        dot(hadamard(hadamard(u, v), w), [1] * len(u)),
    ),
    "⟨u∘v, w⟩ = ⟨u, v∘w⟩": lambda u, v, w: (dot(hadamard(u, v), w), dot(u, hadamard(v, w))),
}
DIAGONAL: dict[str, Identity] = {
    "u∘v = diag(u) v": lambda u, v, w: (hadamard(u, v), times(diagonal(u), v)),
    "uᵀ(v∘w) = uᵀ diag(v) w": lambda u, v, w: (dot(u, hadamard(v, w)), dot(u, times(diagonal(v), w))),
    "uᵀ(v∘w) = wᵀ(u∘v)": lambda u, v, w: (dot(u, hadamard(v, w)), dot(w, hadamard(u, v))),
    "uᵀ diag(v) w = vᵀ diag(u) w": lambda u, v, w: (dot(u, times(diagonal(v), w)), dot(v, times(diagonal(u), w))),
    "diag(u) diag(v) 1 = diag(u) v": lambda u, v, w: (
        times(diagonal(u), times(diagonal(v), [1] * len(u))),
        times(diagonal(u), v),
    ),
    "diag(u∘v) w = diag(u) diag(v) w": lambda u, v, w: (
        times(diagonal(hadamard(u, v)), w),
        times(diagonal(u), times(diagonal(v), w)),
    ),
    "diag(u+v) w = diag(u) w + diag(v) w": lambda u, v, w: (
        times(diagonal(plus(u, v)), w),
        plus(times(diagonal(u), w), times(diagonal(v), w)),
    ),
}
WRONG: dict[str, Identity] = {
    "⟨u∘v, w⟩ = ⟨u, v⟩⟨v, w⟩": lambda u, v, w: (dot(hadamard(u, v), w), dot(u, v) * dot(v, w)),
    "diag(u) v = diag(v) w": lambda u, v, w: (times(diagonal(u), v), times(diagonal(v), w)),
}


def _identities(identities: dict[str, Identity], count: int = 20) -> Evidence:
    source, instances = random.Random(SEED), []
    for _ in range(count):
        n = source.randint(1, 9)
        u, v, w = ([source.randint(-9, 9) for _ in range(n)] for _ in range(3))
        conclusions = []
        for name, sides in identities.items():
            left, right = sides(u, v, w)
            off = abs(left - right) if isinstance(left, int) else _distance(left, right)  # type: ignore[operator]
            conclusions.append(equal(name, off, 0))
        instances.append(Instance(f"integers, n = {n}", tuple(conclusions)))
    return Evidence(tuple(instances), seed=SEED)


def _distance(a: Sequence[int], b: object) -> int:
    assert isinstance(b, list)
    return max(abs(x - y) for x, y in zip(a, b, strict=True))


def spectral_square(X: list[Vector]) -> arb:
    """‖X‖² as a ball: the largest root of the characteristic polynomial of XᵀX."""
    matrix = fmpz_mat(X)
    gram = matrix.transpose() * matrix
    roots: Any = gram.charpoly().complex_roots()  # pairs of a ball and its multiplicity
    return max((root.real for root, _ in roots), key=float)


def _norms(scale: Fraction = Fraction(1), rank_off: int = 0) -> Evidence:
    """‖X‖_F² = Σ rows = Σ columns (times `scale`); ‖X‖² <= ‖X‖_F² <= (rank + rank_off)·‖X‖²."""
    source, instances = random.Random(SEED), []
    for _ in range(20):
        n, d = source.randint(2, 6), source.randint(2, 6)
        X = [[source.randint(-9, 9) for _ in range(d)] for _ in range(n)]
        frobenius = sum(x * x for row in X for x in row)
        spectral, rank = spectral_square(X), fmpz_mat(X).rank()
        conclusions: list[Comparison] = [
            equal("Σ_i ‖X_i,*‖² = ‖X‖_F²", sum(dot(row, row) for row in X), scale * frobenius),
            equal("Σ_j ‖X_*,j‖² = ‖X‖_F²", sum(dot(list(c), list(c)) for c in zip(*X, strict=True)), scale * frobenius),
            at_most("‖X‖² <= ‖X‖_F²", spectral, frobenius),
            at_most("‖X‖_F² <= rank ‖X‖²", frobenius, (rank + rank_off) * spectral),
        ]
        instances.append(Instance(f"integers, {n}x{d}, rank {rank}", tuple(conclusions)))
    return Evidence(tuple(instances), seed=SEED)


def _claim(id: str, title: str, printed: str, wording: str, reading: Reading) -> Claim:
    source = f"reconstructed, {wording} confidence"
    return Claim(id=id, section="A", title=title, printed=printed, source=source, wording=wording, readings=(reading,))


_reading = partial(Reading, name="random sizes", kind="printed", arm="exact", domain="random integers, sizes 1 to 9")

CLAIMS = (
    _claim(
        "fact-a.1",
        "Norms of matrices",
        "‖X‖_F² = Σ_i ‖X_i‖² = Σ_j ‖X_j‖²; ‖X‖ <= ‖X‖_F <= √rank ‖X‖",
        "low",
        _reading(
            statement="all four relations",
            norm="Frobenius, spectral",
            check=_norms,
            expected=Verdict.HOLDS,
            because="sums of squares; the trace of XᵀX is the sum of at most rank eigenvalues.",
            falsehoods=(
                Plant("with rank − 1", partial(_norms, Fraction(1), -1)),
                Plant("‖X‖_F² 5 % smaller", partial(_norms, Fraction(95, 100))),
            ),
            truths=(Plant("with rank + 1", partial(_norms, Fraction(1), 1)),),
        ),
    ),
    _claim(
        "fact-a.2",
        "Inner products",
        "⟨u∘v, w⟩ = ⟨u∘v∘w, 1⟩ = ⟨u, v∘w⟩ and the like",
        "medium",
        _reading(
            statement="the four identities",
            norm="entries",
            check=partial(_identities, INNER),
            expected=Verdict.HOLDS,
            because="the same sum of products.",
            falsehoods=(Plant("a product of two inner products", partial(_identities, dict(list(WRONG.items())[:1]))),),
            truths=(Plant("symmetry alone", partial(_identities, dict(list(INNER.items())[:1]))),),
        ),
    ),
    _claim(
        "fact-a.3",
        "Hadamard products and diagonal matrices",
        "u∘v = diag(u)v, diag(u∘v) = diag(u)diag(v), diag(u+v) = diag(u)+diag(v) and the like",
        "medium",
        _reading(
            statement="the seven identities",
            norm="entries",
            check=partial(_identities, DIAGONAL),
            expected=Verdict.HOLDS,
            because="the same products entry by entry.",
            falsehoods=(Plant("vectors exchanged", partial(_identities, dict(list(WRONG.items())[1:]))),),
            truths=(Plant("u∘v = diag(u)v alone", partial(_identities, dict(list(DIAGONAL.items())[:1]))),),
        ),
    ),
)
