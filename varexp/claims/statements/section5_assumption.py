"""Section 5, Assumption 5.2: what is assumed of interpolation layers, and what they can do."""

from collections.abc import Sequence
from fractions import Fraction
from functools import partial

from varexp.claims.claim import Claim, Plant, Reading
from varexp.claims.evidence import Evidence, Instance, at_most
from varexp.theory.verdicts import Verdict


def _approximated(offsets: Sequence[str], epsilon: str = "1/2") -> Evidence:
    """g = Φ + offset is as Lipschitz as Φ. Every interpolation layer maps 0 to 0, so ‖g − Φ'‖ >= |g(0)| = |offset|."""
    instances = []
    for offset in offsets:
        conclusion = at_most("least ‖g − Φ‖ over all layers <= ε_1", abs(Fraction(offset)), Fraction(epsilon))
        instances.append(Instance(f"g = Φ + {offset}", (conclusion,)))
    return Evidence(tuple(instances))


CLAIMS = (
    Claim(
        id="asm-5.2",
        section="5",
        title="Target class",
        printed="each g_i is K_2-Lipschitz and can be approximated by some up-interpolation function Φ_up,i",
        source="composition read in the paper, the rest reconstructed, medium confidence",
        readings=(
            Reading(
                name="every Lipschitz g",
                kind="reading",
                statement="every Lipschitz g_i has an interpolation layer within ε_1 (here 1/2)",
                arm="exact",
                norm="sup of |·|",
                domain="maps whose domain holds 0",
                check=partial(_approximated, ("1/4", "1")),
                expected=Verdict.VIOLATED,
                because="layers are linear: g = Φ + 1 stays 1 away. ε_1 is assumed small, no training can lower it.",
                falsehoods=(Plant("ε_1 = 0.9 for g = Φ + 1", partial(_approximated, ("1",), "0.9")),),
                truths=(Plant("g = Φ", partial(_approximated, ("0",))),),
            ),
        ),
    ),
)
