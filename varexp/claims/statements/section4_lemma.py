"""Section 4, Lemma 4.4: attention that is a contextual mapping, its constants and its arithmetic."""

import itertools
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
from flint import arb, ctx

from varexp.claims.claim import Claim, Plant, Reading
from varexp.claims.evidence import Evidence, at_most, below, equal, evidence
from varexp.claims.instances.contextual import (
    BITS,
    Constants,
    Sequences,
    attention_ids,
    ball,
    gap,
    mapping,
    pairs_of,
    separateness,
    tokens,
    vocabulary,
)
from varexp.theory.verdicts import Verdict

F = Fraction
THREE, QUARTERS, SIGNED = pairs_of((1, 2, 3)), pairs_of(("1", "3/2", "2", "5/2")), pairs_of((-1, 1, 2))
PLANE = [list(row) for row in itertools.permutations(tokens([(1, 2), (2, "-1/2"), ("3/2", 1), (3, 3)])[0], 3)]
CASES: list[tuple[Sequences, tuple[Fraction, Fraction, Fraction], tuple[Fraction, ...]]] = [
    (THREE, (F("0.999999"), F("3.000001"), F("0.999999")), (F(1),)),
    (QUARTERS, (F("0.99"), F("2.51"), F("0.49")), (F(1),)),
    (SIGNED, (F("0.99"), F("2.01"), F("0.99")), (F(1),)),
    (PLANE, (F("1.5"), F("4.3"), F("1")), (F(3, 5), F(4, 5))),
]
NEAR = [list(row) for row in itertools.permutations(tokens([(1, "1/2"), ("1/2", 1), ("-9/10", "-3/5")])[0], 2)]
# of Kajitsuka and Sato, whose separations are e^−1000 and less: more tokens would need more bits. NEAR is in the plane.
KS_CASES = [CASES[0], CASES[2], (NEAR, (F("1.08"), F("1.12"), F("0.7")), (F(3, 5), F(4, 5)))]


def _any_rank(size: str) -> Evidence:
    rows, gammas, v = CASES[-1]
    return mapping(rows, gammas, "data", v, 0.0, F(size))


def _lemma(constants: str, shift: float = 0.0) -> Evidence:
    cases = CASES if constants == "data" else KS_CASES
    found = [mapping(rows, gammas, constants, v, shift) for rows, gammas, v in cases]
    numbers = {f"{name}, case {i + 1}": value for i, e in enumerate(found) for name, value in e.numbers.items()}
    return Evidence(tuple(instance for e in found for instance in e.instances), numbers)


def _printed_delta(scale: str = "1e-100", length: int = 2) -> Evidence:
    """Any q with ‖q‖ < γ has differences < 2γ, so δ < 2γ is necessary. Tokens s and 2s: γ scales with s, δ does not."""
    s = F(scale)
    gammas = F("0.999") * s, F("2.001") * s, F("0.999") * s
    rows: Sequences = [[(s,)], [(2 * s,)]] if length == 1 else [[(s,), (2 * s,)], [(2 * s,), (s,)]]
    data = Constants(*gammas, 2, length, 1)
    needed = below(
        "ln δ < ln 2γ, without which no q at all will do", data.log_delta_printed(), ball(2 * data.gamma).log()
    )
    return evidence(f"tokens {scale}·(1, 2), sequences of {length}", needed, hypotheses=separateness(rows, *gammas))


def _distinguished(low: str = "2.5088", high: str = "2.5089") -> Evidence:
    """D(Δ) − D(1/2) keeps its sign between two gaps. If not, some gap between them gives the same ID as 1/2."""
    changes = (gap(F(low)) - gap(F(1, 2))) * (gap(F(high)) - gap(F(1, 2)))
    return evidence(f"n = 2, equal maxima, gaps 1/2 and {low} to {high}", at_most("0 <= the product", 0, changes))


FORMATS: dict[str, Callable[[arb], Any]] = {
    "float16": lambda x: np.float16(float(x)),
    "float32": lambda x: np.float32(float(x)),
    "float64": lambda x: np.float64(float(x)),
    "whole numbers": lambda x: round(float(x)),
    "200 digits": lambda x: x.str(200, radius=False),
}


def _collisions(name: str) -> Evidence:
    """IDs of (token, set) for 1, 3/2, 2, 5/2 with constants from the data, exact but for one rounding to the format."""
    with ctx.workprec(BITS):
        data = Constants(F(1), F(5, 2), F(1, 2), 4, 2, 1)
        scale = data.scale_of([ball(x[0]) for x in vocabulary(QUARTERS)])
        found = attention_ids(QUARTERS, [[scale]], [[data.alpha()]])
        ids = [FORMATS[name](row[0][0]) for row in found]
    equal_pairs = sum(a == b for a, b in itertools.combinations(ids, 2))
    return evidence(f"{len(ids)} IDs rounded to {name}", equal("pairs with one ID", int(equal_pairs), 0))


def _rest(statement: str, check: Any, expected: Verdict, because: str) -> dict[str, Any]:
    return {
        "statement": statement,
        "norm": "Euclidean, per token",
        "domain": "finite sets of sequences",
        "check": check,
        "expected": expected,
        "because": because,
        "hypotheses": "(γ_min, γ_max, ε)-separated, no token twice in a sequence",
    }


LEMMA_4_4 = Claim(
    id="lem-4.4",
    section="4",
    title="One attention layer is a contextual mapping",
    printed="γ = γ_max + ε/4, δ = exp(−5 ε^{-1} |V|^4 d κ γ_max log n)",
    source="reconstructed, medium confidence (Hu et al., Lemma 2.2)",
    wording="medium",
    readings=(
        Reading(
            name="printed δ",
            kind="printed",
            arm="exact",
            **_rest(
                "for every separated set there is a q with ‖q‖ < γ and separation δ",
                _printed_delta,
                Verdict.VIOLATED,
                "for tokens 1e-100 and 2e-100 ln δ = −222.5, while all IDs are less than 2γ = e^−228.8 apart.",
            ),
            falsehoods=(Plant("at n = 1, tokens 0.2 and 0.4: δ = 1", partial(_printed_delta, "0.2", 1)),),
            truths=(Plant("tokens 1 and 2, where δ is tiny", partial(_printed_delta, "1")),),
        ),
        Reading(
            name="Kajitsuka and Sato's δ",
            kind="repair",
            arm="constructed",
            **_rest(
                "residual attention with their c has separation δ_KS",
                partial(_lemma, "ks"),
                Verdict.HOLDS,
                "ln of the separation −1325 against ln δ = −7948 for the tokens 1, 2, 3.",
            ),
            falsehoods=(Plant("e^7000 times δ", partial(_lemma, "ks", 7000.0)),),
            truths=(Plant("half of δ", partial(_lemma, "ks", -0.7)),),
        ),
        Reading(
            name="constants from the data",
            kind="repair",
            arm="constructed",
            **_rest(
                "c = (2 ln n + 3)(1 + 1e-4)/G has separation min(ε/2, α (ln n)²/(c p) e^{−2cp²})",
                partial(_lemma, "data"),
                Verdict.HOLDS,
                "ln of the separation −15.6 against −84.8 for the tokens 1, 2, 3.",
            ),
            falsehoods=(Plant("e^70 times δ", partial(_lemma, "data", 70.0)),),
            truths=(Plant("half of δ", partial(_lemma, "data", -0.7)),),
        ),
        Reading(
            name="any rank",
            kind="reading",
            arm="constructed",
            **_rest(
                "weights of full rank do as well as those of rank one (tokens in the plane)",
                partial(_any_rank, "1e-60"),
                Verdict.HOLDS,
                "the inequalities are strict and finitely many: a small regular matrix may be added.",
            ),
            falsehoods=(Plant("whatever is added: 1/2", partial(_any_rank, "1/2")),),
            truths=(Plant("1e-90 is added", partial(_any_rank, "1e-90")),),
        ),
        Reading(
            name="any scale of scores",
            kind="reading",
            arm="constructed",
            **_rest(
                "scores of any scale tell sequences with the same maximum apart",
                _distinguished,
                Verdict.VIOLATED,
                "Δ/(1 + e^Δ) is not monotone: D(0.5) = D(2.5088), so two sequences share an ID.",
            ),
            falsehoods=(Plant("gaps of 0.5 and 2 to 3", partial(_distinguished, "2", "3")),),
            truths=(Plant("gaps of 0.5 and 3 to 9", partial(_distinguished, "3", "9")),),
        ),
        *(
            Reading(
                name=f"in {name}",
                kind="reading",
                arm="constructed",
                **_rest(
                    f"the IDs, rounded once, stay different in {name}",
                    partial(_collisions, name),
                    verdict,
                    because,
                ),
                falsehoods=(Plant("rounded to whole numbers", partial(_collisions, "whole numbers")),),
                truths=(Plant("rounded to 200 digits", partial(_collisions, "200 digits")),),
            )
            for name, verdict, because in (
                ("float16", Verdict.VIOLATED, "the smallest separation is e^−25, the format resolves e^−7."),
                ("float32", Verdict.VIOLATED, "the smallest separation is e^−25, the format resolves e^−16."),
                ("float64", Verdict.HOLDS, "the format resolves e^−36; for other tokens that proves nothing."),
            )
        ),
    ),
)

CLAIMS = (LEMMA_4_4,)
