"""The ledger of claims: every numbered item of the paper, as printed, as it can be read and as repaired.

One module a section states the claims and how each is checked; `evidence` decides verdicts from exact ends, `ledger`
runs, writes and compares, `audit` decides once more from what was written, without any of this code.
"""

from varexp.claims import (
    appendix_a,
    appendix_b_c,
    section3,
    section4_definitions,
    section4_lemma,
    section5_approximation,
    section5_assumption,
    section5_lemmas,
    section5_theorem,
    section6,
)
from varexp.claims.claim import Claim

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
    )
    for claim in module.CLAIMS
)

__all__ = ["CLAIMS", "Claim"]
