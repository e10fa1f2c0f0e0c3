"""Section 4, Definitions 4.2 and 4.3: separateness and contextual mappings."""

from fractions import Fraction
from functools import partial

from varexp.claims.claim import Claim, Plant, Reading
from varexp.claims.evidence import Evidence, evidence
from varexp.claims.instances.contextual import (
    Constants,
    attention_ids,
    ball,
    contextual,
    pairs_of,
    separateness,
    vocabulary,
)
from varexp.theory.verdicts import Verdict

F = Fraction
THREE = pairs_of((1, 2, 3))
NEAR = (F("0.999999"), F("3.000001"), F("0.999999"))  # (γ_min, γ_max, ε) of its tokens


def _separated(delta: str = "0.99") -> Evidence:
    conclusions = separateness(THREE, F("0.99"), F("3.01"), F(delta), distinct=False)
    return evidence("all pairs of 1, 2, 3", *conclusions)


def _contextual(constants: str, log_delta: int = -85) -> Evidence:
    """Def 4.3 with γ = 3.25 and ln δ = −85 for the identity or for the attention of Lemma 4.4."""
    if constants == "identity":
        ids = [[[ball(x) for x in token] for token in row] for row in THREE]
    else:
        data = Constants(*NEAR, 3, 2, 1)
        scale = data.scale_of([ball(x[0]) for x in vocabulary(THREE)])
        ids = attention_ids(THREE, [[scale]], [[data.alpha()]])
    return evidence(f"all pairs of 1, 2, 3 under {constants}", *contextual(THREE, ids, F(13, 4), ball(log_delta)))


DEFINITION_4_2 = Claim(
    id="def-4.2",
    section="4",
    title="Tokenwise separateness",
    printed="γ_min < ‖X_k‖ < γ_max, and different tokens are more than δ apart",
    source="reconstructed, high confidence",
    wording="high",
    readings=(
        Reading(
            name="decided",
            kind="reading",
            statement="the pairs of the tokens 1, 2, 3 are (0.99, 3.01, 0.99)-separated",
            arm="exact",
            norm="Euclidean, per token",
            domain="6 sequences of 2 tokens",
            check=_separated,
            expected=Verdict.HOLDS,
            because="decided token by token in fractions.",
            falsehoods=(Plant("δ = 1, where > is strict", partial(_separated, "1")),),
            truths=(Plant("δ = 1/2", partial(_separated, "0.5")),),
        ),
    ),
)

DEFINITION_4_3 = Claim(
    id="def-4.3",
    section="4",
    title="(γ, δ)-contextual mapping",
    printed="‖q(X)_k‖ < γ, and IDs differ by more than δ where the token or the set of tokens differs",
    source="reconstructed, high confidence",
    wording="high",
    readings=(
        Reading(
            name="attention",
            kind="reading",
            statement="residual attention of rank one is one, with ln δ = −85",
            arm="constructed",
            norm="Euclidean, per token",
            domain="6 sequences of 2 tokens",
            check=partial(_contextual, "attention"),
            expected=Verdict.HOLDS,
            because="the smallest separation is e^−15.6.",
            falsehoods=(Plant("the identity is one", partial(_contextual, "identity")),),
            truths=(Plant("attention is one with ln δ = −200", partial(_contextual, "attention", -200)),),
        ),
    ),
)

CLAIMS = (DEFINITION_4_2, DEFINITION_4_3)
