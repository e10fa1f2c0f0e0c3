"""Section 6 and Appendices C, D: FlowAR."""

import math
import random
from collections.abc import Sequence
from fractions import Fraction
from functools import partial

from varexp.claims.claim import Claim, Plant, Reading
from varexp.claims.evidence import Comparison, Evidence, Instance, at_most, equal, evidence
from varexp.claims.instances.literal import Image, largest, separable
from varexp.maps.interpolation import resize_matrix
from varexp.theory.bounds import telescoped
from varexp.theory.verdicts import Verdict

SEED = 0


def down(image: Image) -> Image:
    """Means over blocks of 2x2: the area kernel, whose entries are exact halves."""
    U = [[Fraction(w) for w in row] for row in resize_matrix("area", len(image), len(image) // 2).tolist()]
    return separable(U, image)


def _attained_downwards(scale: Fraction = Fraction(1), depth: int = 3) -> Evidence:
    """8 -> 4 -> 2 -> 1 with area Φ_down,i, f_i = 3X, g_i = Φ_i + 0.001, τ_i = 3X − 0.002."""
    K, eps_1, eps_2, source = Fraction(3), Fraction(1, 1000), Fraction(2, 1000), random.Random(SEED)
    t = y = [[Fraction(source.randint(-9, 9), 10) for _ in range(8)] for _ in range(8)]
    conclusions: list[Comparison] = []
    for i in range(1, depth + 1):
        y = [[K * (x + eps_1) for x in row] for row in down(y)]
        t = [[K * x - eps_2 for x in row] for row in down(t)]
        error = largest(t, y)
        bound = scale * telescoped([K] * i, [K * eps_1 + eps_2] * i)
        conclusions.append(equal(f"{i} blocks: error = telescoped bound", error, bound))
    return Evidence((Instance("area, 8x8 to 1x1", tuple(conclusions)),), seed=SEED)


def _types(sides: Sequence[int]) -> Evidence:
    """A composition of down-samplings has at most as many tokens at its end as at its start."""
    kept = [at_most("tokens wanted <= tokens that down-sampling leaves", sides[-1] ** 2, sides[0] ** 2)]
    return evidence(f"from {sides[0]}x{sides[0]} to {sides[-1]}x{sides[-1]} by down-sampling", *kept)


def _flow(time: str, adds_noise: bool, sizes: Sequence[int] = (4, 16)) -> Evidence:
    """A perfectly trained NN = Y − F⁰ at t: what D.1 returns against Y, in squared rms, for words Y and noise F⁰."""
    source, instances, t = random.Random(SEED), [], Fraction(time)
    for size in sizes:
        Y = [Fraction(source.randint(-99, 99), 50) for _ in range(size)]
        noise = [Fraction(round(source.gauss(0, 1) * 100), 100) for _ in range(size)]
        velocity = [a - b for a, b in zip(Y, noise, strict=True)]
        path = [t * a + (1 - t) * b for a, b in zip(Y, noise, strict=True)]
        result = [b + (1 - t) * v for b, v in zip(path, velocity, strict=True)] if adds_noise else velocity
        square = sum((a - b) ** 2 for a, b in zip(result, Y, strict=True)) / size
        other = [t * (a + 1) + (1 - t) * b for a, b in zip(Y, noise, strict=True)]  # of another word Y, the same noise
        instances.append(
            Instance(
                f"{size} entries, t = {t}",
                (
                    equal("mean square of output − Y", square, 0),
                    equal("how much F^t depends on the Y that is to be made", _apart(path, other), 0),
                ),
            )
        )
    return Evidence(tuple(instances), seed=SEED)


def _apart(a: Sequence[Fraction], b: Sequence[Fraction]) -> Fraction:
    return max(abs(x - y) for x, y in zip(a, b, strict=True))


def _normalised(row: tuple[Fraction, Fraction]) -> tuple[Fraction, Fraction]:
    """C.9 on a row of two entries: σ is half of their difference."""
    mean, deviation = (row[0] + row[1]) / 2, abs(row[0] - row[1]) / 2
    return (row[0] - mean) / deviation, (row[1] - mean) / deviation


def _layer_norm(sizes: Sequence[str] = ("1e-2", "1e-4", "1e-6"), constant: int = 10) -> Evidence:
    """Rows (a, −a) and (−a, a) of two channels: how far apart they are, before and after."""
    conclusions = []
    for a in map(Fraction, sizes):
        rows = (a, -a), (-a, a)
        after = _apart(*map(_normalised, rows))
        conclusions.append(at_most(f"change of LN <= L·{float(a):g}·2", after, constant * _apart(*rows)))
    return evidence(f"c = 2, L = {constant}", *conclusions)


def _chance(width: Fraction) -> Fraction:
    """The probability that the mean of four uniform numbers is within `width` of 1/2, by Irwin and Hall."""

    def distribution(x: Fraction) -> Fraction:
        terms = (Fraction((-1) ** j * math.comb(4, j), 24) * max(x - j, Fraction(0)) ** 4 for j in range(5))
        return sum(terms, Fraction(0))

    return distribution(4 * (Fraction(1, 2) + width)) - distribution(4 * (Fraction(1, 2) - width))


def _density(outputs: int, factor: Fraction = Fraction(1)) -> Evidence:
    """‖h‖_α under the law of Φ_down(x) <= (8/3)^{outputs/α} ‖h‖_α for h the indicator of a cube around 1/2.

    To the power α both sides are probabilities, the same for every α: of the cube under the law, and its volume.
    """
    conclusions = []
    for width in (Fraction(1, 1000), Fraction(1, 10), Fraction(1, 4)):
        law, volume = _chance(width) ** outputs, (2 * width) ** outputs
        conclusions.append(
            at_most(
                f"half-width {width}: law <= (8/3)^{outputs} volume", law, factor * Fraction(8, 3) ** outputs * volume
            )
        )
    return evidence(f"{outputs} pixels", *conclusions)


_exact = partial(Reading, arm="exact", norm="sup over entries")

COROLLARY_6_1 = Claim(
    id="cor-6.1",
    section="6",
    title="Perturbation of two layers of FlowAR",
    printed="‖f_i∘g_i − τ_i∘Φ_down,i‖ <= K_{1,i} ε_{1,i} + ε_{2,i}",
    source="reconstructed, high confidence",
    wording="high",
    readings=(
        _exact(
            name="target pyramid from fine to coarse",
            kind="reading",
            statement="in sup norm, with equality for literal blocks, and telescoped over 1, 2, 3 of them",
            domain="one random 8x8 image; the error is the same for all",
            check=_attained_downwards,
            expected=Verdict.HOLDS,
            because="means keep constants, so every stage's error passes on exactly.",
            falsehoods=(Plant("5 % smaller", partial(_attained_downwards, Fraction(95, 100))),),
            truths=(Plant("one block alone", partial(_attained_downwards, Fraction(1), 1)),),
        ),
        _exact(
            name="density",
            kind="reading",
            statement="in L_α the bound holds with a factor (8/3)^{pixels/α}: means of 2x2 have a density up to 8/3",
            domain="uniform on [0, 1]^{64}",
            check=partial(_density, 16),
            expected=Verdict.HOLDS,
            because="the density of a mean of four uniforms peaks at 8/3.",
            falsehoods=(Plant("a factor 5 % smaller", partial(_density, 16, Fraction(95, 100))),),
            truths=(Plant("one pixel", partial(_density, 1)),),
        ),
    ),
)

COROLLARY_6_2 = Claim(
    id="cor-6.2",
    section="6",
    title="Universality of FlowAR",
    printed="‖τ_FlowAR − f_word2img‖ <= O(ε), with Φ_down in place of Φ_up",
    source="O(ε) read in the ICML version",
    wording="read",
    readings=(
        _exact(
            name="type",
            kind="reading",
            statement="a composition with Φ_down,i maps a word 1x1 to an image 4x4",
            domain="types",
            check=partial(_types, (1, 4)),
            expected=Verdict.VIOLATED,
            because="down-sampling shrinks maps; inference (D.1) up-samples, down-sampling makes training targets.",
            falsehoods=(Plant("from 2x2 to 3x3", partial(_types, (2, 3))),),
            truths=(Plant("from 8x8 to 1x1, the pyramid of 6.1", partial(_types, (8, 1))),),
        ),
    ),
)

DEFINITION_C_9 = Claim(
    id="def-c.9",
    section="C",
    title="Layer normalisation",
    printed="Y_j = (X_j − μ_j 1)/σ_j, no epsilon",
    source="reconstructed, high confidence",
    wording="high",
    readings=(
        _exact(
            name="Lipschitz",
            kind="reading",
            statement="FlowAR's own blocks have Lipschitz constants, layer normalisation 10 say",
            domain="rows (a, −a), a from 1e-2 to 1e-6",
            check=_layer_norm,
            expected=Verdict.VIOLATED,
            because="its slope 1/σ is unbounded near constant rows; but Section 5 asks it of f_i and g_i, not of τ_i.",
            falsehoods=(Plant("constant 10^5", partial(_layer_norm, ("1e-6",), 10**5)),),
            truths=(Plant("away from constant rows", partial(_layer_norm, ("1", "1e-1"))),),
        ),
    ),
)

INFERENCE_D_1 = Claim(
    id="def-d.1",
    section="D",
    title="FlowAR inference",
    printed="Ỹ_i = NN_i(F_i^{t_i}, Ŷ_i, t_i), NN trained to V = Y − F⁰",
    source="reconstructed, high confidence",
    wording="high",
    readings=(
        _exact(
            name="as printed",
            kind="reading",
            statement="a perfectly trained network returns Y",
            domain="random words and noise",
            check=partial(_flow, "1/2", False),
            expected=Verdict.VIOLATED,
            because="it returns the velocity Y − F⁰, and at t > 0 needs the Y that it is to make.",
            falsehoods=(Plant("at t = 0", partial(_flow, "0", False)),),
            truths=(Plant("with the noise added, t = 0", partial(_flow, "0", True)),),
        ),
        _exact(
            name="noise added",
            kind="repair",
            statement="t = 0 and Ỹ = F⁰ + NN return Y",
            domain="random words and noise",
            check=partial(_flow, "0", True),
            expected=Verdict.HOLDS,
            because="F⁰ + (Y − F⁰) = Y.",
            falsehoods=(Plant("at t = 1/2, where F^t needs Y", partial(_flow, "1/2", True)),),
            truths=(Plant("of words with 4 entries alone", partial(_flow, "0", True, (4,))),),
        ),
    ),
)

CLAIMS = (COROLLARY_6_1, COROLLARY_6_2, DEFINITION_C_9, INFERENCE_D_1)
