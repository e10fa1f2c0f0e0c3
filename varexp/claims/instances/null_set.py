"""Functions that are close in L_α and far apart on the set that an interpolation layer maps into, in fractions."""

from fractions import Fraction

Token = tuple[Fraction, Fraction]
ZERO, ONE = Fraction(0), Fraction(1)


def bump_error(eta: Fraction, alpha: int) -> tuple[Fraction, Fraction]:
    """Φ(x) = (x, x), f = 0, τ(y) = (1 − |y_1 − y_2|/η)_+ on the unit square: error^α after Φ, and ‖f − τ‖_α^α.

    |y_1 − y_2| has density 2(1 − s), and ∫_0^1 (1 − u)^α 2η(1 − ηu) du = 2η(1/(α+1) − η/((α+1)(α+2))).
    """
    inside = 2 * eta * (Fraction(1, alpha + 1) - eta * Fraction(1, (alpha + 1) * (alpha + 2)))
    return _tent(ZERO) ** alpha, inside


def network_error(eta: Fraction, alpha: int) -> tuple[Fraction, Fraction]:
    """The same for `transformer` against f = (0, mean y), entrywise over two tokens, after nearest 1x1 -> 1x2.

    Before interpolation each token of the first channel differs by the bump of y_1 − y_2, the second agrees.
    """
    tokens = [(Fraction(1, 3), Fraction(2, 3))] * 2  # what nearest interpolation makes of one token
    off = sum((abs(difference) ** alpha for difference in _differences(tokens, eta)), ZERO)
    return off, 2 * bump_error(eta, alpha)[1]


def _differences(tokens: list[Token], eta: Fraction) -> list[Fraction]:
    mean = sum((y for y, _ in tokens), ZERO) / len(tokens)
    return [x - t for token in transformer(tokens, eta) for x, t in zip(token, (ZERO, mean), strict=True)]


def transformer(tokens: list[Token], eta: Fraction) -> list[Token]:
    """A T^{1,1,4} on two tokens (y, z), Lemma 5.1: FFN, one head of size 1, FFN of 4 neurons, all residual.

    FFN 1: z − relu(z). Attention: W_K = W_Q = 0, so that z becomes the mean of y. FFN 2, with u = (2/η)(y − z):
    y + relu(u + 1) − 2 relu(u) + relu(u − 1) − relu(y).
    """
    tokens = [(y, z - _relu(z)) for y, z in tokens]
    mean = sum((y for y, _ in tokens), ZERO) / len(tokens)  # uniform weights
    tokens = [(y, z + mean) for y, z in tokens]
    result = []
    for y, z in tokens:
        u = 2 / eta * (y - z)
        result.append((y + _relu(u + 1) - 2 * _relu(u) + _relu(u - 1) - _relu(y), z))
    return result


def _relu(x: Fraction) -> Fraction:
    return max(x, ZERO)


def _tent(distance: Fraction) -> Fraction:
    return max(ONE - abs(distance), ZERO)
