"""Section 5, Lemmas 5.3 to 5.5: what one stage, and what all stages, contribute to the error."""

import random
from fractions import Fraction
from functools import partial

from flint import ctx

from varexp.claims.claim import Claim, Plant, Reading
from varexp.claims.evidence import Evidence, Instance, at_most, evidence
from varexp.claims.instances.affine import Affine, attaining, composed, drawn, random_chain
from varexp.claims.instances.contextual import ball
from varexp.claims.instances.null_set import bump_error, network_error
from varexp.theory.verdicts import Verdict

SEED = 0
SMALL = Fraction(1, 100)
ETA = Fraction(15, 100_000)  # half-width of the bump
Factor = Fraction | int
ROUNDING = Fraction(1, 10**20)  # of integrals in balls, where both sides are equal


# ---- Lemma 5.3 -------------------------------------------------------------------------------------------------------


def _two_layers(scale: Factor = 1) -> Evidence:
    """‖f∘g − τ∘Φ‖ <= scale·(K_1 ε_1 + ε_2) in sup norm, ε_2 on Φ([0, 1]); the last instance attains it."""
    source = random.Random(SEED)
    cases = []
    for _ in range(100):
        f, g = (Affine(drawn(source, -4, 4), drawn(source, -1, 1)) for _ in range(2))
        cases.append((f, g, *(Affine(m.slope + drawn(source, -1, 1) / 20, m.offset) for m in (f, g))))
    cases.append((Affine(Fraction(3)), Affine(Fraction(1), SMALL), Affine(Fraction(3), -SMALL), Affine(Fraction(1))))
    instances = []
    for f, g, tau, phi in cases:
        low, high = sorted((phi(Fraction(0)), phi(Fraction(1))))
        eps_1, eps_2 = g.away(phi, Fraction(0), Fraction(1)), f.away(tau, low, high)
        error = f.after(g).away(tau.after(phi), Fraction(0), Fraction(1))
        conclusion = at_most("‖f∘g − τ∘Φ‖ <= K_1 ε_1 + ε_2", error, scale * (f.lipschitz * eps_1 + eps_2))
        instances.append(Instance(f"f = {f.slope}x, g = {g.slope}x, affine on [0, 1]", (conclusion,)))
    return Evidence(tuple(instances), seed=SEED)


def _under_the_law(alpha: int = 2, scale: Factor = 1) -> Evidence:
    """‖f∘g − τ∘Φ‖_α <= scale·(K_1 ‖g − Φ‖_α + ‖(f − τ)∘Φ‖_α) for affine maps of [0, 1]: ε_2 under the law of Φ(x).

    Both sides are integrals in closed form; in the last case f, g, τ and Φ differ by constants, and they are equal.
    """
    source = random.Random(SEED)
    cases: list[tuple[Affine, Affine, Affine, Affine]] = []
    for _ in range(40):
        f, g = (Affine(drawn(source, -4, 4), drawn(source, -1, 1)) for _ in range(2))
        tau, phi = (Affine(m.slope + drawn(source, -1, 1) / 20, m.offset) for m in (f, g))
        cases.append((f, g, tau, phi))
    cases.append((Affine(Fraction(3)), Affine(Fraction(1), SMALL), Affine(Fraction(3), -SMALL), Affine(Fraction(1))))
    with ctx.workprec(200):
        instances = [_case_under_the_law(*case, alpha=alpha, scale=scale) for case in cases]
    return Evidence(tuple(instances), seed=SEED)


def _case_under_the_law(f: Affine, g: Affine, tau: Affine, phi: Affine, alpha: int, scale: Factor) -> Instance:
    error = f.after(g).minus(tau.after(phi)).norm(alpha)
    eps_1, eps_2 = g.minus(phi).norm(alpha), f.minus(tau).after(phi).norm(alpha)
    bound = ball(Fraction(scale)) * (ball(f.lipschitz) * eps_1 + eps_2) + ball(ROUNDING)
    conclusion = at_most(f"error <= K_1 ε_1 + ε_2 in L_{alpha}", error, bound)
    return Instance(f"f = {f.slope}x, g = {g.slope}x, affine on [0, 1]", (conclusion,))


def in_l_alpha(
    network: bool = False, eta: Fraction = ETA, sup: bool = False, factor: Fraction = Fraction(1)
) -> Evidence:
    """error^α <= (K_1 ε_1 + ε_2)^α in L_α for f, τ, Φ = g that agree but near a null set that Φ maps into.

    `sup`: ε_2 is the sup over the square, the height 1 of the bump, at each of the two tokens of the transformer. The
    bound is multiplied by `factor`, a power of K_2.
    """
    conclusions = []
    for alpha in (1, 2):
        error, eps_2 = network_error(eta, alpha) if network else bump_error(eta, alpha)
        eps_2 = Fraction(2 if network else 1) if sup else eps_2
        conclusions.append(at_most(f"error^{alpha} <= bound^{alpha} in L_{alpha}", error, factor**alpha * eps_2))
    what = "T^{1,1,4} after nearest 1x1 to 1x2" if network else "Φ = (x, x), f = 0, τ a bump of half-width η"
    return evidence(f"{what}, η = {float(eta):g}, ε_2 {'as a sup' if sup else 'under Lebesgue measure'}", *conclusions)


LEMMA_5_3 = Claim(
    id="lem-5.3",
    section="5",
    title="Perturbation of two layers",
    printed="‖f_i∘g_i − τ_i∘Φ_up,i‖ <= K_{1,i} ε_{1,i} + ε_{2,i}",
    source="bound read in the paper",
    wording="read",
    readings=(
        Reading(
            name="sup",
            kind="reading",
            statement="in sup norm, with K_1 = Lip(f) and ε_2 = sup ‖f − τ‖ on Φ(D)",
            arm="exact",
            norm="sup of |·|",
            domain="[0, 1]",
            check=_two_layers,
            expected=Verdict.HOLDS,
            because="add and subtract f∘Φ; the last instance attains the bound.",
            falsehoods=(Plant("the bound 5 % smaller", partial(_two_layers, Fraction(95, 100))),),
            truths=(Plant("the bound 5 % larger", partial(_two_layers, Fraction(105, 100))),),
        ),
        Reading(
            name="function norm",
            kind="reading",
            statement="in the function norm of Section 3.1, ε_2 = ‖f − τ‖_α under Lebesgue measure",
            arm="exact",
            norm="L_1, L_2",
            domain="[0, 1]",
            check=in_l_alpha,
            expected=Verdict.VIOLATED,
            because="Φ_up maps into a null set, of which ‖f − τ‖_α says nothing: error 1 against 0.01.",
            falsehoods=(Plant("a bump half as wide", partial(in_l_alpha, eta=ETA / 2)),),
            truths=(Plant("ε_2 = sup ‖f − τ‖ over the square", partial(in_l_alpha, sup=True)),),
        ),
        Reading(
            name="function norm, a T^{1,1,4}",
            kind="reading",
            statement="the same for τ an actual transformer of Lemma 5.1's class",
            arm="constructed",
            norm="L_1, L_2, entrywise",
            domain="[0, 1]",
            check=partial(in_l_alpha, True),
            expected=Verdict.VIOLATED,
            because="four hidden neurons make the bump: entrywise error 1 at both tokens against 0.0141.",
            falsehoods=(Plant("a bump half as wide", partial(in_l_alpha, True, eta=ETA / 2)),),
            truths=(Plant("ε_2 = sup ‖f − τ‖ over the square", partial(in_l_alpha, True, sup=True)),),
        ),
        Reading(
            name="function norm under the law of what comes in",
            kind="repair",
            statement="L_1 and L_2 with ε_2 under the law of Φ(x), here L_2",
            arm="exact",
            norm="L_2",
            domain="[0, 1], affine maps",
            check=_under_the_law,
            expected=Verdict.HOLDS,
            because="Minkowski's inequality after adding and subtracting f∘Φ; attained by the last instance.",
            falsehoods=(Plant("the bound 5 % smaller", partial(_under_the_law, 2, Fraction(95, 100))),),
            truths=(Plant("in L_1", partial(_under_the_law, 1)),),
        ),
    ),
)


# ---- Lemmas 5.4 and 5.5 ----------------------------------------------------------------------------------------------


def _one_layer(shift: int = 0, slope: tuple[int, int] = (2, 4)) -> Evidence:
    """With only stage j exchanged: <= K_2^{r−j+shift} ‖F_j − G_j‖ on the image of G_{j−1}…G_1."""
    source = random.Random(SEED)
    chains = [random_chain(source, depth, slope) for depth in (2, 3, 5) for _ in range(20)]
    chains += [attaining(Fraction(3), depth, SMALL) for depth in (2, 4)]
    instances = []
    for chain in chains:
        conclusions = []
        for j in range(len(chain.target)):
            after, before = chain.target[j + 1 :], chain.model[:j]
            true, mixed = (composed([*before, stage, *after]) for stage in (chain.target[j], chain.model[j]))
            power = max(chain.lipschitz) ** (len(after) + shift)
            error = true.away(mixed, Fraction(0), Fraction(1))
            conclusions.append(at_most(f"stage {j + 1}: error <= K_2^(r−j) ‖F_j − G_j‖", error, power * chain.local[j]))
        instances.append(Instance(f"{len(chain.target)} affine stages", tuple(conclusions)))
    return Evidence(tuple(instances), seed=SEED)


def _all_layers(left_out: int = 0, scale: Factor = 1) -> Evidence:
    """The telescope, with its last `left_out` terms missing."""
    source = random.Random(SEED)
    chains = [random_chain(source, depth, (0, 4)) for depth in (1, 2, 3, 5) for _ in range(20)]
    chains.append(attaining(Fraction(3), 4, SMALL))
    instances = []
    for chain in chains:
        terms = []
        for j in range(len(chain.target)):
            after, before = chain.target[j + 1 :], chain.model[:j]
            true, mixed = (composed([*before, stage, *after]) for stage in (chain.target[j], chain.model[j]))
            terms.append(true.away(mixed, Fraction(0), Fraction(1)))
        total = scale * sum(terms[: len(terms) - left_out], Fraction(0))
        conclusion = at_most("error <= Σ_j of what exchanging stage j changes", chain.error, total)
        instances.append(Instance(f"{len(chain.target)} affine stages", (conclusion,)))
    return Evidence(tuple(instances), seed=SEED)


LEMMA_5_4 = Claim(
    id="lem-5.4",
    section="5",
    title="One layer different",
    printed="exchanging stage j alone changes the composition by at most K_2^{r−j} ‖F_j − G_j‖",
    source="reconstructed, medium confidence",
    wording="medium",
    readings=(
        Reading(
            name="sup on the visited set",
            kind="reading",
            statement="with every F_i K_2-Lipschitz and ‖F_j − G_j‖ over the image of G_{j−1}∘…∘G_1",
            arm="exact",
            norm="sup of |·|",
            domain="[0, 1]",
            check=_one_layer,
            expected=Verdict.HOLDS,
            because="r − j Lipschitz maps follow stage j.",
            falsehoods=(Plant("exponent r − j − 1", partial(_one_layer, -1)),),
            truths=(Plant("exponent r − j + 1, K_2 >= 2", partial(_one_layer, 1)),),
            hypotheses="F_i is K_2-Lipschitz",
        ),
    ),
)

LEMMA_5_5 = Claim(
    id="lem-5.5",
    section="5",
    title="All layers different",
    printed="‖F_r…F_1 − G_r…G_1‖ <= Σ_j ‖F_r…F_{j+1}∘(F_j − G_j)∘G_{j−1}…G_1‖, F outside and G inside",
    source="reconstructed, high confidence",
    wording="high",
    readings=(
        Reading(
            name="sup",
            kind="reading",
            statement="for any maps; the difference of the two compositions of stage j, not of the stages",
            arm="exact",
            norm="sup of |·|",
            domain="[0, 1]",
            check=_all_layers,
            expected=Verdict.HOLDS,
            because="a telescoping sum, in any norm.",
            falsehoods=(
                Plant("without the last term", partial(_all_layers, 1)),
                Plant("the sum 5 % smaller", partial(_all_layers, 0, Fraction(95, 100))),
            ),
            truths=(Plant("the sum 5 % larger", partial(_all_layers, 0, Fraction(105, 100))),),
        ),
    ),
)

CLAIMS = (LEMMA_5_3, LEMMA_5_4, LEMMA_5_5)
