"""Section 3: the interpolation layers (Defs 3.1 to 3.5, Remark 3.7)."""

import random
from collections.abc import Sequence
from fractions import Fraction
from functools import partial

from varexp.claims.claim import Claim, Plant, Reading
from varexp.claims.evidence import Comparison, Evidence, Instance, at_most, equal, evidence
from varexp.claims.instances.literal import Image, Kernel, bernstein, largest, literal_layer, random_image, separable
from varexp.maps import interpolation
from varexp.theory import Interval, Verdict

SEED = 0
SIZES = [(a, b) for a in range(1, 7) for b in range(a, 9)]


def nothing(x: Fraction) -> Fraction:
    """W = 0, which Def 3.1 allows."""
    return 0 * x


KERNELS: dict[str, Kernel] = {
    "keys": interpolation.keys,
    "keys75": interpolation.keys75,
    "bspline": interpolation.bspline,
    "mitchell": interpolation.mitchell,
    "zero": nothing,
}


# ---- Definition 3.1 --------------------------------------------------------------------------------------------------


def _in_unit_interval(names: Sequence[str]) -> Evidence:
    """0 <= W <= 1: the ends of W's range lie between samples and Bernstein coefficients, which bound it."""
    instances = []
    for name in names:
        kernel, coefficients = KERNELS[name], [c for left in (0, 1) for c in bernstein(KERNELS[name], left)]
        samples = [kernel(Fraction(i, 12)) for i in range(25)]
        low, high = Interval(min(coefficients), min(samples)), Interval(max(samples), max(coefficients))
        conclusions = (at_most("0 <= least W", 0, low), at_most("greatest W <= 1", high, 1))
        instances.append(Instance(f"{name}, even, support [−2, 2]", conclusions))
    return Evidence(tuple(instances))


def _keeps_constants(names: Sequence[str]) -> Evidence:
    """Σ_s W(s − u) = 1: both sides are cubics in u, equal if equal at five points."""
    instances = []
    for name in names:
        sums = [sum((KERNELS[name](s - Fraction(i, 4)) for s in range(-1, 3)), Fraction(0)) for i in range(5)]
        conclusions = tuple(equal(f"Σ W(s − {i}/4) = 1", total, 1) for i, total in enumerate(sums))
        instances.append(Instance(name, conclusions))
    return Evidence(tuple(instances))


_reading = partial(Reading, arm="exact", norm="|·|", domain="R")

DEFINITION_3_1 = Claim(
    id="def-3.1",
    section="3",
    title="Bicubic spline kernel",
    printed="W piecewise cubic with W(x) in [0, 1] for all x",
    source="reconstructed, high confidence",
    wording="high",
    readings=(
        _reading(
            name="Keys",
            kind="reading",
            statement="the kernels of bicubic interpolation (a = −1/2 and PyTorch's −3/4) are in the class",
            check=partial(_in_unit_interval, ("keys", "keys75")),
            expected=Verdict.VIOLATED,
            because="W(4/3) = −2/27 and −1/9: cubic convolution goes negative.",
            falsehoods=(Plant("Mitchell-Netravali is", partial(_in_unit_interval, ("mitchell",))),),
            truths=(Plant("the zero kernel is", partial(_in_unit_interval, ("zero",))),),
        ),
        _reading(
            name="B-spline",
            kind="repair",
            statement="the cubic B-spline is in the class",
            check=partial(_in_unit_interval, ("bspline",)),
            expected=Verdict.HOLDS,
            because="its Bernstein coefficients lie in [0, 2/3]; it does not interpolate.",
            falsehoods=(Plant("Keys' kernel is", partial(_in_unit_interval, ("keys",))),),
            truths=(Plant("the zero kernel is", partial(_in_unit_interval, ("zero",))),),
        ),
        _reading(
            name="constants",
            kind="reading",
            statement="every kernel of the class keeps constants",
            check=partial(_keeps_constants, ("zero", "bspline")),
            expected=Verdict.VIOLATED,
            because="no normalisation is asked for: W = 0 qualifies, and then Φ = 0.",
            falsehoods=(Plant("W = 0 keeps constants", partial(_keeps_constants, ("zero",))),),
            truths=(Plant("Keys and B-spline do", partial(_keeps_constants, ("keys", "keys75", "bspline"))),),
        ),
    ),
)


# ---- Definitions 3.2 to 3.5, Remark 3.7 ------------------------------------------------------------------------------


def _literal_is(other: str, sizes: Sequence[tuple[int, int]] = SIZES) -> Evidence:
    """Whether Def 3.2 with Keys' kernel is legacy nearest (⌊i h/h'⌋), or bicubic interpolation."""
    source, instances = random.Random(SEED), []
    for a, b in sizes:
        image = random_image(source, a)
        found = literal_layer(interpolation.keys, image, b)
        if other == "nearest":
            wanted = [[image[i * a // b][j * a // b] for j in range(b)] for i in range(b)]
        else:
            U = [[Fraction(w) for w in row] for row in interpolation.resize_matrix("keys", a, b).tolist()]
            wanted = separable(U, image)
        instances.append(Instance(f"{a} to {b}", (equal("largest difference", largest(found, wanted), 0),)))
    return Evidence(tuple(instances), seed=SEED)


def _linear(power: int = 1, sizes: Sequence[tuple[int, int]] = ((1, 2), (2, 3), (3, 5), (4, 7))) -> Evidence:
    """φ(aX + bY) = aφ(X) + bφ(Y) in fractions, and φ = U⊗U entry by entry; `power` 2 squares the pixels first."""
    source, instances = random.Random(SEED), []
    for a, b in sizes:
        X, Y, c, d = random_image(source, a), random_image(source, a), Fraction(3, 7), Fraction(-5, 2)

        def layer(image: Image, size: int = b) -> Image:
            return literal_layer(interpolation.bspline, [[x**power for x in row] for row in image], size)

        mixed = layer([[c * x + d * y for x, y in zip(r, s, strict=True)] for r, s in zip(X, Y, strict=True)])
        apart = [[c * x + d * y for x, y in zip(r, s, strict=True)] for r, s in zip(layer(X), layer(Y), strict=True)]
        conclusions: list[Comparison] = [equal("φ(aX + bY) − aφ(X) − bφ(Y)", largest(mixed, apart), 0)]
        unit = [[Fraction(int(i == j == 0)) for j in range(a)] for i in range(a)]
        U = [[Fraction(w) for w in row] for row in interpolation.literal_matrix(interpolation.bspline, a, b).tolist()]
        off = largest(layer(unit), separable(U, unit))
        conclusions.append(at_most("φ − U⊗U, U rounded to float64", off, Fraction(1, 2**50)))
        instances.append(Instance(f"{a}x{a} to {b}x{b}, B-spline", tuple(conclusions)))
    return Evidence(tuple(instances), seed=SEED)


def _rows(sides: Sequence[int], missing: int = 0) -> Evidence:
    """The output pyramid of X_init, X_1..X_{K−1}, merged along space: tokens counted against Σ h_i w_i."""
    source = random.Random(SEED)
    maps = [random_image(source, side) for side in (1, *sides[:-1])]
    pyramid = [maps[0]] + [
        literal_layer(interpolation.bspline, X, side) for X, side in zip(maps[1:], sides[1:], strict=True)
    ]
    merged = [x for image in pyramid for row in image for x in row]
    wanted = sum(side**2 for side in sides[: len(sides) - missing])
    return evidence(f"sides {'-'.join(map(str, sides))}", equal("rows of the merged pyramid", len(merged), wanted))


def _expansion(names: Sequence[str], offset: Fraction = Fraction(1, 4)) -> Evidence:
    """Lip(Φ) = (Σ_s |W(s − u)|)² <= 1 in max norm, away from the border; u = 1/4 and 3/4 when sizes double."""
    instances = []
    for name in names:
        row = sum((abs(KERNELS[name](s - offset)) for s in range(-1, 3)), Fraction(0))
        instances.append(Instance(f"{name}, u = {offset}", (at_most("(Σ |W(s − u)|)² <= 1", row**2, 1),)))
    return Evidence(tuple(instances), {i.what: f"{float(i.conclusions[0].left.lower):.4f}" for i in instances})


_layer = partial(Reading, arm="exact", norm="entries", domain="images in fractions")

DEFINITION_3_2 = Claim(
    id="def-3.2",
    section="3",
    title="Up-interpolation layer",
    printed="Y_{i,j,l} = Σ_{s,t=−1}^{2} W(s) X_{⌊i h/h'⌋+s, ⌊j w/w'⌋+t, l} W(t)",
    source="reconstructed, medium confidence",
    wording="medium",
    readings=(
        _layer(
            name="bicubic",
            kind="reading",
            statement="with Keys' kernel, which is not in the class of Definition 3.1, this is bicubic interpolation",
            check=partial(_literal_is, "keys", [(2, 3), (3, 5), (4, 8)]),
            expected=Verdict.VIOLATED,
            because="W is evaluated at whole numbers, where Keys' kernel is (0, 1, 0, 0).",
            falsehoods=(Plant("from 2 to 3", partial(_literal_is, "keys", [(2, 3)])),),
            truths=(Plant("without a change of size", partial(_literal_is, "keys", [(3, 3), (4, 4)])),),
        ),
        _layer(
            name="nearest",
            kind="reading",
            statement="with Keys' kernel this is nearest neighbour, ⌊i h/h'⌋",
            check=partial(_literal_is, "nearest"),
            expected=Verdict.HOLDS,
            because="only the tap s = t = 0 is left.",
            falsehoods=(Plant("it is bicubic", partial(_literal_is, "keys", [(3, 5)])),),
            truths=(Plant("from 1 to any size", partial(_literal_is, "nearest", [(1, b) for b in range(1, 9)])),),
        ),
    ),
)

DEFINITION_3_4 = Claim(
    id="def-3.4",
    section="3",
    title="Pyramid up-interpolation (with Def 3.3, Remark 3.5)",
    printed="Y_1 = X_init, Y_i = φ_up,i(X_{i−1}); merged along space: Σ h_i w_i rows",
    source="reconstructed, high confidence",
    wording="high",
    readings=(
        _layer(
            name="rows",
            kind="reading",
            statement="the merged pyramid of sides 1, 2, 3, 4, 5 has 55 rows",
            check=partial(_rows, (1, 2, 3, 4, 5)),
            expected=Verdict.HOLDS,
            because="every scale contributes h_i w_i tokens.",
            falsehoods=(Plant("without the last scale", partial(_rows, (1, 2, 3, 4, 5), 1)),),
            truths=(Plant("K = 1, Def 3.3", partial(_rows, (1,))),),
        ),
    ),
)

REMARK_3_7 = Claim(
    id="rem-3.7",
    section="3",
    title="The layer is a matrix",
    printed="φ_up is linear, a matrix of size (h'w') x (hw)",
    source="reconstructed, high confidence",
    wording="high",
    readings=(
        _layer(
            name="linear",
            kind="printed",
            statement="φ(aX + bY) = aφ(X) + bφ(Y), with the matrix U⊗U",
            check=_linear,
            expected=Verdict.HOLDS,
            because="a sum with fixed weights.",
            falsehoods=(Plant("of squared pixels", partial(_linear, 2)),),
            truths=(Plant("from 2x2 to 4x4 alone", partial(_linear, sizes=((2, 4),))),),
        ),
        _layer(
            name="norm",
            kind="reading",
            statement="bicubic interpolation by 2 is 1-Lipschitz in max norm",
            check=partial(_expansion, ("keys", "keys75")),
            expected=Verdict.VIOLATED,
            because="negative weights: 1.4102 for a = −1/2, 1.6416 for a = −3/4. K_2 depends on norm and kernel.",
            falsehoods=(Plant("at u = 1/2", partial(_expansion, ("keys", "keys75"), Fraction(1, 2))),),
            truths=(Plant("B-spline interpolation is", partial(_expansion, ("bspline",))),),
        ),
    ),
)

CLAIMS = (DEFINITION_3_1, DEFINITION_3_2, DEFINITION_3_4, REMARK_3_7)
