"""Appendices B and C: attention as printed, the tokenizer's sizes, the flow."""

import random
from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from itertools import pairwise

from flint import arb

from varexp.claims.claim import Claim, Plant, Reading
from varexp.claims.evidence import Evidence, Instance, at_most, below, equal, evidence
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


def _shifted(subtracted: str = "largest", scores: tuple[int, ...] = (0, 500, 1000)) -> Evidence:
    """exp(score − the largest, or the smallest, score of its row) for scores 0 to 1000 in every format; D^{-1}A."""
    off = max(scores) if subtracted == "largest" else min(scores)
    top = scores.index(max(scores))
    instances = []
    for name, (largest, _) in LARGEST.items():
        conclusions = [at_most(f"e^{s - off} <= the largest {name}", ball(s - off).exp(), largest) for s in scores]
        same = _share(scores, 0, top) - _share(scores, off, top)
        conclusions.append(at_most("|D^{-1}A − the same with the maximum subtracted|", abs(same), Fraction(1, 10**12)))
        instances.append(Instance(name, tuple(conclusions)))
    return Evidence(tuple(instances))


def _share(scores: Sequence[int], off: int, place: int) -> arb:
    """An entry of D^{-1}A from scores less `off`."""
    weights = [ball(s - off).exp() for s in scores]
    return weights[place] / sum(weights[1:], weights[0])


def _attention(query_key: Fraction, value: Fraction, residual: bool) -> list[arb]:
    """B.3 on the scalar tokens 1 and 2, scores x_i·query_key·x_j as in B.2, with or without the tokens added."""
    x, outputs = [Fraction(1), Fraction(2)], []
    for a in x:
        weights = [ball(a * query_key * b).exp() for b in x]
        mean = (weights[0] * ball(x[0]) + weights[1] * ball(x[1])) / (weights[0] + weights[1])
        outputs.append(ball(value) * mean + ball(a if residual else Fraction(0)))
    return outputs


def _told_apart(residual: bool, query_key: str, values: Sequence[str]) -> Evidence:
    """Whether the outputs for the tokens 1 and 2 differ for every W_V between two of `values`: with one sign all along.

    A difference that changes its sign is 0 in between, since it is affine in W_V.
    """
    W, apart = Fraction(query_key), []
    for value in values:
        first, second = _attention(W, Fraction(value), residual)
        apart.append(second - first)
    what = f"W_Q W_K^T = {query_key}, W_V from {values[0]} to {values[-1]}"
    pairs = pairwise(apart) if len(apart) > 1 else [(apart[0], apart[0])]
    return evidence(what, *[below("0 < product of the differences at both ends", 0, a * b) for a, b in pairs])


def _sizes(heights: Sequence[int], a: int = 2, scales: int = 3) -> Evidence:
    """C.5: Y^i has side h/r_i with r_i = a^{K−i}, a whole number."""
    instances = []
    for h in heights:
        conclusions = [equal(f"h mod a^{scales - i}", h % a ** (scales - i), 0) for i in range(1, scales + 1)]
        instances.append(Instance(f"h = {h}, a = {a}, K = {scales}", tuple(conclusions)))
    return Evidence(tuple(instances))


def _velocity(sign: int = -1, words: int = 8) -> Evidence:
    """C.11: F^t = tY + (1 − t)F⁰ is affine in t, so every difference quotient is its derivative: Y + sign·F⁰."""
    source, conclusions = random.Random(SEED), []
    for _ in range(words):
        y, noise = Fraction(source.randint(-99, 99), 10), Fraction(source.randint(-99, 99), 10)
        s, t = Fraction(source.randint(0, 49), 100), Fraction(source.randint(50, 100), 100)
        path = [u * y + (1 - u) * noise for u in (s, t)]
        off = (path[1] - path[0]) / (t - s) - (y + sign * noise)
        conclusions.append(equal("difference quotient − V", off, 0))
    return evidence(f"{words} random words, noises and times", *conclusions)


_exact = partial(Reading, arm="exact", norm="|·|")

CLAIMS = (
    Claim(
        id="def-b.2",
        section="B",
        title="Attention matrix",
        printed="A_{i,j} = exp(X_i W_Q W_K^T X_j^T), no maximum subtracted",
        source="reconstructed, high confidence",
        wording="high",
        readings=(
            _exact(
                name="in floats",
                kind="reading",
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
                truths=(Plant("of scores 0 to 10", partial(_shifted, scores=(0, 5, 10))),),
            ),
        ),
    ),
    Claim(
        id="def-b.3",
        section="B",
        title="Single attention layer",
        printed="Attn(X) = D^{-1} A X W_V, no residual",
        source="reconstructed, high confidence",
        wording="high",
        readings=(
            _exact(
                name="tells tokens apart",
                kind="reading",
                statement="for all weights the layer answers different tokens differently; here W_Q = 0",
                domain="scalar tokens 1 and 2",
                check=partial(_told_apart, False, "0", ("1",)),
                expected=Verdict.VIOLATED,
                because="all scores are 0, so that both tokens become one mean; Lemma 4.4 needs a residual.",
                falsehoods=(Plant("W_Q W_K^T = 1 and W_V = 0", partial(_told_apart, False, "1", ("-1", "1"))),),
                truths=(Plant("W_Q W_K^T = 1 and W_V = 1", partial(_told_apart, False, "1", ("1",))),),
            ),
            _exact(
                name="with a residual",
                kind="reading",
                statement="for all weights X + Attn(X) answers different tokens differently; here W_Q W_K^T = 1",
                domain="scalar tokens 1 and 2",
                check=partial(_told_apart, True, "1", ("-7", "-6")),
                expected=Verdict.VIOLATED,
                because="at W_V = −6.678… both become −10.56…: what attention adds can make up for the difference.",
                falsehoods=(Plant("W_Q W_K^T = 2", partial(_told_apart, True, "2", ("-20", "-6"))),),
                truths=(Plant("W_V from −6 to 6", partial(_told_apart, True, "1", ("-6", "6"))),),
            ),
            _exact(
                name="with a residual, scores that do not see the query",
                kind="repair",
                statement="with W_Q = 0, X + Attn(X) answers different tokens differently, whatever W_V",
                domain="scalar tokens 1 and 2",
                check=partial(_told_apart, True, "0", ("-7", "7")),
                expected=Verdict.HOLDS,
                because="the same mean is added to both.",
                falsehoods=(Plant("without the residual", partial(_told_apart, False, "0", ("-7", "7"))),),
                truths=(Plant("W_V from 0 to 1 alone", partial(_told_apart, True, "0", ("0", "1"))),),
            ),
        ),
    ),
    Claim(
        id="def-c.5",
        section="C",
        title="VAE tokenizer",
        printed="r_i = a^{K−i}, Y^i in R^{(h/r_i) x (w/r_i) x c}",
        source="read in the paper",
        wording="read",
        readings=(
            _exact(
                name="any size",
                kind="reading",
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
        wording="high",
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
                truths=(Plant("for one word", partial(_velocity, -1, 1)),),
            ),
        ),
    ),
)
