"""Section 5, Assumption 5.2: what it assumes cannot fail; what can be judged is whether it could be left out."""

from fractions import Fraction
from functools import partial

import torch

from varexp.claims.claim import Claim, Plant, Reading
from varexp.claims.evidence import Evidence, Instance, at_most
from varexp.maps.interpolation import KERNELS, resize_matrix
from varexp.theory.verdicts import Verdict


def _approximated(offset: str, epsilon: str = "1/2") -> Evidence:
    """g = Φ + offset is as Lipschitz as Φ. At the image 0 every kernel answers 0, so ‖g − Φ'‖ >= |offset|."""
    instances = []
    for name in KERNELS:
        matrix = resize_matrix(name, 2, 4)
        answer = max(abs(Fraction(x)) for x in (matrix @ torch.zeros(2, dtype=matrix.dtype)).tolist())
        conclusion = at_most("|g(0) − Φ'(0)| <= ε_1", abs(Fraction(offset)) - answer, Fraction(epsilon))
        instances.append(Instance(f"g = Φ + {offset}, Φ' of kernel {name}", (conclusion,)))
    return Evidence(tuple(instances))


CLAIMS = (
    Claim(
        id="asm-5.2",
        section="5",
        title="Target class",
        printed="each g_i is K_2-Lipschitz and can be approximated by some up-interpolation function Φ_up,i",
        source="composition read in the paper, the rest reconstructed, medium confidence",
        wording="medium",
        readings=(
            Reading(
                name="universality in ε_1",
                kind="reading",
                statement="it costs nothing: every Lipschitz g_i has an interpolation layer within ε_1 = 1/2",
                arm="exact",
                norm="sup of |·|",
                domain="images 2x2 to 4x4, 0 among them; all kernels of the suite",
                check=partial(_approximated, "1"),
                expected=Verdict.VIOLATED,
                because="layers are linear, so that g = Φ + 1 stays 1 away: that ε_1 is small has to be assumed.",
                falsehoods=(Plant("ε_1 = 0.9", partial(_approximated, "1", "0.9")),),
                truths=(Plant("g = Φ + 1/4", partial(_approximated, "1/4")),),
            ),
        ),
    ),
)
