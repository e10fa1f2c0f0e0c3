"""The ledger of claims: what the paper states, item by item, as printed, as it can be read and as repaired.

`statements` holds the claims, section by section, `instances` what they are checked on; `evidence` decides verdicts
from exact ends, `ledger` runs, writes and compares, `audit` decides once more from the text, by code of its own.
"""

from varexp.claims.claim import Claim
from varexp.claims.statements import (
    appendix_a,
    appendix_b_c,
    flowar_operators,
    operators,
    prose,
    sampling,
    section3,
    section4_definitions,
    section4_lemma,
    section5_approximation,
    section5_assumption,
    section5_lemmas,
    section5_theorem,
    section6,
    universality,
)

CLAIMS: tuple[Claim, ...] = tuple(
    claim
    for module in (
        section3,
        section4_definitions,
        section4_lemma,
        section5_approximation,
        section5_assumption,
        section5_lemmas,
        section5_theorem,
        section6,
        appendix_a,
        appendix_b_c,
        operators,
        sampling,
        flowar_operators,
        prose,
        universality,
    )
    for claim in module.CLAIMS
)

NOT_JUDGED = prose.NOT_JUDGED  # sentences that no check can decide, and why

__all__ = ["CLAIMS", "NOT_JUDGED", "Claim"]
