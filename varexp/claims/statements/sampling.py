"""C.1 to C.6: sizes and matrices of up- and down-sampling, as the package has them."""

from fractions import Fraction
from functools import partial

from varexp.claims.claim import Plant
from varexp.claims.evidence import Evidence, at_most, equal, evidence
from varexp.claims.instances import formulas as of
from varexp.claims.statements._implemented import CLOSE, FEW_BITS, LEAST, SIZE, claim, close, drawn, exact, reading
from varexp.maps.interpolation import image_matrix, resample, resize_matrix
from varexp.models.flowar import tokenizer


def _sampled(up: bool, factor: int = 2, wrong: int = 0, side: int = 6) -> Evidence:
    """C.1 and C.2: sides of φ_up(X, r) and φ_down(X, r), every channel by itself."""
    after = side * factor if up else side // factor
    matrix = image_matrix(resize_matrix("area", side, after))
    x = drawn(side**2, SIZE)
    made = resample(x, matrix)
    off = Fraction(float((made[:, :1] - resample(x[:, :1], matrix)).abs().max()))
    wanted = (side * factor if up else side // factor) + wrong
    return evidence(
        f"{side}x{side}, r = {factor}",
        equal("tokens", len(made), wanted**2),
        at_most("|channel alone − channel beside another|", max(off, LEAST), CLOSE),
    )


def _as_matrix(up: bool, factor: int = 2, transposed: bool = False) -> Evidence:
    """C.3 and C.4: Y = Φ X with Φ of the printed size, on an image, entry by entry."""
    side = 2 if transposed else 6  # a transposed matrix fits only where sizes are exchanged
    after = side * factor if up else side // factor
    matrix = image_matrix(resize_matrix("area", side, after))
    shape = (side**2, after**2) if transposed else (after**2, side**2)
    x = drawn(side**2, SIZE)
    return evidence(
        f"{side}x{side} to {after}x{after}",
        equal("rows of Φ", matrix.shape[0], shape[0]),
        equal("columns of Φ", matrix.shape[1], shape[1]),
        close("Φ X", resample(x, matrix), of.product(exact(matrix), exact(x))),
    )


def _halves(a: int = 2, scales: int = 4) -> Evidence:
    """C.6: scale i has side h/2^{K−i}."""
    side = a ** (scales - 1)
    made = tokenizer(drawn(side**2, SIZE), [a**i for i in range(scales)], "area")
    conclusions = [
        equal(f"tokens of scale {i}", len(map_), (side // 2 ** (scales - i)) ** 2)
        for i, map_ in enumerate(made, start=1)
    ]
    return evidence(f"h = {side}, K = {scales}", *conclusions)


CLAIMS = (
    claim(
        "def-c.1",
        "C",
        "Up-sampling",
        "Up(X, r) in R^{rh x rw x c}",
        "high",
        reading(
            "the package's resize by r has these sides, channel by channel",
            partial(_sampled, True),
            Plant("one pixel more", partial(_sampled, True, 2, 1)),
            Plant("r = 3", partial(_sampled, True, 3)),
            "which kernel is left open: it is the setting kernel.",
            f"6x6, two channels; {FEW_BITS}",
        ),
    ),
    claim(
        "def-c.2",
        "C",
        "Down-sampling",
        "Down(X, r) in R^{h/r x w/r x c}",
        "high",
        reading(
            "the package's resize by 1/r has these sides, channel by channel",
            partial(_sampled, False),
            Plant("one pixel more", partial(_sampled, False, 2, 1)),
            Plant("r = 3", partial(_sampled, False, 3)),
            "that r divides h and w is needed, and not printed.",
            f"6x6, two channels; {FEW_BITS}",
        ),
    ),
    claim(
        "def-c.3",
        "C",
        "Up-sampling as a matrix",
        "Φ_up in R^{(rh·rw) x (hw)}, Y = Φ_up X",
        "high",
        reading(
            "maps/interpolation.image_matrix has this size, and resample is its product",
            partial(_as_matrix, True),
            Plant("of the transposed size", partial(_as_matrix, True, 2, True)),
            Plant("r = 3", partial(_as_matrix, True, 3)),
            "a linear map of tokens, the same on every channel.",
            f"6x6; {FEW_BITS}",
        ),
    ),
    claim(
        "def-c.4",
        "C",
        "Down-sampling as a matrix",
        "Φ_down in R^{(h/r·w/r) x (hw)}, Y = Φ_down X",
        "high",
        reading(
            "the same for sizes that shrink",
            partial(_as_matrix, False),
            Plant("of the transposed size", partial(_as_matrix, False, 2, True)),
            Plant("r = 3", partial(_as_matrix, False, 3)),
            "a linear map of tokens, the same on every channel.",
            f"6x6; {FEW_BITS}",
        ),
    ),
    claim(
        "def-c.6",
        "C",
        "Factor 2",
        "a = 2, r_i = 2^{K−i}",
        "medium",
        reading(
            "models/flowar.tokenizer gives scales of sides h/2^{K−i}",
            partial(_halves),
            Plant("with a = 3", partial(_halves, 3, 3)),
            Plant("with two scales", partial(_halves, 2, 2)),
            "the package takes a from the ladder of sides.",
            "h = 8, K = 4",
        ),
    ),
)
