"""Appendices B and C: attention as printed, the tokenizer's sizes, the flow."""

import random
from collections.abc import Sequence
from fractions import Fraction
from functools import partial

from flint import arb

from varexp.claims.claim import Claim, Plant, Reading
from varexp.claims.evidence import Comparison, Evidence, Instance, at_most, below, equal, evidence
from varexp.claims.instances.contextual import ball
from varexp.theory.verdicts import Verdict

SEED = 0
LARGEST = {  # finite floats, and the score that a test puts to each
    "float16": (65504, "11"),
    "float32": ((2**24 - 1) * 2**104, "88"),
    "float64": ((2**53 - 1) * 2**971, "709"),
}


def _finite(beyond: int) -> Evidence:
    """Whether exp(score) of B.2, which subtracts no maximum, is at most the largest float, `beyond` past the scores."""
    instances = []
    for name, (largest, score) in LARGEST.items():
        value = ball(Fraction(score) + beyond).exp()
        conclusion = at_most(f"e^{int(score) + beyond} <= the largest {name}", value, largest)
        instances.append(Instance(name, (conclusion,)))
    return Evidence(tuple(instances))


def _shifted(subtracted: str = "largest") -> Evidence:
    """exp(score − the largest, or the smallest, score of its row) for scores 0 to 1000, in every format."""
    scores = (0, 500, 1000)
    off = max(scores) if subtracted == "largest" else min(scores)
    instances = []
    for name, (largest, _) in LARGEST.items():
        conclusions = [at_most(f"e^{s - off} <= the largest {name}", ball(s - off).exp(), largest) for s in scores]
        instances.append(Instance(name, tuple(conclusions)))
    return Evidence(tuple(instances))


def _attended(residual: bool, scores: Sequence[Sequence[str]] = (("1", "-2"), ("3", "0"))) -> Evidence:
    """Tokens 1 and 2 under scores that are the same for every query: whether their outputs differ."""
    x = [Fraction(1), Fraction(2)]
    instances = []
    for row in scores:
        weights = [ball(Fraction(s)).exp() for s in row]
        mean = (weights[0] * ball(x[0]) + weights[1] * ball(x[1])) / (weights[0] + weights[1])
        outputs = [mean + ball(v) if residual else mean for v in x]
        apart: arb | Fraction = x[1] - x[0] if residual else Fraction(0)  # the mean is one number for both
        conclusions: tuple[Comparison, ...] = (
            below("0 < difference of the outputs", 0, apart),
            at_most("‖output‖ <= 4", max(outputs, key=float), 4),
        )
        instances.append(Instance(f"scores {', '.join(row)}", conclusions))
    return Evidence(tuple(instances))


def _sizes(heights: Sequence[int], a: int = 2, scales: int = 3) -> Evidence:
    """C.5: Y^i has side h/r_i with r_i = a^{K−i}, a whole number."""
    instances = []
    for h in heights:
        conclusions = [equal(f"h mod a^{scales - i}", h % a ** (scales - i), 0) for i in range(1, scales + 1)]
        instances.append(Instance(f"h = {h}, a = {a}, K = {scales}", tuple(conclusions)))
    return Evidence(tuple(instances))


def _velocity(sign: int = -1) -> Evidence:
    """C.11: F^t = tY + (1 − t)F⁰ is affine in t, so every difference quotient is its derivative: Y + sign·F⁰."""
    source, conclusions = random.Random(SEED), []
    for _ in range(8):
        y, noise = Fraction(source.randint(-99, 99), 10), Fraction(source.randint(-99, 99), 10)
        s, t = Fraction(source.randint(0, 49), 100), Fraction(source.randint(50, 100), 100)
        path = [u * y + (1 - u) * noise for u in (s, t)]
        off = (path[1] - path[0]) / (t - s) - (y + sign * noise)
        conclusions.append(equal("difference quotient − V", off, 0))
    return evidence("8 random words, noises and times", *conclusions)


_exact = partial(Reading, arm="exact", norm="|·|")

CLAIMS = (
    Claim(
        id="def-b.2",
        section="B",
        title="Attention matrix",
        printed="A_{i,j} = exp(X_i W_Q W_K^T X_j^T), no maximum subtracted",
        source="reconstructed, high confidence",
        readings=(
            _exact(
                name="in floats",
                kind="printed",
                statement="A is finite in float16, float32, float64 at scores 12, 89, 710",
                domain="scores",
                check=partial(_finite, 1),
                expected=Verdict.VIOLATED,
                because="exp overflows at 11.09, 88.7, 709.8: an implementation must subtract the row's maximum.",
                falsehoods=(Plant("at scores 20, 97, 718", partial(_finite, 9)),),
                truths=(Plant("at scores 11, 88, 709", partial(_finite, 0)),),
            ),
            _exact(
                name="maximum subtracted",
                kind="repair",
                statement="exp(score − the row's largest) is finite in every format, and D^{-1}A the same matrix",
                domain="scores 0 to 1000",
                check=_shifted,
                expected=Verdict.HOLDS,
                because="every exponent is at most 0.",
                falsehoods=(Plant("the row's smallest subtracted", partial(_shifted, "smallest")),),
                truths=(Plant("at scores 11, 88, 709 without", partial(_finite, 0)),),
            ),
        ),
    ),
    Claim(
        id="def-b.3",
        section="B",
        title="Single attention layer",
        printed="Attn(X) = D^{-1} A X W_V, no residual",
        source="reconstructed, high confidence",
        readings=(
            _exact(
                name="tells tokens apart",
                kind="printed",
                statement="the layer as printed keeps different tokens apart for all weights (W_Q = 0 among them)",
                domain="tokens 1 and 2",
                check=partial(_attended, False),
                expected=Verdict.VIOLATED,
                because="without a residual both tokens become one mean; Lemma 4.4 needs the residual.",
                falsehoods=(Plant("equal scores", partial(_attended, False, (("0", "0"),))),),
                truths=(Plant("with the residual", partial(_attended, True)),),
            ),
            _exact(
                name="with a residual",
                kind="repair",
                statement="X + Attn(X) keeps them apart",
                domain="tokens 1 and 2",
                check=partial(_attended, True),
                expected=Verdict.HOLDS,
                because="the same mean is added to both.",
                falsehoods=(Plant("without it", partial(_attended, False)),),
                truths=(Plant("equal scores", partial(_attended, True, (("0", "0"),))),),
            ),
        ),
    ),
    Claim(
        id="def-c.5",
        section="C",
        title="VAE tokenizer",
        printed="r_i = a^{K−i}, Y^i in R^{(h/r_i) x (w/r_i) x c}",
        source="read in the paper",
        readings=(
            _exact(
                name="any size",
                kind="printed",
                statement="the sizes are whole numbers for every h (here 6 and 8, a = 2, K = 3)",
                domain="sizes",
                check=partial(_sizes, (6, 8)),
                expected=Verdict.VIOLATED,
                because="a^{K−1} must divide h, which is not asked for.",
                falsehoods=(Plant("h = 6", partial(_sizes, (6,))),),
                truths=(Plant("h = 4", partial(_sizes, (4,))),),
            ),
            _exact(
                name="divisible",
                kind="repair",
                statement="they are if a^{K−1} divides h",
                domain="sizes",
                check=partial(_sizes, (4, 8, 12, 16, 64)),
                expected=Verdict.HOLDS,
                because="a^{K−i} divides a^{K−1}.",
                falsehoods=(Plant("h = 10", partial(_sizes, (10,))),),
                truths=(Plant("a = 3, h = 18", partial(_sizes, (18,), 3)),),
            ),
        ),
    ),
    Claim(
        id="def-c.11",
        section="C",
        title="Flow",
        printed="F^t = tY + (1 − t)F⁰, V = dF^t/dt = Y − F⁰",
        source="reconstructed, high confidence",
        readings=(
            _exact(
                name="velocity",
                kind="printed",
                statement="V is the derivative of the path",
                domain="random words, noises and times",
                check=_velocity,
                expected=Verdict.HOLDS,
                because="the path is affine in t.",
                falsehoods=(Plant("V = Y + F⁰", partial(_velocity, 1)),),
                truths=(Plant("as printed", _velocity),),
            ),
        ),
    ),
)
