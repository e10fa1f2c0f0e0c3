"""The norms of token maps: what has to be below a number on a whole cell for a norm to be, and a norm at a point."""

from collections.abc import Sequence

from flint import arb, arb_poly

from varexp.audit.taylor import Taylor

Claim = tuple[arb_poly, arb]  # a polynomial, and a number that it may not exceed on [-1, 1]


def euclidean(values: Sequence[arb]) -> arb:
    """The root of the sum of squares."""
    return sum((x * x for x in values), arb(0)).sqrt()


def factor(norm: str, entries: int) -> arb:
    """What a Euclidean norm of so many entries is multiplied by."""
    return 1 / arb(entries).sqrt() if norm == "rms" else arb(1)


def at_point(x: Taylor, norm: str) -> arb:
    """The norm of a matrix that is known at a point, of one order."""
    values = [abs(a + b) for a, b in zip(x.orders[0].entries(), x.rest.entries(), strict=True)]
    if norm == "max":
        lowest, highest = max(v.lower() for v in values), max(v.upper() for v in values)
        return lowest.union(highest)
    return euclidean(values) * factor(norm, len(values))


def polynomials(x: Taylor, norm: str) -> list[arb_poly]:
    """What the norm of the polynomials is made of: of every entry p and −p for max, else one sum of squares."""
    found = [arb_poly(coefficients) for coefficients, _ in x.columns()]
    if norm == "max":
        return [sign * p for p in found for sign in (1, -1)]
    return [sum((p * p for p in found), arb_poly([0]))]


def of_rest(x: Taylor, norm: str) -> arb:
    """A bound of the norm of what is beside the polynomials."""
    balls = [rest.abs_upper() for rest in x.rest.entries()]
    return max(balls) if norm == "max" else euclidean(balls) * factor(norm, len(balls))


def claims(x: Taylor, norm: str, limit: arb) -> list[Claim]:
    """Polynomials that must not exceed numbers for the norm not to exceed a limit: ‖p + ρ‖ <= ‖p‖ + ‖ρ‖."""
    left, entries = limit - of_rest(x, norm), x.rest.nrows() * x.rest.ncols()
    bound = left if norm == "max" else (left / factor(norm, entries)) ** 2
    return [(p, bound.lower() if left > 0 else arb(-1)) for p in polynomials(x, norm)]


def heights(x: Taylor, norm: str, places: Sequence[float]) -> list[float]:
    """The norm of the polynomials at places in [-1, 1], in floats: a hint, of which no proof makes use."""
    found = [0.0] * len(places)
    for polynomial in polynomials(x, norm):
        numbers = [float(c) for c in reversed(polynomial.coeffs())]
        found = [max(height, _horner(numbers, u)) for height, u in zip(found, places, strict=True)]
    if norm == "max":
        return found
    scale = float(factor(norm, x.rest.nrows() * x.rest.ncols()))
    return [scale * max(value, 0.0) ** 0.5 for value in found]


def _horner(falling: Sequence[float], u: float) -> float:
    value = 0.0
    for c in falling:
        value = value * u + c
    return value
