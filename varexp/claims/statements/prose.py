"""What the paper says in prose, in its abstract and introduction, as far as it can be judged."""

from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from itertools import pairwise

from varexp.claims.claim import Claim, Plant, Reading
from varexp.claims.evidence import Comparison, Evidence, Instance, at_most, below, equal, evidence
from varexp.claims.instances.affine import attaining
from varexp.claims.instances.literal import separable
from varexp.claims.instances.sums import bounded, family
from varexp.maps.interpolation import resize_matrix
from varexp.theory.bounds import keff, printed
from varexp.theory.verdicts import Verdict

SMALL = Fraction(1, 100)
SOURCE = "abstract and introduction"


def _undone(before: int = 1, after: int = 2, keeps: bool = True) -> Evidence:
    """Φ⁺Φ = 1 in fractions for nearest Φ and Φ⁺ that takes the first pixel of each block: any H is (H∘Φ⁺)∘Φ.

    `keeps` False takes Φ to be the mean of all pixels, which forgets.
    """
    U = [[Fraction(w) for w in row] for row in resize_matrix("nearest", before, after).tolist()]
    if not keeps:
        U = [[Fraction(1, before)] * before for _ in range(after)]
    image = [[Fraction(3 * i + 5 * j + 1, 7) for j in range(before)] for i in range(before)]
    wide, step = separable(U, image), after // before
    back = [row[::step] for row in wide[::step]]
    off = max(abs(a - b) for row, other in zip(image, back, strict=True) for a, b in zip(row, other, strict=True))
    return evidence(f"{before}x{before} to {after}x{after}", equal("largest |Φ⁺Φ x − x|", off, 0))


def _grows(constants: Sequence[str], by: str = "1.5", depths: int = 8) -> Evidence:
    """Whether the error of the chain that adds up e grows by a factor of at least `by` with every block."""
    instances = []
    for constant in constants:
        errors = [attaining(Fraction(constant), n, SMALL).error for n in range(1, depths + 1)]
        conclusions: list[Comparison] = [
            at_most(f"{by} error_{n} <= error_{n + 1}", Fraction(by) * before, after)
            for n, (before, after) in enumerate(pairwise(errors), start=1)
        ]
        instances.append(Instance(f"K = {constant}, {depths} blocks", tuple(conclusions)))
    return Evidence(tuple(instances))


def _any_constant(constant: str = "2.001", true: Sequence[str] = ("0.5", "1.5", "1.9")) -> Evidence:
    """The formula with a constant that the maps have too, since a K-Lipschitz map is K'-Lipschitz for K' >= K."""
    K = Fraction(constant)

    def bound(lipschitz: Sequence[Fraction], local: Sequence[Fraction]) -> Fraction:
        return printed([max(K, *lipschitz)] * len(lipschitz), local)

    found = bounded(family(true, (1, 2, 5, 10)), bound)
    conditions = (below("2 < K_2", 2, K),)
    return Evidence(tuple(Instance(i.what, i.conclusions, conditions) for i in found.instances), found.numbers)


def _claim(id: str, title: str, words: str, *readings: Reading) -> Claim:
    return Claim(
        id=id,
        section="prose",
        title=title,
        printed=words,
        source=SOURCE,
        wording="high",
        readings=readings,
    )


_reading = partial(Reading, kind="reading", arm="exact", norm="sup of |·|", domain="[0, 1]")

CLAIMS = (
    _claim(
        "prose-single",
        "One block",
        "a single self-attention layer and a single interpolation layer suffice",
        _reading(
            name="the interpolation costs nothing",
            statement="with r = 1, every map H of a word is f∘Φ_up with f = H∘Φ⁺, so that ε_1 = 0",
            norm="entries",
            domain="a word of one token, to 2x2",
            check=_undone,
            expected=Verdict.HOLDS,
            because="Φ_up forgets nothing; all of H is then left to one block, and Lemma 5.1 to say that it can.",
            falsehoods=(Plant("if Φ were the mean of all pixels of 2x2", partial(_undone, 2, 4, False)),),
            truths=(Plant("from 2x2 to 4x4", partial(_undone, 2, 4)),),
        ),
    ),
    _claim(
        "prose-any-map",
        "Any Lipschitz map",
        "universal for any image-to-image Lipschitz function",
        _reading(
            name="maps with K_2 <= 2",
            statement="a map with a constant of at most 2 has 2.001 as a constant too: the bound holds with it",
            check=_any_constant,
            expected=Verdict.HOLDS,
            because="K_2 > 2 is a condition on the constant one writes down, not on the map: bound_keff.",
            falsehoods=(Plant("with K_2 itself", partial(bounded, family(("1.5",), (2, 10)), printed)),),
            truths=(Plant("with K_eff = max(2, K_2)", partial(bounded, family(("0.5", "1.5"), (2, 10)), keff)),),
            hypotheses="K_2 > 2",
        ),
    ),
    _claim(
        "prose-growth",
        "Growth of the error",
        "the error grows exponentially with the number of blocks",
        _reading(
            name="for every target",
            statement="errors of n blocks that miss alike grow by a fixed factor, here 1.1, with each, whatever K_2",
            check=partial(_grows, ("1", "3"), "1.1", 40),
            expected=Verdict.VIOLATED,
            because="for K_2 = 1 the error is n·e: its growth, (n + 1)/n, falls below every fixed factor above 1.",
            falsehoods=(Plant("for K_2 = 1/2", partial(_grows, ("0.5",), "1.1", 40)),),
            truths=(Plant("for K_2 = 2 and more", partial(_grows, ("2", "3"))),),
        ),
        _reading(
            name="for expanding targets",
            statement="it does if every stage expands by K_2 >= 2 and misses by the same amount",
            check=partial(_grows, ("2", "3", "10")),
            expected=Verdict.HOLDS,
            because="Σ_{j<n} K^j at least doubles. The target grows as well: relative to it the error need not.",
            falsehoods=(Plant("with K_2 = 1 among them", partial(_grows, ("1", "2"))),),
            truths=(Plant("for three blocks", partial(_grows, ("2", "3"), "1.5", 3)),),
        ),
    ),
)

NOT_JUDGED = {
    "VAR models set a new quality bar for image synthesis": "a statement about photographs and people, not about maps",
    "VAR surpasses diffusion and earlier autoregressive models": "a comparison of trained systems that are not at hand",
    "design principles for efficient VAR strategies": "advice, of which nothing follows that could be false",
    "FlowAR captures arbitrary Lipschitz transformations": "no statement in the paper bounds a model that draws noise "
    "(see cor-6.2): what trained ones reach is in the table flowar",
    "the interpolation kernel matters": "a matter of degree: ε_1 by kernel is in the tables interpolation and kernel",
}
